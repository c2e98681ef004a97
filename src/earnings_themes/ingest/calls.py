"""source_calls.parquet: a row a call that was read, with its day, its time, and the columns that `source.keep` names.

The panel joins it by firm_id and transcript_id: what a researcher's own file says of a call (gvkey, permno, fiscal
quarter) stands beside every number that comes out.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class CallRow:
    """A line of source_calls.parquet."""

    firm_id: str
    firm_name: str
    transcript_id: str
    date: dt.date
    moment: dt.datetime | None
    headline: str
    event_id: str
    n_turns: int
    kept: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, firm_id: str, firm_name: str, call: Call) -> "CallRow":
        """Return the line of a call."""
        return cls(
            firm_id,
            firm_name,
            call.transcript_id,
            call.date,
            call.moment,
            call.headline,
            call.event_id,
            len(call.turns),
            dict(call.kept),
        )


def write_calls(path: Path, calls: Sequence[CallRow], keep: Sequence[str]) -> None:
    """Write source_calls.parquet: CALLS_SCHEMA, and each column to keep as text, null where a call has none.

    A column to keep that has the name of one of ours is written as `source_NAME`.
    """
    columns = {
        "firm_id": [call.firm_id for call in calls],
        "firm_name": [call.firm_name for call in calls],
        "transcript_id": [call.transcript_id for call in calls],
        "date": [call.date for call in calls],
        "time_utc": [call.moment for call in calls],
        "headline": [call.headline or None for call in calls],
        "event_id": [call.event_id or None for call in calls],
        "n_turns": [call.n_turns for call in calls],
    }
    fields = list(CALLS_SCHEMA)
    for column in keep:
        name = f"source_{column}" if column in columns else column
        columns[name] = [call.kept.get(column) for call in calls]
        fields.append(pa.field(name, pa.string()))
    with replaced(path) as part:
        pq.write_table(pa.table(columns, schema=pa.schema(fields)), part, compression="zstd")
