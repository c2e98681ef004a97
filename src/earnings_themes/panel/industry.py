"""A firm's share against its industry's: less the mean share of the theme on other firms' calls of the same quarter."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from earnings_themes.panel.block import Block, Matrix, ratio
from earnings_themes.panel.columns import PanelColumn

NAME = "abnormal_industry"


def column(industry: str) -> PanelColumn:
    """Return the column's description."""
    meaning = f"share less the mean share of the theme on other firms' calls of the quarter with the same {industry}."
    return PanelColumn(
        NAME, pa.float64(), "-1 to 1", meaning, f"{industry} or share is null, or no other firm has it then"
    )


@dataclass
class Peers:
    """Sums and counts of shares by quarter and industry; 10,000 firms of 400 industries take some 15 MB."""

    industry: str
    sums: dict[tuple[str, ...], tuple[Matrix, Matrix]] = field(default_factory=dict)

    def add(self, blocks: Iterable[Block]) -> None:
        """Take in every block once, before one is compared."""
        for block in blocks:
            for key, rows in _groups(block.calls, ["quarter", self.industry]):
                total, count = _summed(block.values["share"][rows])
                if key in self.sums:
                    total, count = total + self.sums[key][0], count + self.sums[key][1]
                self.sums[key] = total, count

    def compared(self, block: Block) -> Block:
        """Return a block of whole firms with the column of `column`."""
        found = np.full_like(block.values["share"], np.nan)
        for key, rows in _groups(block.calls, ["firm_id", "quarter", self.industry]):
            share = block.values["share"][rows]
            total, count = (all_ - own for all_, own in zip(self.sums[key[1:]], _summed(share), strict=True))
            found[rows] = share - ratio(total, count)
        return Block(block.calls, {**block.values, NAME: found})


def _summed(shares: Matrix) -> tuple[Matrix, Matrix]:
    return np.nansum(shares, axis=0), (~np.isnan(shares)).sum(axis=0).astype(np.float64)


def _groups(calls: pa.Table, names: Sequence[str]) -> Iterator[tuple[tuple[str, ...], NDArray[np.int64]]]:
    """Give the rows of each combination of these columns; those with a null are in none."""
    found: dict[tuple[str, ...], list[int]] = {}
    for row, key in enumerate(zip(*(calls[name].to_pylist() for name in names), strict=True)):
        if None not in key:
            found.setdefault(key, []).append(row)
    for key, rows in found.items():
        yield key, np.array(rows)
