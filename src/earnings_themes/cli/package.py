"""`earnings-themes package`: a run's replication package. See docs/package.md."""

import os
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from earnings_themes.cli.base import app, examples, run_folder


@app.command(
    epilog=examples(
        "package results/mine --out replication.zip",
        "package results/mine --add regressions.R --out replication.zip",
    )
)
def package(
    run: Annotated[str, Argument(metavar="RUN", help="A finished run's folder, on this disk.")],
    out: Annotated[Path, Option(metavar="FILE.zip", help="The package; not there yet.")],
    add: Annotated[
        list[Path] | None, Option(metavar="PATH", help="A file or folder for its analysis/; several times.")
    ] = None,
    cores: Annotated[int | None, Option(min=1, help="For its run.  [default: all]")] = None,
) -> None:
    """Write what a journal asks for: panel, code, environment, logs, and pseudo-calls in place of licensed text.

    The workflow is run on the pseudo-calls, which takes minutes; its panel is what the package promises. Nothing is
    written where text of the run's transcripts is found in any file.
    """
    from earnings_themes.replication import write_package as packed

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
