"""The data flow's schemas, read from the code and the JSON schemas that check the files."""

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

import msgspec
import pyarrow as pa

from earnings_themes.abstractions import SCHEMA_VERSION, FirmTopics, Themes
from earnings_themes.abstractions.records import Receipt
from earnings_themes.embedding.shard import SHARD_SCHEMA
from earnings_themes.ingest.calls import CALLS_SCHEMA
from earnings_themes.ingest.columns import DEFAULTED, OPTIONAL, REQUIRED
from earnings_themes.panel.columns import EXCHANGES
from earnings_themes.results.artifacts import TRANSCRIPT_SCHEMA
from earnings_themes.results.firms import FirmRow
from earnings_themes.results.records import METADATA


def stages() -> str:
    """Every file of a run in the order in which it is made, with its exact form."""
    parts = [
        _part("Input: the CSV", f"Needed: {_codes(REQUIRED)}. With a default ([input.md](../input.md)): {_codes(DEFAULTED)}. "
              f"Used where present: {_codes(OPTIONAL)}."),
        _part("ingest → `transcripts.parquet`", "A firm's rows are one row group.\n\n" + _arrow(TRANSCRIPT_SCHEMA)),
        _part("ingest → `source_calls.parquet`", "One row per call that counts. The columns of `source.keep` follow, as text.\n\n"
              + _arrow(CALLS_SCHEMA)),
        _part("ingest → `firms.tsv`", _typed((field.name, _type_name(field.type)) for field in dataclasses.fields(FirmRow))),
        _part("embed → `embeddings/{shard}.parquet`", "A firm's rows lie together. A vector is 8-bit whole numbers; the content gate gives "
              "`content`.\n\n" + _arrow(SHARD_SCHEMA)),
        _part("topics → `topics/{firm}.json`", _json_schema(FirmTopics, "firm_topics.schema.json")),
        _part("themes → `themes.json`", _json_schema(Themes, "themes.schema.json")),
        _part("Receipts: `ingest.json`, `reduce.json`", "What a step read, skipped and took. No result depends on them."),
        _part("publish", f"`published.json`: {_typed((field.name, _type_name(field.type)) for field in dataclasses.fields(Receipt))}\n\n"
              "SQLite: tables and columns in [schema.sql](../../src/earnings_themes/stores/schema.sql); the view `hierarchy` has one row "
              "per sentence with its topic, theme, firm and run.\n\n"
              "DynamoDB: items and keys in `stores/dynamodb_items.py`."),
        _part("panel", "`panel.parquet` has one row per call and theme, zeros included, `calls.parquet` one row per call. The run's "
              "`codebook.md` has their columns (`panel/columns.py`) and the themes. A panel of up to `panel.spreadsheet_rows` "
              "rows is also `panel.csv` and `panel.dta`.\n\n"
              f"`exchanges.parquet`, one row per sentence in questions and answers: {_arrow(EXCHANGES)}"),
        _part("report → `quality.json`", "`metrics` has, for each figure (`quality/meaning.py`), `value`, `n`, `of` (what it was measured "
              "on), and `reason` where there is no value."),
    ]  # fmt: skip
    return "\n\n".join(parts)


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _part(title: str, text: str) -> str:
    return f"### {title}\n\n{text}"


def _arrow(schema: pa.Schema) -> str:
    return _typed((field.name, str(field.type)) for field in schema)


def _typed(fields: Iterable[tuple[str, str]]) -> str:
    """Columns and types; text has no type, as most columns would."""
    return (
        ", ".join(f"`{name}`" if kind in ("string", "str") else f"`{name}` {kind}" for name, kind in fields)
        + "."
    )


def _type_name(kind: Any) -> str:
    return (
        kind.__name__
        if isinstance(kind, type)
        else str(kind).replace("collections.abc.Mapping", "mapping of")
    )


def firm_topics_file() -> str:
    """Return config/schemas/firm_topics.schema.json."""
    return json.dumps(_schema(FirmTopics, "topics/{firm}.json"), indent=2) + "\n"


def themes_file() -> str:
    """Return config/schemas/themes.schema.json."""
    return json.dumps(_schema(Themes, "themes.json"), indent=2) + "\n"


def _schema(kind: type, file: str) -> dict[str, Any]:
    """Return the JSON schema of a record's file."""
    (_, inner), parts = msgspec.json.schema_components([kind, METADATA[kind]], ref_template="#/$defs/{name}")
    record = parts.pop(kind.__name__)
    record["properties"]["schema_version"] = {"const": SCHEMA_VERSION}
    record["properties"]["metadata"] = inner
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": file}
    return head | {key: value for key, value in record.items() if key != "title"} | {"$defs": parts}


def _json_schema(record: type, file: str) -> str:
    return f"{_schema(record, '')['description']} Fields: [{file}](../../config/schemas/{file})."
