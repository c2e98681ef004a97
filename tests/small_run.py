"""A run's folder made by hand, as far as the reduce reads it: firms.tsv and topics/, of any firm ids."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from earnings_themes.abstractions import SCHEMA_VERSION, FirmTopic, FirmTopics, TopicSentence
from earnings_themes.abstractions.records import FirmStatus
from earnings_themes.results.artifacts import write_firm_topics
from earnings_themes.results.firms import FirmRow, encode_firm, write_firms

RUN = "2023_Q1"
WORDS = ("freight", "wages", "carbon", "tariffs")
_DIM = 24
_ABOUT = {
    "model": "made", "params": {}, "embedding_model": "made", "embedding_sha256": "0", "versions": {}, "seed": 1,
    "n_sentences": 10, "n_procedural": 0, "timing": {},
}  # fmt: skip


def make_run(folder: Path, firms: Sequence[str], subjects: Sequence[int] = (0, 1)) -> Path:
    """Write a run in which every firm has a topic on each of the subjects, numbers into WORDS."""
    for firm in firms:
        write_firm(folder, firm, subjects)
    list_firms(folder, firms)
    return folder


def list_firms(folder: Path, firms: Sequence[str]) -> None:
    """Write firms.tsv."""
    write_firms(folder / "firms.tsv", [FirmRow(firm, f"Firm {firm}", 1, 10, 0, "0") for firm in firms])


def write_firm(folder: Path, firm: str, subjects: Sequence[int], status: FirmStatus = "ok") -> Path:
    """Write a firm's topics and return the file."""
    path = folder / "topics" / f"{encode_firm(firm)}.json"
    topics = tuple(_topic(firm, number, WORDS[subject]) for number, subject in enumerate(subjects))
    centroids = tuple(_near(subject, f"{firm} {number}") for number, subject in enumerate(subjects))
    name = f"Firm {firm}"
    write_firm_topics(
        path,
        FirmTopics(SCHEMA_VERSION, RUN, firm, name, status, len(topics), topics, centroids, (), _ABOUT),
    )
    return path


def _topic(firm: str, number: int, word: str) -> FirmTopic:
    sentences = tuple(
        TopicSentence(
            f"{firm}_1_{10 * number + n:04d}", f"The {word} market changed for us in region {n}.", "", 0.9
        )
        for n in range(5)
    )
    return FirmTopic(number, word, ((word, 0.5), (f"{word} market", 0.4)), 5, "subject", None, sentences)


def _near(subject: int, key: str) -> tuple[float, ...]:
    """Return a unit vector near an axis, always the same for one key."""
    noise = np.random.default_rng(list(key.encode())).normal(scale=0.03, size=_DIM)
    vector = np.eye(_DIM)[subject] + noise
    return tuple((vector / np.linalg.norm(vector)).tolist())
