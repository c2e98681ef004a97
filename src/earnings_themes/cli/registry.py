"""`earnings-themes registry`: themes that last, over the quarters. See docs/registry.md."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from earnings_themes.cli import render
from earnings_themes.cli.render import Cell, Column
from earnings_themes.errors import ConfigError, RegistryError

app = typer.Typer(
    help="Themes that keep their ids over quarters: what is there, since when, and how much.",
    epilog="\b\nExamples:\n"
    "  earnings-themes registry themes --registry registry/mine\n"
    "  earnings-themes registry history r000017 --registry registry/mine\n"
    "  earnings-themes registry firm 'Acme Corp' --registry s3://bucket/registry/mine --results s3://bucket/results\n"
    "  earnings-themes registry new --registry registry/mine --format csv",
    rich_markup_mode=None,
)

RegistryOption = Annotated[
    str,
    typer.Option(
        "--registry", metavar="PATH|s3://…", help="The registry's folder, registry.path of the config."
    ),
]
ResultsOption = Annotated[
    str, typer.Option("--results", metavar="DIR|s3://…", help="The folder that holds the runs' folders.")
]
FormatOption = Annotated[
    Literal["table", "json", "csv"], typer.Option("--format", help="Table for people, JSON, or CSV.")
]
RunOption = Annotated[
    str | None, typer.Option("--run", metavar="RUN", help="A run of the registry.  [default: the newest]")
]


def register(program: typer.Typer) -> None:
    """Add the commands to the program."""
    program.add_typer(app, name="registry")


@app.command()
def themes(
    registry: RegistryOption,
    level: Annotated[int, typer.Option("--level", min=1, max=2, help="1: themes, 2: broad themes.")] = 1,
    format: FormatOption = "table",
) -> None:
    """List the themes by id: state, when they were born, and how much the newest run says of each."""
    version = _version(registry)
    newest = version.runs[-1].run
    rows: list[tuple[Cell, ...]] = []
    for theme in version.fine if level == 1 else version.broad:
        last = next((seen for seen in theme.history if seen.run == newest), None)
        counts = (last.n_firms, last.n_sentences) if last else (0, 0)
        state = "hidden" if theme.hidden else f"now {theme.into}" if theme.into else theme.state
        rows.append(
            (theme.theme_id, theme.label, theme.kind, state, theme.born, theme.parent, *counts, theme.note)
        )
    header = ("theme_id", "label", "kind", "state", "born", "parent", "n_firms", "n_sentences", "note")
    _answer(header, rows, format, flexible=("label", "note"))


@app.command()
def history(
    theme: Annotated[str, typer.Argument(metavar="THEME", help="Its id, its label, or a part of the label.")],
    registry: RegistryOption,
    results: ResultsOption = "results",
    format: FormatOption = "table",
) -> None:
    """Show a theme over the quarters, and what was said of it then and now."""
    from earnings_themes.registry import history as past

    version = _version(registry)
    found = past.find(version, theme)
    moments = past.over_time(version, found)
    said = past.then_and_now(version, found, results)
    if format == "json":
        record = {name: value for name, value in asdict(found).items() if name not in ("centroid", "history")}
        spoken = {ran.run: [asdict(each) for each in sentences] for ran, sentences in said}
        render.write_json(
            record | {"quarters": [asdict(each) for each in moments], "sentences": spoken}, sys.stdout
        )
        return
    header = ("run", "quarter", "n_firms", "share", "n_sentences", "born")
    rows: list[tuple[Cell, ...]] = [
        (
            each.run,
            each.quarter,
            each.n_firms,
            round(each.share, 4),
            each.n_sentences,
            "born" if each.is_born else None,
        )
        for each in moments
    ]
    if format == "table":
        print(
            f"{found.theme_id}  {render.plain(found.label)}: {found.kind}, {found.state}, born in {found.born}\n"
        )
    _answer(header, rows, format)
    if format == "table":
        for ran, sentences in said:
            print(f"\n{ran.run} ({ran.quarter})")
            for each in sentences:
                for line in render.fold(f"  {each.firm_id}: {render.plain(each.text)}", _width()):
                    print(line)


@app.command()
def firm(
    firm: Annotated[str, typer.Argument(metavar="FIRM", help="The firm's id or its name.")],
    registry: RegistryOption,
    results: ResultsOption = "results",
    format: FormatOption = "table",
) -> None:
    """Show what a firm says of each theme, quarter after quarter."""
    from earnings_themes.registry.history import firm_over_time

    found = firm_over_time(_version(registry), firm, results)
    header = ("run", "quarter", "theme_id", "label", "n_sentences", "share")
    rows: list[tuple[Cell, ...]] = [
        (each.run, each.quarter, each.theme_id, each.label, each.n_sentences, round(each.share, 4))
        for each in found
    ]
    _answer(header, rows, format, flexible=("label",))


@app.command()
def new(registry: RegistryOption, run: RunOption = None, format: FormatOption = "table") -> None:
    """List the themes that were born in a quarter, those of most firms first."""
    from earnings_themes.registry.history import changes

    found = [each for each in changes(_version(registry), run) if each.is_born]
    _answer(_CHANGED, _changed(sorted(found, key=lambda each: -each.share)), format, flexible=("label",))


@app.command()
def fading(registry: RegistryOption, run: RunOption = None, format: FormatOption = "table") -> None:
    """List the themes that fewer firms speak of than in the year before, those that lost most first.

    before: the mean share of firms in up to four runs before.
    """
    from earnings_themes.registry.history import changes

    found = [each for each in changes(_version(registry), run) if each.share < each.before]
    _answer(
        _CHANGED,
        _changed(sorted(found, key=lambda each: each.share - each.before)),
        format,
        flexible=("label",),
    )


@app.command(
    epilog="\b\nExample:\n  earnings-themes registry propose --registry registry/mine > decisions.yaml"
)
def propose(registry: RegistryOption) -> None:
    """Print decisions to think about, as a YAML that `curate` takes: merges of like themes, themes without a name.

    Every line is commented out: read the themes' sentences, then uncomment what you agree with.
    """
    from earnings_themes.registry.propose import proposals

    print(proposals(_version(registry)), end="")


@app.command(
    epilog="\b\nExample:\n  earnings-themes registry curate decisions.yaml --registry registry/mine\n"
    "  snakemake --cores all --forcerun themes --configfile q1.yaml     # a run takes the names in"
)
def curate(
    decisions: Annotated[Path, typer.Argument(metavar="FILE", help="A YAML of rename, note, hide, merge.")],
    registry: RegistryOption,
) -> None:
    """Apply people's decisions as a new version, with a table of what became of old ids."""
    from earnings_themes.registry import Registry
    from earnings_themes.registry.curate import MAPPINGS, read_decisions
    from earnings_themes.registry.curate import curate as apply

    try:
        text = decisions.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{decisions}: cannot be read ({error}). Expected a YAML of decisions.") from error
    named = apply(Registry(registry), read_decisions(text, str(decisions)), str(decisions))
    print(f"version {named.version.number}, {named.sha256[:12]}")
    print(f"what became of old ids: {registry.rstrip('/')}/{MAPPINGS}/{named.version.number:06d}.json")


_CHANGED = ("theme_id", "label", "state", "born", "share", "before")


def _changed(found: Sequence[Any]) -> list[tuple[Cell, ...]]:
    return [
        (
            each.theme.theme_id,
            each.theme.label,
            each.theme.state,
            each.theme.born,
            round(each.share, 4),
            round(each.before, 4),
        )
        for each in found
    ]


def _version(where: str) -> Any:
    from earnings_themes.registry import Registry

    if (found := Registry(where).current()) is None:
        raise RegistryError(
            f"{where}: no registry is there. Expected the folder that registry.path of a run's config names; the first run "
            "founds it."
        )
    return found.version


def _answer(
    header: Sequence[str], rows: list[tuple[Cell, ...]], format: str, flexible: Sequence[str] = ()
) -> None:
    if format == "json":
        render.write_json([dict(zip(header, row, strict=True)) for row in rows], sys.stdout)
    elif format == "csv":
        render.write_csv(header, rows, sys.stdout)
    elif not rows:
        print("none")
    else:
        columns = [Column(name, flexible=name in flexible) for name in header]
        for line in render.table(columns, rows, _width()):
            print(line)


def _width() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
