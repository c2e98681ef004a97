"""`earnings-themes registry`: themes that last, over the quarters. See docs/registry.md."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from earnings_themes.cli import render
from earnings_themes.cli.base import (
    Format,
    app,
    examples,
    print_data,
    print_rows,
    print_table,
    terminal_width,
)
from earnings_themes.cli.render import Cell
from earnings_themes.config.settings import REFERENCE
from earnings_themes.errors import ConfigError, RegistryError

registry_app = typer.Typer(
    help="Themes that keep their ids over quarters: what is there, since when, and how much.",
    epilog=examples(
        "registry themes --registry registry/mine",
        "registry history r000017 --registry registry/mine",
        "registry firm 'Acme Corp' --registry s3://bucket/registry/mine --results s3://bucket/results",
        "registry new --registry registry/mine --format csv",
    ),
    rich_markup_mode=None,
)
app.add_typer(registry_app, name="registry")

RegistryOption = Annotated[
    str,
    Option(metavar="PATH|s3://…", help="The registry's folder, registry.path of the config; or reference."),
]
ResultsOption = Annotated[str, Option(metavar="DIR|s3://…", help="The folder that holds the runs' folders.")]
TableOption = Annotated[Format, Option(help="Table for people, JSON, or CSV.")]
RegistryRunOption = Annotated[
    str | None, Option(metavar="RUN", help="A run of the registry.  [default: the newest]")
]


@registry_app.command("themes")
def registered_themes(
    registry: RegistryOption,
    level: Annotated[int, typer.Option("--level", min=1, max=2, help="1: themes, 2: broad themes.")] = 1,
    format: TableOption = "table",
) -> None:
    """List the themes by id: state, when they were born, and how much the newest run says of each."""
    version = _version(registry)
    newest = version.runs[-1].run
    rows: list[tuple[Cell, ...]] = []
    for theme in version.fine if level == 1 else version.broad:
        last = next((seen for seen in theme.history if seen.run == newest), None)
        counts = (last.n_firms, last.n_sentences) if last else (0, 0)
        about = (theme.theme_id, theme.label, theme.kind, _state(theme), theme.born, theme.parent)
        rows.append((*about, *counts, theme.note))
    header = ("theme_id", "label", "kind", "state", "born", "parent", "n_firms", "n_sentences", "note")
    print_rows(format, header, rows, "label", "note")


@registry_app.command()
def history(
    theme: Annotated[str, Argument(metavar="THEME", help="Its id, its label, or a part of the label.")],
    registry: RegistryOption,
    results: ResultsOption = "results",
    format: TableOption = "table",
) -> None:
    """Show a theme over the quarters, and what was said of it then and now."""
    from earnings_themes.registry import history as past

    version = _version(registry)
    found = past.find(version, theme)
    moments = past.over_time(version, found)
    said = past.then_and_now(version, found, results)
    record = {name: value for name, value in asdict(found).items() if name not in ("centroid", "history")}
    record["parts"] = found.goes if found.parts else ()
    record["quarters"] = [asdict(each) for each in moments]
    record["sentences"] = {ran.run: [asdict(each) for each in sentences] for ran, sentences in said}
    header = ("run", "quarter", "n_firms", "share", "n_sentences", "born")
    rows = [
        (m.run, m.quarter, m.n_firms, round(m.share, 4), m.n_sentences, "born" if m.is_born else None)
        for m in moments
    ]
    if print_data(format, record, header, rows):
        return
    print(
        f"{found.theme_id}  {render.plain(found.label)}: {found.kind}, {_state(found)}, born in {found.born}\n"
    )
    print_table(header, rows)
    for ran, sentences in said:
        print(f"\n{ran.run} ({ran.quarter})")
        for each in sentences:
            print("\n".join(render.fold(f"  {each.firm_id}: {render.plain(each.text)}", terminal_width())))


@registry_app.command("firm")
def firm_history(
    firm: Annotated[str, Argument(metavar="FIRM", help="The firm's id or its name.")],
    registry: RegistryOption,
    results: ResultsOption = "results",
    format: TableOption = "table",
) -> None:
    """Show what a firm says of each theme, quarter after quarter."""
    from earnings_themes.registry.history import firm_over_time

    found = firm_over_time(_version(registry), firm, results)
    header = ("run", "quarter", "theme_id", "label", "n_sentences", "share")
    rows = [
        (each.run, each.quarter, each.theme_id, each.label, each.n_sentences, round(each.share, 4))
        for each in found
    ]
    print_rows(format, header, rows, "label")


@registry_app.command()
def new(registry: RegistryOption, run: RegistryRunOption = None, format: TableOption = "table") -> None:
    """List the themes that were born in a quarter, those of most firms first."""
    from earnings_themes.registry.history import changes

    found = [each for each in changes(_version(registry), run) if each.is_born]
    _print_changes(format, sorted(found, key=lambda each: -each.share))


@registry_app.command()
def fading(registry: RegistryOption, run: RegistryRunOption = None, format: TableOption = "table") -> None:
    """List the themes that fewer firms speak of than in the year before, those that lost most first.

    before: the mean share of firms in up to four runs before.
    """
    from earnings_themes.registry.history import changes

    found = [each for each in changes(_version(registry), run) if each.share < each.before]
    _print_changes(format, sorted(found, key=lambda each: each.share - each.before))


@registry_app.command("compare", epilog=examples("registry compare results/pooled --registry registry/mine"))
def compare_with_pooled(
    pooled: Annotated[
        Path, Argument(metavar="RUN", help="Folder of a run of all quarters at once, without a registry.")
    ],
    registry: RegistryOption,
    results: ResultsOption = "results",
    format: TableOption = "table",
) -> None:
    """Show how far the registry's quarters agree with one pooled run of the same calls, theme by theme.

    Runs of the registry whose folder is not there are left out. AMI counts the sentences that settled in both.
    """
    from earnings_themes.quality.over_time import against_pooled

    version = _version(registry)
    runs = [Path(results) / ran.run for ran in version.runs]
    found = against_pooled([run for run in runs if (run / "sentences.parquet").exists()], pooled)
    labels = {theme.theme_id: theme.label for theme in version.themes}
    header = ("theme_id", "label", "n_sentences", "pooled", "precision", "recall", "f1")
    rows = [
        (m.label, labels.get(m.label), m.n, m.theme_id, *(round(x, 4) for x in (m.precision, m.recall, m.f1)))
        for m in found.matches
    ]
    if print_data(format, asdict(found), header, rows):
        return
    print(
        f"{found.n_shared:,} sentences: {found.n_settled:,} settled in the registry, {found.n_settled_pooled:,} in the "
        f"pooled run; AMI {found.ami.value if found.ami.value is not None else float('nan'):.3f}\n"
    )
    print_table(header, rows)


@registry_app.command(epilog=examples("registry propose --registry registry/mine > decisions.yaml"))
def propose(registry: RegistryOption) -> None:
    """Print decisions to think about, as a YAML that `curate` takes: merges, splits, themes without a name.

    Every line is commented out: read the themes' sentences, then uncomment what you agree with.
    """
    from earnings_themes.registry.reference import registry_at
    from earnings_themes.themes.curate import proposals

    version = _version(registry)
    print(proposals(version, registry_at(registry).pasts(version)), end="")


@registry_app.command(
    epilog=examples("registry curate decisions.yaml --registry registry/mine")
    + "\n  snakemake --cores all --configfile q1.yaml     # the next run applies them"
)
def curate(
    decisions: Annotated[
        Path, Argument(metavar="FILE", help="A YAML of rename, note, kind, parent, hide, merge, split.")
    ],
    registry: RegistryOption,
) -> None:
    """Apply people's decisions as a new version, with a table of what became of old ids."""
    from earnings_themes.registry import Registry
    from earnings_themes.themes.curate import MAPPINGS, read_decisions
    from earnings_themes.themes.curate import apply_decisions as apply

    if registry == REFERENCE:
        raise RegistryError(
            "The registry that ships with the package stays as it is. Run with registry: {path: registry/mine, founded_on: "
            "reference}, and curate registry/mine."
        )
    try:
        text = decisions.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{decisions}: cannot be read ({error}). Expected a YAML of decisions.") from error
    read = read_decisions(text, str(decisions))
    named = apply(Registry(registry), read, str(decisions))
    print(f"version {named.version.number}, {named.sha256[:12]}")
    there = {theme.theme_id: theme for theme in named.version.themes}
    for whole in sorted(read.splits):
        for part in there[whole].goes:
            n = sum(seen.n_sentences for seen in there[part].history)
            print(f"{whole} → {part} {render.plain(there[part].label)}: {n:,} sentences until now")
    print(f"what became of old ids: {registry.rstrip('/')}/{MAPPINGS}/{named.version.number:06d}.json")


def _state(theme: Any) -> str:
    """Return a theme's state, or what a curator made of it."""
    return "hidden" if theme.hidden else f"now {' and '.join(theme.goes)}" if theme.goes else theme.state


def _print_changes(format: str, found: Sequence[Any]) -> None:
    of_theme = ("theme_id", "label", "state", "born")
    rows = [
        (*(getattr(each.theme, name) for name in of_theme), round(each.share, 4), round(each.before, 4))
        for each in found
    ]
    print_rows(format, (*of_theme, "share", "before"), rows, "label")


def _version(where: str) -> Any:
    from earnings_themes.registry.reference import registry_at

    if (found := registry_at(where).current()) is None:
        raise RegistryError(
            f"{where}: no registry is there. Expected the folder that registry.path of a run's config names; the first run "
            "founds it."
        )
    return found.version
