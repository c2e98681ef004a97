"""Do ids last, is what is new born, and is nothing born where nothing is? `make evaluate-time DATA=maec_quarters.csv.gz`.

Real quarters have no truth, so quarters are made whose truth is known: the calls of DATA are dealt at random to eight
quarters, so that nothing changes from one to the next, and sentences of the sample's subjects (data/sample_labels.csv) are
put into them in blocks, in the middle of what real people say. Subjects last, are born, die, drift, split and merge; the
quarters without a scheduled birth are the placebo. The same registry then goes through DATA's own quarters.

Vectors are the static student's: every sentence is encoded once, and a quarter costs seconds. The library's own functions
place each quarter; exemplars are all sentences with content, of which a run's firm topics keep 98 to 99 in 100.

    python -m evaluation.over_time --calls maec_quarters.csv.gz      # a line of JSON for each registry
"""

import argparse
import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import scipy.sparse
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_mutual_info_score

from earnings_themes.config import Source, ThemeSettings
from earnings_themes.embedding import modelled
from earnings_themes.embedding.context import in_context
from earnings_themes.embedding.space import load_space, whole
from earnings_themes.embedding.student import Floats, unit
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.registry import Ground, Ran, RegistryTheme, Version
from earnings_themes.registry.grow import grown
from earnings_themes.registry.past import RUNS, decode_past, encode_past
from earnings_themes.registry.records import Seen
from earnings_themes.registry.versions import Named
from earnings_themes.speech import CONTENT
from earnings_themes.system.processes import one_thread
from earnings_themes.themes.corpus import Corpus
from earnings_themes.themes.find import find_themes
from earnings_themes.themes.registered import Placed, names_of, place
from earnings_themes.themes.settle import settle_all

LABELS: Final = Path(__file__).parents[1] / "data" / "sample_labels.csv"
QUARTERS: Final = 8
# The quarter of each change; a registry may be founded on one, two or four quarters before it.
BIRTHS: Final = (4, 5)
CHANGE: Final = 4
# What fewer than one call of DATA in eight has a word of, so that it can be new there; four of them are born in a series.
NEW: Final = (
    "cybersecurity",
    "decarbonisation",
    "loyalty_programme",
    "ai_automation",
    "energy_cost",
    "fda_review",
)
LASTING: Final = ("foreign_exchange", "wages_labour", "interest_rates")
DYING: Final = ("china_demand", "share_repurchase")
DRIFTING: Final = ("supply_chain",)
# Said in one breath until the change and apart afterwards, or the other way round.
SPLITTING: Final = ("price_inflation", "inventory_destocking")
MERGING: Final = ("merger_integration", "extreme_weather")
# The share of a quarter's firms that a subject is planted in, and the sentences at which a pool is cut, as a run's is.
FIRMS: Final = 0.15
# The share of a subject's sentences that one theme holds at least, for the subject to be found.
HELD: Final = 1 / 3
_MOST: Final = 40_000
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
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        ingest(
            Source(path=str(file), max_lost=1.0), out / "t.parquet", out / "firms.tsv", out / "ingest.json"
        )
        frame = pd.read_parquet(out / "t.parquet")
    columns = ["firm_id", "transcript_id", "position", "date", "model_text"]
    return frame.loc[modelled(frame, keep_procedural=False), columns].reset_index(drop=True)


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
    """Return the subjects of a series of quarters and when each is said; four of NEW are born, by turns."""
    always = range(QUARTERS)
    said = dict.fromkeys((*LASTING, *DRIFTING, *SPLITTING, *MERGING), always)
    said |= dict.fromkeys(DYING, range(CHANGE))
    for place_, quarter in enumerate(q for q in BIRTHS for _ in range(2)):
        said[NEW[(series * 2 + place_) % len(NEW)]] = range(quarter, QUARTERS)
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


@dataclass(frozen=True)
class Through:
    """Quarters that went through one registry.

    Attributes
    ----------
    ids : of each quarter (n,) the theme id of each sentence, empty for none
    version : the registry after the last
    births : theme id → the quarter it was born in; the founders' are in `window` - 1
    """

    ids: list[NDArray[np.object_]]
    version: Version
    births: dict[str, int]
    window: int


