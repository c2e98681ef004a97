"""Firms, products and people that are named in each sentence make no themes and no labels; what is spoken of does."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

from earnings_themes.config import Config, Embedding, Source
from earnings_themes.embedding.shard import embed_shard
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.artifacts import read_themes
from earnings_themes.system.folders import folder_at
from earnings_themes.themes.run import reduce_run
from earnings_themes.topics.firm import process_firm_files
from tests.conftest import SUBJECTS, call, write_csv

# Two subjects a firm, each with two firms. On each subject both firms name one customer, and all name one analyst.
FIRMS = {
    "1": ("Ashgrove", "NutriBlend", "Marta", ["freight", "hiring"]),
    "2": ("Belltower", "CareWard", "Oren", ["freight", "carbon"]),
    "3": ("Corvid", "SwiftHaul", "Lena", ["carbon", "software"]),
    "4": ("Dunmore", "BoxKeep", "Tomas", ["hiring", "software"]),
}
CUSTOMERS = {"freight": "Zentronix", "hiring": "Quorvan", "carbon": "Meldrix", "software": "Tavoli"}
NAMES = {name.lower() for firm in FIRMS.values() for name in firm[:3]} | {
    "jonathan",
    *map(str.lower, CUSTOMERS.values()),
}
SUBJECT = {sentence: subject for subject, sentences in SUBJECTS.items() for sentence in sentences}


def named(firm: str, n: int, sentence: str) -> str:
    """Return a sentence with a name before it: the subject's customer, else another each time."""
    name, product, person, _ = FIRMS[firm]
    customer = CUSTOMERS[SUBJECT[sentence]]
    before = (f"At {name}, ", f"With {product}, ", f"As {person} said, ", "Well, Jonathan, ")
    return (f"With {customer}, " if n % 2 else before[n // 2 % 4]) + sentence[0].lower() + sentence[1:]


def themes_of(folder: Path, put: Callable[[str, int, str], str]) -> list[tuple[str, set[str], Counter[str]]]:
    """Return (words, firms, sentences a subject) of the themes of a run in which `put` changes each sentence."""
    rows = []
    for firm, (name, _, _, subjects) in FIRMS.items():
        turns = call(firm, f"{name} Inc.", subjects)
        for turn, subject in zip(turns[1:], subjects, strict=False):
            turn["componenttext"] = " ".join(put(firm, n, said) for n, said in enumerate(SUBJECTS[subject]))
        rows += turns
    folder.mkdir()
    paths = [folder / name for name in ("transcripts.parquet", "firms.tsv", "ingest.json")]
    source = Source("local_csv", str(write_csv(folder / "calls.csv", rows)))
    ingest(source, *paths, calls=folder / "source_calls.parquet")
    vectors = folder / "embeddings" / "0000.parquet"
    vectors.parent.mkdir()
    config = Config("names", source, Embedding("static", cache=None))
    embed_shard(paths[0], paths[1], vectors, 0, config.embedding, keep_procedural=False, threads=1)
    for firm in FIRMS:
        process_firm_files(
            run=config.run, firm_id=firm, firms=paths[1], transcripts=paths[0], embeddings=vectors,
            output=folder / "topics" / f"{firm}.json", settings=config.topics, seed=1,
        )  # fmt: skip
    reduce_run(config, folder_at(str(folder)), folder / "themes.json", folder / "reduce.json")
    said = dict(
        zip(*(pq.read_table(paths[0])[name].to_pylist() for name in ("sentence_id", "text")), strict=True)
    )
    settled = pq.read_table(folder / "sentences.parquet").to_pylist()
    found = []
    for theme in read_themes(folder / "themes.json").themes:
        mine = [row for row in settled if row["theme_id"] == theme.theme_id]
        of = (said[row["sentence_id"]].rpartition(", ")[2][-25:] for row in mine)
        subjects = Counter(
            next(subject for text, subject in SUBJECT.items() if text.endswith(end)) for end in of
        )
        words = " ".join([theme.label, *(word for word, _ in theme.keywords)])
        found.append((words, {row["firm_id"] for row in mine}, subjects))
    return found


def test_names_in_each_sentence_change_neither_themes_nor_labels(tmp_path: Path) -> None:
    plain = themes_of(tmp_path / "plain", lambda firm, n, sentence: sentence)
    found = themes_of(tmp_path / "named", named)
    assert len(plain) >= 3
    assert len(found) >= len(plain)
    assert {subjects.most_common(1)[0][0] for _, _, subjects in found} >= {
        subjects.most_common(1)[0][0] for _, _, subjects in plain
    }
    for words, firms, subjects in found:
        assert not NAMES & set(re.findall(r"\w+", words.lower())), words
        assert len(firms) >= 2
        assert subjects.most_common(1)[0][1] >= 0.6 * subjects.total(), "a theme of who spoke, not of what"
