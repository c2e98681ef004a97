"""`earnings-themes wrds pull`: transcripts from WRDS into a folder, attended, a quarter at a time."""

import datetime as dt
import logging
from pathlib import Path
from typing import Annotated

import typer

from earnings_themes.errors import EarningsThemesError
from earnings_themes.ingest.wrds_pull import DATABASE, HOST, PORT, Login, pull

app = typer.Typer(help="Transcripts from WRDS.", no_args_is_help=True, add_completion=False)


@app.callback()
def _wrds() -> None:
    """Transcripts from WRDS."""


@app.command(
    name="pull",
    epilog="\b\nExample:\n  earnings-themes wrds pull --out wrds --start 2023-01-01 --end 2023-12-31 --user NAME",
)
def pull_command(
    out: Annotated[Path, typer.Option(help="The folder that gets a Parquet file a quarter.")],
    start: Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="First day of calls.")],
    end: Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day of calls, inclusive.")],
    user: Annotated[
        str | None, typer.Option(help="Your name at WRDS; the password is read from ~/.pgpass.")
    ] = None,
    version: Annotated[
        str, typer.Option(help="latest, earliest or all: which versions of a call.")
    ] = "latest",
    schema: Annotated[str | None, typer.Option(help="Where the tables are; looked for without it.")] = None,
    host: Annotated[str, typer.Option(envvar="PGHOST")] = HOST,
    port: Annotated[int, typer.Option(envvar="PGPORT")] = PORT,
    database: Annotated[str, typer.Option(envvar="PGDATABASE")] = DATABASE,
) -> None:
    """Pull Capital IQ transcripts, quarter by quarter; goes on where an earlier call was cut."""
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    if version not in ("latest", "earliest", "all"):
        raise typer.BadParameter(f"version is {version!r}; expected latest, earliest or all.")
    try:
        files = pull(out, start.date(), end.date(), Login(user, host, port, database), version, schema)
    except EarningsThemesError as error:
        typer.echo(f"earnings-themes: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{len(files)} quarters are in {out}. In your settings: source: {{kind: wrds, path: {out}}}")