@one_thread
def through(quarters: Sequence[Quarter], settings: ThemeSettings, window: int = 1) -> Through:
    """Found a registry on the first `window` quarters, and let the others extend it."""
    version: Version | None = None
    ids: list[NDArray[np.object_]] = []
    runs = [joined(quarters[:window]), *quarters[window:]]
    births: dict[str, int] = {}
    pasts: list[bytes] = []
    for number, quarter in enumerate(runs, window - 1):
        ground = Ground(Named(version, "") if version else None, births=True, past=decode_past(pasts[-RUNS:]))
        corpus = Corpus(pd.DataFrame(), np.arange(len(quarter.rows)), quarter.rows, quarter.content, {})
        placed = place(corpus, quarter.firms, quarter.exemplars, settings, SEED, ground)
        version = _next(ground, quarter, placed, settings, number)
        some = quarter.exemplars
        pasts.append(encode_past(quarter.rows[some], quarter.content[some], quarter.firms[some], SEED))
        names = np.array([*(t.theme_id for t in version.fine), ""], dtype=object)
        ids.append(names[placed.settled.labels])
        births |= {name: number for name in names[:-1] if name not in births}
    assert version is not None
    return Through([*np.split(ids[0], _cuts(quarters[:window])), *ids[1:]], version, births, window)


def joined(quarters: Sequence[Quarter]) -> Quarter:
    """Return several quarters as one."""
    parts = zip(*((q.rows, q.content, q.firms, q.truth) for q in quarters), strict=True)
    return Quarter(*(np.concatenate(part) for part in parts))


def _cuts(quarters: Sequence[Quarter]) -> list[int]:
    return np.cumsum([len(quarter.rows) for quarter in quarters])[:-1].tolist()


def _next(ground: Ground, quarter: Quarter, placed: Placed, settings: ThemeSettings, number: int) -> Version:
    """Return the version that a quarter adds, with ids in place of words."""
    run = f"q{number}"
    names = names_of(run, quarter.rows, placed, ground)
    labels = placed.settled.labels

    def theme(
        theme_id: str, level: Any, parent: str | None, centre: Any, more: tuple[float, float]
    ) -> RegistryTheme:
        whole_ = tuple(int(x) for x in centre)
        return RegistryTheme(
            theme_id, level, "subject", theme_id, (), parent, whole_, *more, run, "transient"
        )

    new = [place_ for place_, known in enumerate(placed.known) if known is None]
    born = [
        theme(names.ids[p], 1, names.broad_of(p), placed.places.whole[p],
              (float(placed.places.tightness[p]), float(placed.floors[p])))
        for p in new
    ]  # fmt: skip
    born += [
        theme(name, 2, None, names.broad_centres.whole[b], (0.0, 0.0))
        for b, name in names.broad_ids.items()
        if placed.known_broad[b] is None
    ]
    seen = {
        names.ids[p]: Seen(run, len(np.unique(quarter.firms[labels == p])), int((labels == p).sum()))
        for p in np.unique(labels[labels >= 0])
    }
    n_content = len(quarter.exemplars)
    when = f"{2000 + number // 4}Q{number % 4 + 1}"
    ran = Ran(run, when, "", "", len(np.unique(quarter.firms)), n_content, int((labels >= 0).sum()), len(new))
    return grown(ground, {}, settings.min_firms, ran, seen, born)


