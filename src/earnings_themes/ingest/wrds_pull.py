"""Pulls Capital IQ's transcripts from WRDS into Parquet, one file per quarter, each with a receipt.

Attended: a login to WRDS may ask for a phone, so no job of a run does it. One connection, read only, a server-side
cursor and a few hundred calls a question, so that WRDS is asked politely and this machine holds little. A quarter is
whole or not there: a pull that was cut goes on with the next quarter when it is called again. The texts are licensed:
they stay where they are pulled to, and no receipt holds one.
"""

import datetime as dt
import json
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from earnings_themes.errors import InputError, SourceError
from earnings_themes.ingest.wrds_sql import LINKS, NEEDED, SCHEMAS, TURNS, link_columns, versions_query
from earnings_themes.system.files import replaced, sha256_of, write_atomically

log = logging.getLogger(__name__)

HOST: Final = "wrds-pgdata.wharton.upenn.edu"
PORT: Final = 9737
DATABASE: Final = "wrds"
# Rows that are under way at once; a turn is some KB.
_ROWS: Final = 2_000
# Calls a question. Public code reports that thousands of ids in one question time out, and 25 to 2,000 that do not.
_CALLS: Final = 250
_COLUMNS: Final = (
    "companyid", "companyname", "keydevid", "transcriptid", "headline", "mostimportantdateutc", "mostimportanttimeutc",
    "transcriptcollectiontypename", "transcriptcreationdate_utc", "transcriptcreationtime_utc",
)  # fmt: skip
_ID: Final = _COLUMNS.index("transcriptid")
_OF_TURN: Final = (
    "componentorder", "transcriptcomponenttypename", "speakertypename", "transcriptpersonname", "componenttext",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Login:
    """Server and user; the password is read by libpq (~/.pgpass, PGPASSWORD), never here."""

    user: str | None = None
    host: str = HOST
    port: int = PORT
    database: str = DATABASE


def pull(
    out: Path, start: dt.date, end: dt.date, login: Login, version: str = "latest", schema: str | None = None
) -> list[Path]:
    """Pull the calls of every quarter that touches a span, and return the files, in their order.

    Parameters
    ----------
    out : the folder that gets calls_2023Q1.parquet and calls_2023Q1.json, one pair per quarter
    start, end : the first and the last day, inclusive, as WRDS dates calls (UTC)
    version : latest, earliest, or all: which versions of a call are pulled
    schema : where the tables are; None looks for them

    Raises
    ------
    SourceError : WRDS cannot be reached, refuses the login or a table, or cuts the connection
    InputError : a file in the folder was pulled by another question
    """
    import psycopg

    out.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    spans = list(quarters_of_span(start, end))
    try:
        with _connect(login) as connection:
            tables = _tables(connection, schema)
            for name, first, last in spans:
                file = out / f"calls_{name}.parquet"
                asked = {
                    "start": first.isoformat(),
                    "end": last.isoformat(),
                    "version": version,
                    "tables": tables,
                }
                if _is_there(file, asked):
                    log.info("%s is there.", file)
                else:
                    _pull_quarter(connection, file, tables, asked)
                files.append(file)
    except psycopg.Error as error:
        raise _explained(error, login, len(files), len(spans)) from error
    return files


def quarters_of_span(start: dt.date, end: dt.date) -> Iterator[tuple[str, dt.date, dt.date]]:
    """Yield (2023Q1, first day, day after the last) of each quarter that touches a span, cut to the span."""
    if start > end:
        raise InputError(f"wrds pull: start {start} is after end {end}.")
    year, quarter = start.year, (start.month - 1) // 3
    while (first := dt.date(year, 3 * quarter + 1, 1)) <= end:
        year, quarter = (year, quarter + 1) if quarter < 3 else (year + 1, 0)
        after = dt.date(year, 3 * quarter + 1, 1)
        name = f"{first.year}Q{(first.month - 1) // 3 + 1}"
        yield name, max(first, start), min(after, end + dt.timedelta(days=1))


def _connect(login: Login) -> Any:
    import psycopg

    return psycopg.connect(
        host=login.host,
        port=login.port,
        dbname=login.database,
        user=login.user,
        # WRDS takes no other; a server of one's own may.
        sslmode=os.environ.get("PGSSLMODE", "require"),
        application_name="earnings-themes wrds pull",
        connect_timeout=60,  # time to find a phone
        options="-c default_transaction_read_only=on",
    )


def _tables(connection: Any, schema: str | None) -> dict[str, str]:
    """Return where each table is that this login may read, as schema.table. Raises SourceError."""
    tables: dict[str, str] = {}
    for table in NEEDED:
        refused: list[str] = []
        for place in (schema,) if schema else SCHEMAS:
            fault = _fault(connection, place, table)
            if fault is None:
                tables[table] = f"{place}.{table}"
                break
            refused.append(f"{place}.{table} ({fault})")
        else:
            raise SourceError(
                f"WRDS: this login may read no table {table}: {', '.join(refused)}. Expected Capital IQ Transcripts; "
                "ask your WRDS representative for it, or name the schema that holds it: --schema."
            )
    for table, places, _ in LINKS:
        found = next((place for place in places if _fault(connection, place, table) is None), None)
        if found:
            tables[table] = f"{found}.{table}"
        else:
            log.warning("WRDS: this login may not read %s; its columns are left out.", table)
    return tables


def _fault(connection: Any, schema: str, table: str) -> str | None:
    """Return why a table cannot be read, None where it can: asked of the table itself, for rights to a view differ."""
    import psycopg
    from psycopg import sql

    try:
        connection.execute(
            sql.SQL("SELECT * FROM {}.{} LIMIT 0").format(sql.Identifier(schema), sql.Identifier(table))
        )
    except psycopg.errors.InsufficientPrivilege:
        return "permission denied"
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return "not there"
    finally:
        connection.rollback()
    return None


def _is_there(file: Path, asked: dict[str, Any]) -> bool:
    """Return whether a quarter was pulled whole. Raises InputError where it was by another question."""
    receipt = file.with_suffix(".json")
    if not (file.exists() and receipt.exists()):
        return False
    try:
        noted = json.loads(receipt.read_text(encoding="utf-8"))
        pulled_with, sha256 = noted["asked"], noted["sha256"]
    except (ValueError, KeyError, TypeError):
        return False
    if pulled_with != asked:
        raise InputError(
            f"{receipt}: this quarter was pulled with {pulled_with}; asked for now is {asked}. Pull into another "
            "folder, or remove the two files."
        )
    return bool(sha256 == sha256_of(file))


def _pull_quarter(connection: Any, file: Path, tables: dict[str, str], asked: dict[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    links = link_columns(tables)
    version = asked["version"]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(versions_query(tables, version), {"start": asked["start"], "end": asked["end"]})
        rows = cursor.fetchall()
    # The last column is the version's place among those of its call.
    chosen = [row[:-1] for row in rows if version == "all" or row[-1] == 1]
    names = (*_COLUMNS, *links)
    kinds = {"componentorder": pa.int32()}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in (*names, *_OF_TURN)])
    n_turns = 0
    with replaced(file) as part, pq.ParquetWriter(part, schema, compression="zstd") as writer:
        for begin in range(0, len(chosen), _CALLS):
            some = chosen[begin : begin + _CALLS]
            # One transcript may belong to two companies: a row for each.
            of_call: dict[str, list[Sequence[Any]]] = {}
            for row in some:
                of_call.setdefault(row[_ID], []).append(row)
            for rows_of_turns in _turns(connection, tables, [row[_ID] for row in some]):
                whole = [(*call, *turn[1:]) for turn in rows_of_turns for call in of_call[turn[0]]]
                n_turns += len(whole)
                columns = list(zip(*whole, strict=True))
                writer.write_table(pa.table([*map(list, columns)], schema=schema))
            log.info("%s: %s of %s calls.", file.name, f"{begin + len(some):,}", f"{len(chosen):,}")
    receipt = {
        "asked": asked,
        "calls": len(chosen),
        "turns": n_turns,
        "versions_left_out": len(rows) - len(chosen),
        "columns": schema.names,
        "sha256": sha256_of(file),
    }
    write_atomically(file.with_suffix(".json"), json.dumps(receipt, indent=1) + "\n")


def _turns(connection: Any, tables: dict[str, str], ids: list[str]) -> Iterator[list[Sequence[Any]]]:
    """Yield the turns of some transcripts, a batch at a time, in the order of transcript and turn."""
    with connection.transaction(), connection.cursor(name="turns") as cursor:
        cursor.itersize = _ROWS
        cursor.execute(TURNS.format(**tables), {"ids": [float(transcript) for transcript in ids]})
        while batch := cursor.fetchmany(_ROWS):
            yield batch


def _explained(error: Exception, login: Login, n_done: int, n_all: int) -> SourceError:
    """Return what a person can do about what the server or the way to it said."""
    said = " ".join(str(error).split())
    where = f"{login.host}:{login.port}"
    if n_done or ("connection" in said and "closed" in said):
        return SourceError(
            f"{where}: the connection was lost ({said}). {n_done} of {n_all} quarters are whole; type the same command "
            "again, and it goes on with the next one."
        )
    if "no password supplied" in said or "authentication failed" in said:
        return SourceError(
            f"{where}: the login was refused ({said}). Write a line {where}:{login.database}:NAME:PASSWORD into "
            "~/.pgpass, chmod 600 it, and give --user NAME."
        )
    return SourceError(f"{where}: {said}")
