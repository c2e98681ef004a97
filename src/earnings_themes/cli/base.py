"""What the commands share: the program, its options, completion, and an answer as table, JSON or CSV."""

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer import Argument, Option

from earnings_themes import __version__
from earnings_themes.abstractions import ThemeStore
from earnings_themes.cli import lookup, render
from earnings_themes.cli.render import Cell, Column
from earnings_themes.errors import EarningsThemesError
from earnings_themes.stores import DEFAULT_STORE, open_store

PROGRAM = "earnings-themes"

Format = Literal["table", "json", "csv"]
FileFormat = Literal["csv", "parquet", "dta"]


# The kind of a panel's themes; an enumeration because typer takes no list of literals.
AnyKind = StrEnum("AnyKind", "subject reporting procedure filler seed")


def examples(*commands: str) -> str:
    """Return the end of a command's help; its first line keeps the examples' lines apart."""
    title = "Example" if len(commands) == 1 else "Examples"
    return "\n".join((f"\b\n{title}:", *(_folded(f"  {PROGRAM} {command}") for command in commands)))


def _folded(example: str) -> str:
    """Return an example in lines of 80 letters, broken before an option as a shell reads on."""
    cut = example.rfind(" --", 0, 79) if len(example) > 78 else -1
    return example if cut < 0 else f"{example[:cut]} \\\n{_folded(f'      {example[cut + 1 :]}')}"


app = typer.Typer(
    name=PROGRAM,
    help="Look up what firms talk about on their earnings calls: theme → topic → sentence → firm.",
    epilog="\b\nExamples:\n"
    "  earnings-themes themes --run sample              what all firms talk about\n"
    "  earnings-themes theme sample-001                 firms, topics, sentences\n"
    "  earnings-themes firm Corrandale                  one firm, in every run\n"
    "  earnings-themes search tariffs --format csv      what is said with a word\n"
    "  earnings-themes --store dynamodb:earnings-themes runs\n\n"
    "\b\nExit codes:\n"
    "  0  answered; nothing found by a search is an answer\n"
    "  1  no such run, theme, topic or firm, or the store cannot be read\n"
    "  2  wrong usage: an unknown command, option or value, or a missing argument",
    # Plain text: help that a pager, a log and a narrow terminal all show well, and no slow import.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


# --- completion ------------------------------------------------------------------------------------


def _complete(ctx: typer.Context, names: Callable[[ThemeStore], list[str]], incomplete: str) -> list[str]:
    url = ctx.params.get("store") or os.environ.get("EARNINGS_THEMES_STORE") or DEFAULT_STORE
    if not url.startswith("sqlite:"):
        return []  # pressing Tab must not cost money or wait for a network
    try:
        return [name for name in names(open_store(url, must_exist=True)) if name.startswith(incomplete)]
    except EarningsThemesError:
        return []


def complete_runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the published runs that begin like this."""
    return _complete(ctx, lambda store: [info.run for info in store.runs()], incomplete)


def complete_themes(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the theme ids, of every run, that begin like this."""
    return _complete(
        ctx,
        lambda store: [theme.theme_id for info in store.runs() for theme in store.themes(info.run)],
        incomplete,
    )


def complete_firms(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the ids and names of a run's firms that begin like this."""

    def names(store: ThemeStore) -> list[str]:
        run = ctx.params.get("run") or lookup.run_or_newest(store, None)
        return [name for firm in store.firms(run) for name in (firm.firm_id, firm.firm_name)]

    return _complete(ctx, names, incomplete)


# --- options; typer names an option after its parameter ----------------------------------------------


def _print_version(ctx: typer.Context, wanted: bool) -> None:
    if wanted:
        print(f"{ctx.command_path} {__version__}")
        raise typer.Exit


VersionOption = Annotated[
    bool, Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
]
StoreOption = Annotated[
    str | None,
    Option(
        metavar="sqlite:PATH|dynamodb:TABLE",
        help=f"Where the runs are published.  [default: {DEFAULT_STORE}]",
        envvar="EARNINGS_THEMES_STORE",
        show_envvar=True,
    ),
]
FormatOption = Annotated[
    Format | None, Option(help="Table for people, full records as JSON, or CSV.  [default: table]")
]
VerboseOption = Annotated[
    bool, Option("--verbose", "-v", help="Say on stderr how long the store took and what it consumed.")
]


def run_option(help: str) -> Any:
    """Return the option --run of a command that looks something up."""
    return Option(metavar="RUN", help=help, autocompletion=complete_runs)


RunOption = Annotated[str | None, run_option("A published run.  [default: the newest]")]
FolderArgument = Annotated[str, Argument(metavar="RUN", help="A finished run's folder, on a disk or s3://.")]
_KINDS = "Themes of this kind; may be given several times.  [default: {}]"
KindOption = Annotated[list[AnyKind] | None, Option("--kind", help=_KINDS.format("all"))]
SubjectOption = Annotated[list[AnyKind] | None, Option("--kind", help=_KINDS.format("subject"))]
FileFormatOption = Annotated[FileFormat | None, Option(help="The file's form.  [default: by its name]")]


def run_folder(run: str) -> str:
    """Return the run's folder; a run's name alone is looked for below results/."""
    folder = Path("results") / run
    is_name = "/" not in run and not Path(run).is_dir() and folder.is_dir()
    return str(folder) if is_name else run.rstrip("/")


# --- answers ---------------------------------------------------------------------------------------


def say(text: str) -> None:
    """Tell the user something that is not the answer, on stderr."""
    print(f"{PROGRAM}: {render.plain(text)}", file=sys.stderr)


def terminal_width() -> int | None:
    """Return the terminal's columns; None in a pipe, where nothing is cut: a program may read the end of a line."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def print_table(columns: Sequence[Column | str], rows: Iterable[Sequence[Cell]]) -> None:
    """Print an aligned table as wide as the terminal. columns: a name alone is a column that is never cut."""
    whole = [column if isinstance(column, Column) else Column(column) for column in columns]
    for line in render.table(whole, rows, terminal_width()):
        print(line)


def print_data(format: str, records: Any, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bool:
    """Print the records as JSON, or the rows as CSV. Return False for a table, which the caller prints."""
    if format == "json":
        render.print_json(records, sys.stdout)
    elif format == "csv":
        render.write_csv(header, rows, sys.stdout)
    return format != "table"


def print_rows(format: str, header: Sequence[str], rows: Sequence[Sequence[Cell]], *flexible: str) -> None:
    """Print rows that are the same in all three forms. flexible: the columns that a narrow terminal cuts."""
    records = [dict(zip(header, row, strict=True)) for row in rows]
    if print_data(format, records, header, rows):
        return
    if rows:
        print_table([Column(name, flexible=name in flexible) for name in header], rows)
    else:
        print("none")