@one_thread
def pooled(quarters: Sequence[Quarter], settings: ThemeSettings) -> list[Labels]:
    """Return the themes of all quarters as one run, by quarter; -1 for none."""
    every = joined(quarters)
    exemplars = every.exemplars[:: -(-len(every.exemplars) // _MOST)]
    found = find_themes(
        every.rows[exemplars], every.firms[exemplars], settings.granularity, settings.min_firms, SEED
    )
    _, settled, _ = settle_all(every.rows, every.content, every.firms, exemplars, found, settings)
    return np.split(settled.labels, _cuts(quarters))


def idf1(truth: Iterable[Any], ids: Iterable[Any]) -> float:
    """Return IDF1 (Ristani et al. 2016, doi:10.1007/978-3-319-48881-3_2) of sentences in place of detections.

    Each true subject is matched to one id over all quarters, so that the matched sentences are most; twice these, over the
    sentences that have a subject plus those that have an id. Empty or -1 is none.
    """
    table = pd.crosstab(pd.Series(list(truth), dtype=str), pd.Series(list(ids), dtype=str))
    total = sum(table.drop(index=["", "-1"], errors="ignore").sum()) + sum(
        table.drop(columns=["", "-1"], errors="ignore").sum()
    )
    table = table.drop(index=["", "-1"], columns=["", "-1"], errors="ignore").to_numpy()
    return float(2 * table[linear_sum_assignment(-table)].sum() / max(total, 1))


def measured(
    quarters: Sequence[Quarter], went: Through, settings: ThemeSettings, series: int
) -> dict[str, Any]:
    """Return what became of each planted subject, the births where nothing was new, and agreement over all quarters."""
    said = schedule(series)
    subjects = {
        name: _holding(quarters, went, settings, name, when.start)
        for name, when in said.items()
        if when.start
    }
    quiet = [q for q in range(went.window, QUARTERS) if q not in {*BIRTHS, *(q + 1 for q in BIRTHS)}]
    n = [sum(born < q for born in went.births.values()) for q in quiet]
    before, after = range(went.window, CHANGE), range(CHANGE, QUARTERS)
    ended = {}
    for name in DYING:
        own = _main(quarters, went, name, range(CHANGE))
        firms = [
            np.mean([_n_firms(quarters[q], went.ids[q], own) for q in qs]) for qs in (range(CHANGE), after)
        ]
        ended[name] = round(float(firms[1] / max(firms[0], 1)), 2)
    planted = [(q.truth != "") & (q.content >= CONTENT) for q in quarters]
    truth = np.concatenate([q.truth[some] for q, some in zip(quarters, planted, strict=True)])
    ids = np.concatenate([names[some] for names, some in zip(went.ids, planted, strict=True)])
    placebo = sum(sum(born == q for born in went.births.values()) for q in quiet)
    return {
        "themes": n[0] if n else len(went.births),
        "subjects": subjects,
        "placebo_births": placebo,
        "placebo_share": round(placebo / max(sum(n), 1), 4),
        "births": [sum(born == q for born in went.births.values()) for q in range(went.window, QUARTERS)],
        "dying_share_left": ended,
        "split": [_parts(quarters, went, SPLITTING, qs) for qs in (before, after)],
        "merged": [_parts(quarters, went, MERGING, qs) for qs in (before, after)],
        "ami": round(float(adjusted_mutual_info_score(truth, ids)), 3),
        "idf1": round(idf1(truth, ids), 3),
        "drift": drift(quarters, went),
    }


def _share(quarter: Quarter, ids: NDArray[np.object_], names: Sequence[str]) -> pd.Series:
    """Return the share of a subject's sentences with content that each theme holds, the largest first."""
    some = np.isin(quarter.truth, names) & (quarter.content >= CONTENT)
    held = pd.Series(ids[some]).value_counts() / max(some.sum(), 1)
    return held.drop(["", -1], errors="ignore")


def _holding(
    quarters: Sequence[Quarter], went: Through, settings: ThemeSettings, name: str, start: int
) -> dict[str, Any]:
    """Return what share of a new subject is in one theme: born in its quarter or the next, older, and of a run by itself."""
    found: dict[str, Any] = {"born": 0.0, "delay": None, "older": 0.0}
    for delay, q in enumerate((start, start + 1)):
        for theme, share in _share(quarters[q], went.ids[q], [name]).items():
            kind = "born" if went.births[str(theme)] >= start else "older"
            if kind == "born" and share >= HELD and found["delay"] is None:
                found["delay"] = delay
            found[kind] = max(found[kind], round(float(share), 2))
    quarter = quarters[start]
    alone = pooled([quarter], settings)[0]
    found["alone"] = round(float(_share(quarter, alone.astype(object), [name]).max() or 0), 2)
    return found


def _main(quarters: Sequence[Quarter], went: Through, name: str, when: Iterable[int]) -> str:
    held = pd.concat([_share(quarters[q], went.ids[q], [name]) for q in when])
    return str(held.groupby(level=0).sum().idxmax()) if len(held) else ""


def _n_firms(quarter: Quarter, ids: NDArray[np.object_], theme: str) -> int:
    return len(np.unique(quarter.firms[ids == theme]))


def _parts(quarters: Sequence[Quarter], went: Through, pair: Sequence[str], when: Iterable[int]) -> float:
    """Return how many themes hold a fifth or more of a pair of subjects, the mean over quarters."""
    names = [*pair, "+".join(pair)]
    return round(float(np.mean([(_share(quarters[q], went.ids[q], names) >= 0.2).sum() for q in when])), 1)


def drift(quarters: Sequence[Quarter], went: Through) -> float:
    """Return the median cosine of a theme's sentences in the first quarter and in the last that have five of them."""
    cosines = []
    for theme in went.births:
        means = [
            unit(quarter.rows[ids == theme].astype(np.float32).mean(axis=0, keepdims=True))[0]
            for quarter, ids in zip(quarters, went.ids, strict=True)
            if (ids == theme).sum() >= 5
        ]
        if len(means) > 1:
            cosines.append(float(means[0] @ means[-1]))
    return round(float(np.median(cosines)), 3) if cosines else float("nan")


def real(
    quarters: Sequence[Quarter], settings: ThemeSettings, window: int, whole_: Sequence[Labels]
) -> dict[str, Any]:
    """Return how DATA's own quarters go through a registry, beside all of them as one run."""
    went = through(quarters, settings, window)
    older = [
        round(float(np.mean([went.births[name] < q for name in went.ids[q] if name])), 3)
        for q in range(window, len(quarters))
    ]
    both = [np.concatenate(part) for part in (went.ids, whole_)]
    some = (both[0] != "") & (both[1] >= 0)
    return {
        "founded": sum(born == window - 1 for born in went.births.values()),
        "births": [sum(born == q for born in went.births.values()) for q in range(window, len(quarters))],
        "in_older": older,
        "settled": round(float(np.mean(both[0] != "")), 3),
        "ami_where_both": round(float(adjusted_mutual_info_score(both[0][some], both[1][some])), 3),
        "idf1": round(idf1(both[1], both[0]), 3),
        "drift": drift(quarters, went),
    }


def main() -> None:
    """Read DATA, encode it once, and print a line of JSON for each series and each registry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=Path, required=True, help="CSV of calls of several quarters")
    given = parser.parse_args()
    calls = read_calls(given.calls)
    labels = pd.read_csv(LABELS)
    labels = labels[
        labels["theme"].isin([name for series in range(3) for name in schedule(series)] + list(DYING))
    ]
    texts = encode([*calls["model_text"], *labels["text"]])
    calls["text"] = np.arange(len(calls))
    calls["firm"] = np.unique(calls["firm_id"], return_inverse=True)[1]
    bank = {
        name: rows + len(calls)
        for name, rows in labels.reset_index(drop=True).groupby("theme").indices.items()
    }
    report(calls, texts, bank)


def report(calls: pd.DataFrame, texts: Texts, bank: dict[str, Labels]) -> None:
    """Print the lines: blocks of each size, then other windows and floors, then DATA's own quarters."""
    usual = ThemeSettings()
    dealt = deal(calls, np.random.default_rng(SEED))
    floors = [replace(usual, floor=usual.floor + step) for step in (-0.05, 0.05)]
    tried = [(size, series, 1, usual) for series in (0, 1) for size in (8, 4, 2, 1)]
    tried += [(4, 0, window, usual) for window in (2, 4)] + [(4, 0, 1, other) for other in floors]
    by_date = pd.PeriodIndex(calls["date"], freq="Q")
    own = [list(calls["transcript_id"][by_date == q].unique()) for q in sorted(by_date.unique())]
    quarters = plant(calls, own, bank, 0, 0, texts)
    whole_ = pooled(quarters, usual)
    for window in (1, 2, 4):
        print(
            json.dumps({"real": True, "window": window, **real(quarters, usual, window, whole_)}), flush=True
        )
    for size, series, window, settings in tried:
        quarters = plant(calls, dealt, bank, series, size, texts)
        about = {"block": size, "series": series, "window": window, "floor": settings.floor}
        found = measured(quarters, through(quarters, settings, window), settings, series)
        print(json.dumps(about | found), flush=True)


if __name__ == "__main__":
    main()
