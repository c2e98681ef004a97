"""Quarters whose truth is known: real calls dealt at random, with subjects put into them on a schedule.

Subjects are the sample's invented ones, or what real calls of later years say of what the earlier ones could not know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import scipy.sparse
from numpy.typing import NDArray

from earnings_themes.embedding.context import in_context
from earnings_themes.embedding.space import load_space, whole
from earnings_themes.embedding.student import Floats, unit
from earnings_themes.speech import CONTENT
from evaluation.learn_space import ingested

LABELS: Final = Path(__file__).parents[2] / "data" / "sample_labels.csv"
QUARTERS: Final = 8
# The quarter of each change; a registry may be founded on one, two or four quarters before it.
BIRTHS: Final = (4, 5)
CHANGE: Final = 4
# What fewer than one call of DATA in eight has a word of, so that it can be new there; four of them are born in a series.
NEW: Final = tuple(
    "cybersecurity decarbonisation loyalty_programme ai_automation energy_cost fda_review".split()
)
# What later calls say with these words, and fewer than one call of DATA in eight: real sentences, found by a word each.
LATER: Final = {
    "covid": "covid|coronavirus|pandemic|lockdown",
    "net_zero": "net[ -]zero|carbon neutral|esg",
    "hydrogen": "hydrogen",
    "vaccine": "vaccin",
    "russia": "ukrain|russia",
    "electric_vehicles": r"electric vehicle|evs?\b",
}
# What is born in each series of quarters: four of these from this place on, by turns.
BORN: Final = ((NEW, 0), (NEW, 2), (tuple(LATER), 0), (tuple(LATER), 2), (tuple(LATER), 4))
LASTING: Final = ("foreign_exchange", "wages_labour", "interest_rates")
DYING: Final = ("china_demand", "share_repurchase")
DRIFTING: Final = ("supply_chain",)
# Said in one breath until the change and apart afterwards, or the other way round.
SPLITTING: Final = ("price_inflation", "inventory_destocking")
MERGING: Final = ("merger_integration", "extreme_weather")
# The share of a quarter's firms that a subject is planted in.
FIRMS: Final = 0.15
SEED: Final = 42
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Texts:
    """Every sentence once, encoded without its context: bags of words, and views (n, 64)."""

    bags: scipy.sparse.csr_matrix
    views: Floats


@dataclass(frozen=True)
class Quarter:
    """The sentences of a quarter. truth: the planted subject, empty for what is DATA's own."""

    rows: NDArray[np.int8]
    content: Floats
    firms: Labels
    truth: NDArray[np.object_]

    @property
    def exemplars(self) -> Labels:
        """Rows of the sentences that themes are found from."""
        return np.flatnonzero(self.content >= CONTENT)


def read_calls(file: Path) -> pd.DataFrame:
    """Ingest a file and return its modelled sentences: firm_id, transcript_id, position, date, model_text."""
    columns = ["firm_id", "transcript_id", "position", "date", "model_text"]
    return ingested(file)[columns].reset_index(drop=True)


def said_later(calls: pd.DataFrame) -> dict[str, Labels]:
    """Return the rows of the sentences that say a word of each of LATER."""
    text = calls["model_text"]
    return {
        name: np.flatnonzero(text.str.contains(rf"\b(?:{words})", case=False))
        for name, words in LATER.items()
    }


def encode(texts: Sequence[str]) -> Texts:
    """Encode sentences with the packaged student, each by itself."""
    student = load_space().student
    return Texts(student.bag(texts), student.encode(texts))


def vectors(
    texts: Texts, which: Labels, calls: Sequence[str], positions: Labels
) -> tuple[NDArray[np.int8], Floats]:
    """Return subject vectors in context and content, as SubjectSpace.static does, of sentences that are encoded already."""
    space = load_space()
    rows = whole(unit(in_context(texts.views[which], calls, positions) @ space.metrics["static"]))
    content = space.gates["static"](texts.bags[which], rows)
    content[np.diff(texts.bags[which].indptr) == 0] = 0
    return rows, content


