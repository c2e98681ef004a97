"""How alike firms are by what they speak of: the cosine of their themes' counts."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa

from earnings_themes.panel.block import Matrix
from earnings_themes.panel.columns import PanelColumn, schema

# Firms compared with all others at once: 500 × 10,000 numbers are 40 MB.
_AT_ONCE: Final = 500
COLUMNS: Final = (
    PanelColumn("firm_id", pa.string(), "text", "A firm."),
    PanelColumn("other_firm_id", pa.string(), "text", "Another firm."),
    PanelColumn("likeness", pa.float32(), "0 to 1", "Cosine of the two firms' counts of sentences by theme."),
)


def firm_likeness(firms: pa.Table, counts: Matrix, nearest: int | None = None) -> Iterator[pa.Table]:
    """Yield one row per pair of firms, both ways round, the most alike first; some firms at a time.

    firms, counts: the firms with their firm_id, and their sentences, firms × themes. A firm of which nothing settled is like
    nobody, and has no row. nearest: at most so many other firms for each; None for all.
    """
    speaks = np.flatnonzero(counts.sum(axis=1) > 0)
    ids = firms["firm_id"].combine_chunks().take(pa.array(speaks))
    unit = counts[speaks] / np.linalg.norm(counts[speaks], axis=1, keepdims=True)
    width = len(speaks) - 1 if nearest is None else min(nearest, len(speaks) - 1)
    for start in range(0, len(speaks) if width > 0 else 0, _AT_ONCE):
        cosine = unit[start : start + _AT_ONCE] @ unit.T
        rows = np.arange(len(cosine))
        # A firm is not its own neighbour. Rounded, so that equal ones stay in the firms' order on every machine.
        cosine[rows, start + rows] = -1
        cosine = np.round(cosine, 6)
        order = np.argsort(-cosine, axis=1, kind="stable")[:, :width]
        found = {
            "firm_id": ids.take(pa.array(np.repeat(start + rows, width))),
            "other_firm_id": ids.take(pa.array(order.ravel())),
            "likeness": np.take_along_axis(cosine, order, axis=1).ravel().astype(np.float32),
        }
        yield pa.table(found, schema=schema(COLUMNS))
