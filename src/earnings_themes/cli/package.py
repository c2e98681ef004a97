"""`earnings-themes package`: a run's replication package. See docs/package.md."""

import os
from pathlib import Path
from typing import Annotated

import typer

from earnings_themes.cli.panel import run_folder

_EPILOG = (
    "\b\nExamples:\n"
    "  earnings-themes package results/mine --out replication.zip\n"
    "  earnings-themes package results/mine --add regressions.R --out replication.zip"
)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(epilog=_EPILOG)(package)


def package(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A finished run's folder, on this disk.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.zip", help="The package; not there yet.")],
    add: Annotated[
        list[Path] | None,
        typer.Option("--add", metavar="PATH", help="A file or folder for its analysis/; several times."),
    ] = None,
    cores: Annotated[int | None, typer.Option("--cores", min=1, help="For its run.  [default: all]")] = None,
) -> None:
    """Write what a journal asks for: panel, code, environment, logs, and pseudo-calls in place of licensed text.

    The workflow is run on the pseudo-calls, which takes minutes; its panel is what the package promises. Nothing is
    written where text of the run's transcripts is found in any file.
    """
    from earnings_themes.replication import package as packed

    made = packed(Path(run_folder(run)), out, cores or os.cpu_count() or 1, add or ())
    print(
        f"{out}: {made.files:,} files. None that was made from the run holds one of the {made.scan.sentences:,} sentences of "
        f"five words or more that were looked for."
    )
    print(
        f"Run on the pseudo-calls: a panel of {made.promised_rows:,} rows, which `bash run.sh` in it makes again."
    )
    print(
        "Next: fill in what README.md in it marks TO FILL, then unpack it elsewhere and call `bash run.sh`."
    )
