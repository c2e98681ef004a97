"""`earnings-themes fit`: learns a subject space of your own from finished runs. See docs/validation.md,
"Vectors".
"""

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from typer import Option

from earnings_themes.cli.base import app, examples


@app.command(
    epilog=examples("fit --space mine.npz --from results/2019Q4 --from results/2020Q1")
    + "\n\n\b\nThen, in the settings:\n  embedding: {space: mine.npz}"
)
def fit(
    space: Annotated[Path, Option(metavar="FILE", help="The file that is written, and FILE.json beside it.")],
    runs: Annotated[
        list[Path],
        Option("--from", metavar="RUN", help="A run's folder on this disk; may be given several times."),
    ],
    model: Annotated[
        str, Option(help="The encoder to learn from, as embedding.model names it.")
    ] = "packaged",
    cache: Annotated[
        str, Option(metavar="DIR", help="Where the encoder's vectors of earlier runs are.")
    ] = "results/.cache",
) -> None:
    """Learn a subject space and a static student from the sentences of runs.

    For hundreds of calls of one provider. The same sentences give the same file on one machine.
    """
    from earnings_themes.config import Embedding
    from earnings_themes.embedding.own_space import ENOUGH, fit_from_runs

    about = fit_from_runs(space, runs, replace(Embedding(), model=model, cache=cache), os.cpu_count() or 1)
    n = about["n_sentences"]
    print(f"{space}: {n:,} sentences of {about['n_calls']:,} calls, sha256 {about['sha256']}")
    if n < ENOUGH:
        print(f"Fewer than {ENOUGH:,} sentences: too few to tell; the packaged space saw ten times as many.")
    print(f"In your settings: embedding: {{space: {space}}}")
