"""Ten thousand firms' sentences, not split, and their static vectors, and what one firm alone would need."""

import hashlib
from pathlib import Path

import pyarrow as pa

from earnings_themes.embedding.shard import embed
from earnings_themes.embedding.space import load_space
from earnings_themes.results.artifacts import TRANSCRIPT_SCHEMA, FirmsWriter
from earnings_themes.results.firms import FirmRow, shard_of, write_firms

# What Terraform's settings ask for at any size, see earnings_themes.cloud.settings.
SHARDS = 20
MARGIN = 5_000_000


def write_quarter(folder: Path, firms: dict[str, pa.Table], shard: int, shards: int = SHARDS) -> None:
    """Write transcripts.parquet, firms.tsv and the embeddings of one shard, for firms with tables of sentences."""
    rows = []
    folder.mkdir(parents=True, exist_ok=True)
    with FirmsWriter(folder / "transcripts.parquet", TRANSCRIPT_SCHEMA) as writer:
        for firm_id, table in sorted(firms.items()):
            named = of_firm(table, firm_id)
            digest = hashlib.sha256(firm_id.encode()).hexdigest()[:16]
            rows.append(FirmRow(firm_id, f"Firm {firm_id}", 1, table.num_rows, writer.add(named), digest))
    write_firms(folder / "firms.tsv", rows)
    members = [row for row in rows if shard_of(row.firm_id, shards) == shard]
    output = folder / f"embeddings/{shard:04d}.parquet"
    embed(folder / "transcripts.parquet", members, output, None, load_space(), keep_procedural=False)


def of_firm(table: pa.Table, firm_id: str) -> pa.Table:
    """Return a firm's sentences as another firm's."""
    columns = {
        "firm_id": [firm_id] * table.num_rows,
        "firm_name": [f"Firm {firm_id}"] * table.num_rows,
        "transcript_id": [f"9{firm_id}"] * table.num_rows,
        "sentence_id": [f"{firm_id}_9{firm_id}_{place:04d}" for place in range(table.num_rows)],
    }
    for name, values in columns.items():
        table = table.set_column(table.schema.get_field_index(name), name, [values])
    return table


def needed(folder: Path, firm_id: str, table: pa.Table) -> int:
    """Return the bytes of the same three files in a run of that firm alone."""
    write_quarter(folder, {firm_id: table}, shard=0, shards=1)
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
