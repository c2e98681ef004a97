"""`earnings-themes panel` and `likeness`: cuts of a run's panel. See docs/panel.md."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from earnings_themes.cli.base import (
    FileFormat,
    FileFormatOption,
    FolderArgument,
    KindOption,
    SubjectOption,
    app,
    examples,
    run_folder,
)
from earnings_themes.errors import ConfigError

if TYPE_CHECKING:
    from earnings_themes.panel.files import Format

OutOption = Annotated[Path, Option(metavar="FILE", help="Where it goes: a .csv, .parquet or .dta.")]
_READ = 'pandas.read_csv("{}", dtype=str, encoding="utf-8-sig")'


@app.command(
    epilog=examples(
        "panel results/mine --out panel.csv",
        "panel results/mine --by firm-quarter --level 1 --kind subject --out panel.dta",
        "panel s3://bucket/results/mine --wide --value n --out wide.parquet",
        "panel registry/mine --industry sic --out quarters.parquet",
    )
    + f"\n\n\b\nRead a CSV as text first, or ids lose their zeros:\n  {_READ.format('panel.csv')}"
)
def panel(
    runs: Annotated[
        list[str],
        Argument(
            metavar="RUN...",
            help="A finished run's folder; several of one registry; or a registry's folder, for all its runs.",
        ),
    ],
    out: OutOption,
    by: Annotated[
        Literal["call", "firm-quarter"], Option(help="What a row stands for, beside a theme.")
    ] = "call",
    level: Annotated[
        int | None,
        Option(
            min=0,
            max=2,
            help="1: themes, 2: broad themes, 0: your own questions.  [default: all, a row each]",
        ),
    ] = None,
    kind: KindOption = None,
    wide: Annotated[bool, Option("--wide", help="One column per theme in place of a row.")] = False,
    value: Annotated[
        str | None,
        Option(metavar="COLUMN", help="With --wide: what the themes' columns hold.  [default: share]"),
    ] = None,
    industry: Annotated[
        str | None,
        Option(
            metavar="COLUMN",
            help="A kept column: adds abnormal_industry, the share less that of its other firms in the quarter.",
        ),
    ] = None,
    results: Annotated[
        str, Option(metavar="DIR|s3://…", help="With a registry: what holds its runs' folders.")
    ] = "results",
    format: FileFormatOption = None,
) -> None:
    """Write a run's panel as a file for pandas, R, Stata or Excel: one row per call and theme, zeros included.

    What each column means is in codebook.md, beside the run's panel.parquet. Runs of one registry give one panel.
    """
    from earnings_themes.panel.cuts import Cut, Wish
    from earnings_themes.panel.files import write_tables
    from earnings_themes.panel.together import Together, runs_of
    from earnings_themes.panel.written import Written

    form = form_of(out, format)
    if value is not None and not wide:
        raise ConfigError(
            f"--value {value} is for --wide, one column per theme. Add --wide, or leave --value out."
        )
    folders = [run_folder(run) for run in runs]
    folders = (runs_of(folders[0], results) if len(folders) == 1 else None) or folders
    source = Written(folders[0]) if len(folders) == 1 else Together(folders)
    cut = Cut(source, Wish(by, level, tuple(kind or ()), wide, value or "share", industry))
    n_rows = write_tables(cut.tables(), cut.columns, out, form)
    print(f"{out}: {n_rows:,} rows, {len(cut.columns)} columns, {len(cut.themes):,} themes, by {by}")
    if form == "csv":
        print(f"Read it as text, so that ids keep their zeros: {_READ.format(out)}")


@app.command(
    epilog=examples(
        "likeness results/mine --out likeness.csv",
        "likeness results/mine --level 2 --nearest 10 --out likeness.parquet",
    )
)
def likeness(
    run: FolderArgument,
    out: OutOption,
    level: Annotated[int, Option(min=1, max=2, help="1: themes, 2: broad themes.")] = 1,
    kind: SubjectOption = None,
    nearest: Annotated[int, Option(min=0, metavar="N", help="The likest firms of each; 0: all.")] = 50,
    format: FileFormatOption = None,
) -> None:
    """Write how alike the run's firms are by their themes: the cosine of their sentence counts, one row per pair, both ways."""
    from earnings_themes.panel.cuts import Cut, Wish
    from earnings_themes.panel.files import write_tables
    from earnings_themes.panel.likeness import COLUMNS
    from earnings_themes.panel.likeness import firm_likeness as likenesses
    from earnings_themes.panel.written import Written

    form = form_of(out, format)
    wish = Wish(level=level, kinds=tuple(kind or ("subject",)))
    firms, counts = Cut(Written(run_folder(run)), wish).matrix()
    n_rows = write_tables(likenesses(firms, counts, nearest or None), COLUMNS, out, form)
    print(f"{out}: {n_rows:,} pairs of {firms.num_rows:,} firms")


def form_of(out: Path, form: FileFormat | None) -> "Format":
    """Return what form a file is written in: as asked, or by its name. Raises ConfigError where neither says."""
    from earnings_themes.panel.files import FORMATS

    found = form or out.suffix.lstrip(".").lower()
    for known in FORMATS:
        if found == known:
            return known
    raise ConfigError(
        f"--out is {out}, whose name says no form. Expected one that ends in .csv, .parquet or .dta, or give --format."
    )
