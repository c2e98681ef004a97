"""Do ids last, is what is new born, and is nothing born where nothing is? `make evaluate-time DATA=maec_quarters.csv.gz`.

Real quarters have no truth, so quarters are made whose truth is known: the calls of DATA are dealt at random to eight
quarters, so that nothing changes from one to the next, and sentences of the sample's subjects (data/sample_labels.csv) are
put into them in blocks, in the middle of what real people say; or sentences of LATER calls about what these could not know,
such as covid (`--later`). Subjects last, are born, die, drift, split and merge; the
quarters without a scheduled birth are the placebo. The same registry then goes through DATA's own quarters.

Vectors are the static student's: every sentence is encoded once, and a quarter costs seconds. The library's own functions
place each quarter; exemplars are all sentences with content, where a run takes the surest few of each firm's topics.

    python -m evaluation.time.report --calls maec_quarters.csv.gz --later rev_large.csv.gz    # a line of JSON for each registry
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_mutual_info_score

from earnings_themes.config import ThemeSettings
from earnings_themes.embedding.student import unit
from earnings_themes.speech import CONTENT
from evaluation.time.planted import (
    BIRTHS,
    CHANGE,
    DYING,
    LABELS,
    MERGING,
    QUARTERS,
    SEED,
    SPLITTING,
    Labels,
    Quarter,
    Texts,
    deal,
    encode,
    plant,
    read_calls,
    said_later,
    schedule,
)
from evaluation.time.through import Through, pooled, through

# The share of a subject's sentences that one theme holds at least, for the subject to be found.
HELD: Final = 1 / 3


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
    """Return what became of each planted subject, the births where nothing was new, and agreement over all quarters, beside
    that of one pooled run."""
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
    whole_ = np.concatenate(
        [labels[some] for labels, some in zip(pooled(quarters, settings), planted, strict=True)]
    )
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
        "ami_pooled": round(float(adjusted_mutual_info_score(truth, whole_)), 3),
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
    parser.add_argument("--later", type=Path, help="CSV of later calls")
    given = parser.parse_args()
    calls = read_calls(given.calls)
    later = read_calls(given.later) if given.later else calls[:0]
    labels = pd.read_csv(LABELS)
    labels = labels[
        labels["theme"].isin([name for series in range(2) for name in schedule(series)] + list(DYING))
    ]
    texts = encode([*calls["model_text"], *labels["text"], *later["model_text"]])
    calls["text"] = np.arange(len(calls))
    calls["firm"] = np.unique(calls["firm_id"], return_inverse=True)[1]
    bank = {
        name: rows + len(calls)
        for name, rows in labels.reset_index(drop=True).groupby("theme").indices.items()
    }
    bank |= {name: rows + len(calls) + len(labels) for name, rows in said_later(later).items()}
    report(calls, texts, bank, (0, 1, 2, 3, 4) if given.later else (0, 1))


def report(calls: pd.DataFrame, texts: Texts, bank: dict[str, Labels], every_series: Sequence[int]) -> None:
    """Print the lines: blocks of each size, then other windows and floors, then DATA's own quarters."""
    usual = ThemeSettings()
    dealt = deal(calls, np.random.default_rng(SEED))
    floors = [replace(usual, floor=usual.floor + step) for step in (-0.05, 0.05)]
    tried = [(size, series, 1, usual) for series in every_series for size in (8, 4, 2, 1)]
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