def deal(calls: pd.DataFrame, draw: np.random.Generator) -> list[list[str]]:
    """Deal each firm's calls to different quarters; return the calls of each. What a firm has above eight is left out."""
    dealt: list[list[str]] = [[] for _ in range(QUARTERS)]
    for _, of_firm in calls.groupby("firm_id")["transcript_id"]:
        own = draw.permutation(np.sort(of_firm.unique()))
        for quarter, call in zip(draw.permutation(QUARTERS), own, strict=False):
            dealt[quarter].append(str(call))
    return dealt


def schedule(series: int) -> dict[str, list[range]]:
    """Return the subjects of a series of quarters and when each is said; four of those in BORN are born."""
    always = range(QUARTERS)
    said = dict.fromkeys((*LASTING, *DRIFTING, *SPLITTING, *MERGING), always)
    said |= dict.fromkeys(DYING, range(CHANGE))
    deck, first = BORN[series]
    for place_, quarter in enumerate(q for q in BIRTHS for _ in range(2)):
        said[deck[(first + place_) % len(deck)]] = range(quarter, QUARTERS)
    return said


def plant(
    calls: pd.DataFrame,
    dealt: Sequence[Sequence[str]],
    bank: dict[str, Labels],
    series: int,
    size: int,
    texts: Texts,
) -> list[Quarter]:
    """Put blocks of `size` sentences of each subject into the dealt calls, after a sentence at random.

    calls: with `text`, the row of each sentence in `texts`. bank: subject → rows of its sentences in `texts`.
    """
    draw = np.random.default_rng((SEED, series, size))
    by_call = dict(list(calls.groupby("transcript_id", sort=False)))
    said = schedule(series)
    found = []
    for number, names in enumerate(dealt):
        frame = pd.concat([by_call[name] for name in names], ignore_index=True)
        call, position = frame["transcript_id"].to_numpy(), frame["position"].to_numpy().copy()
        new: list[tuple[str, int, int, str]] = []
        for subjects in _together(said, number) if size else ():
            decks = [draw.permutation(_window(bank[name], name, number, texts)) for name in subjects]
            for place_, where in enumerate(draw.permutation(names)[: round(FIRMS * len(names))]):
                at = int(draw.choice(position[call == where]))
                position[(call == where) & (position > at)] += size
                new = [(c, p + size * (c == where and p > at), t, s) for c, p, t, s in new]
                for step in range(size):
                    deck = decks[step % len(decks)]
                    sentence = int(deck[(place_ * size + step) // len(decks) % len(deck)])
                    new.append((str(where), at + 1 + step, sentence, "+".join(subjects)))
        calls_, positions, which, truth = zip(*new, strict=True) if new else ((), (), (), ())
        rows, content = vectors(
            texts,
            np.array([*frame["text"], *which], dtype=np.int64),
            [*call, *calls_],
            np.array([*position, *positions], dtype=np.int64),
        )
        firm_of = dict(zip(call, frame["firm"], strict=True))
        firms = np.array([*frame["firm"], *(firm_of[name] for name in calls_)], dtype=np.int64)
        found.append(Quarter(rows, content, firms, np.array([""] * len(frame) + list(truth), dtype=object)))
    return found


def _together(said: dict[str, range], quarter: int) -> list[tuple[str, ...]]:
    """Return the subjects of a quarter; what is said in one breath stands together."""
    pairs = [SPLITTING] if quarter < CHANGE else [MERGING]
    alone = [
        name for name, when in said.items() if quarter in when and not any(name in pair for pair in pairs)
    ]
    return [*pairs, *((name,) for name in alone)]


def _window(rows: Labels, name: str, quarter: int, texts: Texts) -> Labels:
    """Return a subject's sentences; of a drifting one half of them, which moves along its first principal component."""
    if name not in DRIFTING:
        return rows
    views = texts.views[rows] - texts.views[rows].mean(axis=0)
    order = np.argsort(views @ np.linalg.svd(views, full_matrices=False)[2][0], kind="stable")
    start = round(quarter / (QUARTERS - 1) * (len(rows) - len(rows) // 2))
    return rows[order[start : start + len(rows) // 2]]
