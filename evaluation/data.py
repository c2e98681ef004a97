"""The data of the trial: labelled sentences dealt out to invented firms, and real and invented calls.

Labelled: the 77 intents of banking77 (Casanueva et al. 2020, arXiv:2003.04807), as `banking77_labelled.csv` with
the columns label and text. Their neighbours in the file say nothing about them, so they have no context. Calls:
CSV files of transcripts, read, split and filtered as in production.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from earnings_themes.clustering.communities import in_context
from earnings_themes.embedding import modelled
from earnings_themes.ingest.local_csv import LocalCSVConnector
from earnings_themes.ingest.transcripts import sentences_of

Floats = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Floats]

# What the truth of a sentence is that belongs to no theme: stray sentences, a firm's own subjects, plain
# results language and filler. It takes part in the clustering, and in no score.
NO_THEME = ""


@dataclass(frozen=True)
class Sentences:
    """Distinct sentences of one firm: `vectors` and `context` (n, dim), and their planted theme (n,) of str.

    `topic` (n,) is finer where a firm has subjects of its own: what the map should tell apart. `calls`, `positions`
    and `share` are what the context was made from; empty where the order of the sentences means nothing.
    """

    firm: str
    vectors: Floats
    context: Floats
    theme: NDArray[np.str_]
    topic: NDArray[np.str_]
    texts: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()
    share: float = 0.5


@dataclass(frozen=True)
class Labelled:
    """Sentences with one label each: `vectors` (n, dim), `labels` (n,), `texts`."""

    vectors: Floats
    labels: NDArray[np.str_]
    texts: tuple[str, ...]

    def rows(self, label: str) -> NDArray[np.int64]:
        """Where the label's sentences are."""
        return np.flatnonzero(self.labels == label)


def read_labelled(path: Path, encode: Encode) -> Labelled:
    """Read a CSV with the columns label and text; a text that occurs twice counts once."""
    frame = pd.read_csv(path, dtype=str).drop_duplicates("text")
    texts = frame["text"].tolist()
    return Labelled(encode(texts), frame["label"].to_numpy(dtype=np.str_), tuple(texts))


def intent_sample(source: Labelled, n_intents: int, n_each: int, seed: int) -> Sentences:
    """One firm with `n_each` sentences of each of `n_intents` labels, in random order."""
    draw = np.random.default_rng(seed)
    chosen = draw.permutation(np.unique(source.labels))[:n_intents]
    rows = np.concatenate([draw.choice(source.rows(label), n_each, replace=False) for label in chosen])
    rows = draw.permutation(rows)
    vectors, labels = source.vectors[rows], source.labels[rows]
    return Sentences(
        "one", vectors, vectors, labels, labels, tuple(source.texts[row] for row in rows.tolist())
    )


def planted_firms(source: Labelled, n_firms: int, n_themes: int, seed: int) -> list[Sentences]:
    """Firms that each speak of 12 of `n_themes` labels, 8 to 12 sentences a label, with 8 % stray sentences.

    Strays come from labels that are no theme; as long as those last, each firm also has one of them to itself.
    """
    draw = np.random.default_rng(seed)
    names = draw.permutation(np.unique(source.labels))
    themes, others = names[:n_themes], names[n_themes:]
    pool = np.flatnonzero(np.isin(source.labels, others))
    firms = []
    for number in range(n_firms):
        rows: list[NDArray[np.int64]] = []
        theme: list[str] = []
        for label in draw.choice(themes, min(12, n_themes), replace=False):
            picked = draw.choice(source.rows(label), draw.integers(8, 13), replace=False)
            rows, theme = [*rows, picked], [*theme, *[str(label)] * len(picked)]
        if number < len(others):
            rows.append(draw.choice(source.rows(others[number]), 10, replace=False))
        if len(pool):
            rows.append(draw.choice(pool, round(0.08 * sum(map(len, rows))), replace=False))
        taken = np.concatenate(rows)
        _, first = np.unique(taken, return_index=True)
        labels = np.array(theme + [NO_THEME] * (len(taken) - len(theme)), dtype=np.str_)[first]
        vectors = source.vectors[taken[first]]
        firms.append(Sentences(f"firm {number:05d}", vectors, vectors, labels, labels))
    return firms


def read_calls(path: Path, encode: Encode, labels: Path | None = None) -> list[Sentences]:
    """The sentences that a topic model gets to see, firm by firm, with their context.

    labels: a CSV with the columns sentence_id, kind and theme; only themes of the kind subject count, and those
    whose name starts with "firm:" are a firm's own.
    """
    known = {}
    if labels is not None:
        table = pd.read_csv(labels, dtype=str)
        known = {
            row.sentence_id: row.theme if row.kind == "subject" else NO_THEME for row in table.itertuples()
        }
    connector = LocalCSVConnector(str(path))
    firms = []
    for firm in connector.get_firms():
        frame = sentences_of(connector.get_transcripts(firm)).to_pandas()
        frame = frame[modelled(frame, keep_procedural=False)].reset_index(drop=True)
        if frame.empty:
            continue
        vectors = encode(frame["model_text"].tolist())
        calls, positions = frame["transcript_id"].tolist(), frame["position"].tolist()
        context = in_context(vectors, calls, positions)
        topic = np.array([known.get(name, NO_THEME) for name in frame["sentence_id"]], dtype=np.str_)
        theme = np.where(np.char.startswith(topic, "firm:"), NO_THEME, topic)
        once = np.sort(np.unique(frame["model_text"].to_numpy(dtype=np.str_), return_index=True)[1])
        firms.append(
            Sentences(
                firm,
                vectors[once],
                context[once],
                theme[once],
                topic[once],
                tuple(frame["model_text"].iloc[once]),
                tuple(frame["transcript_id"].iloc[once]),
                tuple(frame["position"].iloc[once]),
            )
        )
    return firms
