"""Counts each theme by quarter, by kept column and by part of the call, from the run's panel.

The report counts from the panel so that its figures add up to what a regression reads.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from earnings_themes.panel.block import ratio
from earnings_themes.panel.columns import CALL
from earnings_themes.panel.written import Written

Counts = NDArray[np.int64]
# The parts of a call in which n_NAME counts a theme's sentences; all modelled ones of a part are modelled_NAME.
SIDES: Final = ("presentation", "qa", "management", "analysts")
# A column most of whose values have one firm each is an id, and no group of firms.
_LEAST_FIRMS: Final = 2
_UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """Sentences by groups of calls, such as quarters, and by themes."""

    names: tuple[str, ...]
    n: Counts  # (groups, themes) settled sentences
    modelled: Counts  # (groups,) the denominator of n
    n_firms: Counts  # (groups, themes) firms that speak of the theme
    n_calls: Counts  # (groups,)

    def shares(self) -> NDArray[np.float64]:
        """(groups, themes), n ÷ modelled; NaN where nothing was modelled."""
        return ratio(self.n.astype(np.float64), self.modelled[:, None].astype(np.float64))


@dataclass(frozen=True, slots=True)
class Cuts:
    """The cuts that the report shows."""

    themes: tuple[str, ...]  # the ids of level 1, in the order of themes.json
    quarters: GroupCounts
    # kept column → its values, largest first; columns that do not group firms are left out
    groups: Mapping[str, GroupCounts]
    # name of SIDES → (sentences (themes,), denominator); parts that no call distinguishes are left out
    sides: Mapping[str, tuple[Counts, int]]


def read_cuts(where: str) -> Cuts:
    """Count a run's panel, a row group at a time. where: the run's folder, or s3://. Raises ResultError."""
    written = Written(where, only=["n", *(f"n_{name}" for name in SIDES)])
    calls = written.calls
    fine = np.flatnonzero([theme.level == 1 for theme in written.themes])
    kept = [column.name for column in written.layout.call if column not in CALL]
    sums = {name: _Sum(calls, name, len(fine)) for name in ("quarter", *kept)}
    firms = calls["firm_id"].dictionary_encode().combine_chunks().indices.to_numpy()
    sides = {name: np.zeros(len(fine), np.int64) for name in SIDES}
    at = 0
    for block in written.blocks():
        here = slice(at, at + block.calls.num_rows)
        at = here.stop
        for each in sums.values():
            each.add(block.values["n"][:, fine].astype(np.int64), here, firms[here])
        for name, total in sides.items():
            total += np.nansum(block.values[f"n_{name}"][:, fine], axis=0).astype(np.int64)
    wholes = {name: pc.sum(calls[f"modelled_{name}"]).as_py() for name in SIDES}
    return Cuts(
        tuple(written.themes[number].theme_id for number in fine),
        sums["quarter"].cut(),
        {name: _by_size(sums[name].cut()) for name in kept if sums[name].groups_firms(firms)},
        {name: (sides[name], whole) for name, whole in wholes.items() if whole},
    )


class _Sum:
    """Accumulates, for one column, sentences and speaking firms by value and theme."""

    def __init__(self, calls: pa.Table, column: str, n_themes: int) -> None:
        values = [value or _UNKNOWN for value in calls[column].to_pylist()]
        names, self.codes = np.unique(np.array(values, dtype=object), return_inverse=True)
        self.names = tuple(names.tolist())
        self.modelled = np.bincount(
            self.codes, weights=calls["modelled"].to_numpy(), minlength=len(self.names)
        )
        self.n = np.zeros((len(self.names), n_themes), np.int64)
        self.n_firms = np.zeros_like(self.n)

    def add(self, n: Counts, here: slice, firms: Counts) -> None:
        """Add the calls of some whole firms. n: (calls, themes). firms: (calls,) one number per firm."""
        codes = self.codes[here]
        np.add.at(self.n, codes, n)
        pairs, inverse = np.unique(np.stack([firms, codes]), axis=1, return_inverse=True)
        said = np.zeros((pairs.shape[1], n.shape[1]), np.int64)
        np.add.at(said, inverse.ravel(), n)
        np.add.at(self.n_firms, pairs[1], said > 0)

    def groups_firms(self, firms: Counts) -> bool:
        """Whether the values group firms: several values, most of which have several firms."""
        pairs = np.unique(np.stack([firms, self.codes]), axis=1)
        several = np.bincount(pairs[1], minlength=len(self.names)) >= _LEAST_FIRMS
        return len(self.names) > 1 and bool(several.mean() > 0.5)

    def cut(self) -> GroupCounts:
        n_calls = np.bincount(self.codes, minlength=len(self.names))
        return GroupCounts(self.names, self.n, self.modelled.astype(np.int64), self.n_firms, n_calls)


def _by_size(cut: GroupCounts) -> GroupCounts:
    """Return the cut with its largest groups first."""
    order = np.argsort(-cut.modelled, kind="stable")
    names = tuple(cut.names[number] for number in order)
    return GroupCounts(names, cut.n[order], cut.modelled[order], cut.n_firms[order], cut.n_calls[order])
