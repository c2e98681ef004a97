"""source_calls.parquet: one row per call that was read, with its day, its time, and the columns that `source.keep` names.

The panel joins it by firm_id and transcript_id: what a researcher's own file says of a call (gvkey, permno, fiscal
quarter) stands beside every number that comes out.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from earnings_themes.abstractions import Call
from earnings_themes.system.files import replaced

CALLS_SCHEMA = pa.schema(
    [
        ("firm_id", pa.string()),
        ("firm_name", pa.string()),
        ("transcript_id", pa.string()),
        ("date", pa.date32()),  # the day on the clock of source.time_zone
        ("time_utc", pa.timestamp("s", "UTC")),  # when the call began; null where the source has no time
        ("headline", pa.string()),
        ("event_id", pa.string()),  # keydevid; null where the source has none
        ("n_turns", pa.int32()),
    ]
)


def call_row(firm_id: str, firm_name: str, call: Call) -> dict[str, Any]:
    """Return the line of a call; what the source lacks is None. A kept column with a name of ours is `source_NAME`."""
    return {
        "firm_id": firm_id,
        "firm_name": firm_name,
        "transcript_id": call.transcript_id,
        "date": call.date,
        "time_utc": call.moment,
        "headline": call.headline or None,
        "event_id": call.event_id or None,
        "n_turns": len(call.turns),
        **{_kept(column): value for column, value in call.kept.items()},
    }


def write_calls(path: Path, calls: Sequence[dict[str, Any]], keep: Sequence[str]) -> None:
    """Write source_calls.parquet: CALLS_SCHEMA, and each column to keep as text, null where a call has none."""
    schema = pa.schema([*CALLS_SCHEMA, *((_kept(column), pa.string()) for column in keep)])
    with replaced(path) as part:
        pq.write_table(pa.Table.from_pylist(calls, schema=schema), part, compression="zstd")


def _kept(column: str) -> str:
    return f"source_{column}" if column in CALLS_SCHEMA.names else column
