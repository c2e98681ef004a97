"""`earnings-themes wrds pull`: transcripts from WRDS into a folder, attended, a quarter at a time."""

import datetime as dt
import logging
from pathlib import Path
from typing import Annotated, Literal

import typer
from typer import Option

from earnings_themes.cli.base import app, examples
from earnings_themes.ingest.wrds_pull import DATABASE, HOST, PORT, Login, pull

wrds = typer.Typer(help="Transcripts from WRDS.", no_args_is_help=True, add_completion=False)
app.add_typer(wrds, name="wrds")


@wrds.callback()
def _wrds() -> None:
    """Transcripts from WRDS."""


@wrds.command(
    name="pull", epilog=examples("wrds pull --out wrds --start 2023-01-01 --end 2023-12-31 --user NAME")
)
def pull_command(
    out: Annotated[Path, Option(help="The folder that gets one Parquet file per quarter.")],
    start: Annotated[dt.datetime, Option(formats=["%Y-%m-%d"], help="First day of calls.")],
    end: Annotated[dt.datetime, Option(formats=["%Y-%m-%d"], help="Last day of calls, inclusive.")],
    user: Annotated[
        str | None, Option(help="Your name at WRDS; the password is read from ~/.pgpass.")
    ] = None,
    version: Annotated[
        Literal["latest", "earliest", "all"], Option(help="Which versions of a call.")
    ] = "latest",
    schema: Annotated[str | None, Option(help="Where the tables are; looked for without it.")] = None,
    host: Annotated[str, Option(envvar="PGHOST")] = HOST,
    port: Annotated[int, Option(envvar="PGPORT")] = PORT,
    database: Annotated[str, Option(envvar="PGDATABASE")] = DATABASE,
) -> None:
    """Pull Capital IQ transcripts, quarter by quarter; goes on where an earlier call was cut."""
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    files = pull(out, start.date(), end.date(), Login(user, host, port, database), version, schema)
    print(f"{len(files)} quarters are in {out}. In your settings: source: {{kind: wrds, path: {out}}}")
