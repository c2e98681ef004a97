"""`earnings-themes sheet` and `score`: themes judged blind. See docs/rating.md."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer import Argument, Option

from earnings_themes.cli import render
from earnings_themes.cli.base import Format, app, examples, print_data, print_table, say
from earnings_themes.errors import ConfigError, ResultError

if TYPE_CHECKING:
    from earnings_themes.quality.ruler.figures import Figure
    from earnings_themes.quality.ruler.sheets import SheetWish


@app.command(
    epilog=examples(
        "sheet results/mine results/other --kind pairs --n 450 --out rating",
        "sheet results/mine bertopic=themes.csv --vectors results/mine/embeddings --recall 150 --out rating",
        "sheet results/mine --for 'supply chain' --out rating-of-one",
    )
)
def sheet(
    runs: Annotated[
        list[str],
        Argument(
            metavar="RUN...",
            help="A run's folder, or a table sentence_id,theme[,strength,label] of any tool; NAME=PATH names it.",
        ),
    ],
    out: Annotated[Path, Option(metavar="DIR", help="A new folder, for sheets/ and key/.")],
    kind: Annotated[Literal["pairs", "intruders", "labels"], Option(help="What is judged.")] = "pairs",
    themes: Annotated[
        list[str] | None,
        Option(
            "--for",
            metavar="THEME",
            help="Judge one theme, or a question of themes.seeds: sentences with and without it, each with a known "
            "probability; may be given several times.",
        ),
    ] = None,
    n: Annotated[
        int | None, Option("--n", min=1, help="Items a run, or a theme.  [default: 450 a run, 200 a theme]")
    ] = None,
    coverage: Annotated[
        float, Option(min=0.01, max=1, help="The surest share of the modelled sentences that counts.")
    ] = 0.5,
    transcripts: Annotated[
        Path | None,
        Option(metavar="FILE", help="The sentences that tables name.  [default: the first run's]"),
    ] = None,
    vectors: Annotated[
        Path | None,
        Option(
            metavar="FILE|DIR",
            help="One vector per sentence: adds the ceiling, the nearest sentences of two firms.",
        ),
    ] = None,
    recall: Annotated[
        int,
        Option(
            min=0,
            metavar="N",
            help="Pairs from each source elsewhere: words, random, neighbours where a run has embeddings.",
        ),
    ] = 0,
    neighbours: Annotated[
        Path | None,
        Option(
            metavar="FILE|DIR", help="Vectors for the pairs from elsewhere.  [default: a run's embeddings]"
        ),
    ] = None,
    second: Annotated[
        float, Option(min=0, max=1, help="Share of the items that a second rater gets too.")
    ] = 0.2,
    exclude: Annotated[
        list[Path] | None,
        Option(metavar="KEY", help="Keys or saved ratings whose pairs are not drawn again."),
    ] = None,
    seed: Annotated[int, Option(help="Same seed, same input: the same sheets.")] = 1,
) -> None:
    """Write sheets on which people judge themes without knowing whose they are.

    The sheets are for the raters, with the codebook; the key is not.
    """
    from earnings_themes.quality.ruler import inputs, sheets

    if themes:
        _sheet_of_themes(runs, themes, sheets.SheetWish("members", n or 200, seed=seed, second=second), out)
        return
    n = n or 450
    corpus, clusterings = inputs.read_runs(runs, transcripts)
    wish = sheets.SheetWish(kind, n, coverage, seed, second, recall)
    folders = [Path(spec.partition("=")[2] or spec) / "embeddings" for spec in runs]
    near = neighbours or next((folder for folder in folders if folder.is_dir()), None)
    both = ["sentence_id_a", "sentence_id_b"]
    rated = (inputs.read_table(path)[both].itertuples(index=False, name=None) for path in exclude or ())
    not_again = frozenset(frozenset(pair) for pairs in rated for pair in pairs)
    items, facts = sheets.draw_items(corpus, clusterings, wish, near, vectors, not_again)
    written = sheets.write_sheets(sheets.deal(items, wish), facts, corpus, out)
    for warning in sheets.warnings(facts):
        say(f"warning: {warning}")
    for name, run in facts["runs"].items():
        of = [item for item in items if item.arm == name]
        print(
            f"{render.plain(name)}: {len(of):,} items; {run['n_themes']:,} themes, "
            f"{run['effective_themes']:.0f} effective, {run['coverage']:.0%} of the modelled sentences"
        )
        if len(of) < n:
            say(
                f"warning: {name} has {len(of)} themes of five firms or so, fewer than the {n} items asked for."
            )
    _print_written(len(items), len(written), out)


def _sheet_of_themes(runs: list[str], wanted: list[str], wish: "SheetWish", out: Path) -> None:
    from earnings_themes.quality.ruler import inputs, members, sheets

    if len(runs) != 1 or not Path(runs[0]).is_dir():
        raise ConfigError(
            f"--for judges the themes of one run; found {', '.join(runs)}. Give one run's folder."
        )
    run = Path(runs[0])
    targets = members.targets(run, wanted)
    items = members.draw_members(run, targets, wish.n, wish.seed)
    told = members.rating_codebook(sheets.codebook_of("members"), targets)
    facts = members.facts(targets, wish.seed, run)
    corpus = inputs.read_judged(run / "transcripts.parquet")
    written = sheets.write_sheets(sheets.deal(items, wish), facts, corpus, out, told)
    for target in targets:
        of = [item for item in items if item.arm == target.theme_id]
        n_inside = sum(item.inside for item in of)
        print(
            f"{target.theme_id} ({render.plain(target.label)}): {len(of):,} sentences, {n_inside:,} with the theme and "
            f"{len(of) - n_inside:,} without"
        )
    _print_written(len(items), len(written), out)


def _print_written(n_items: int, n_sheets: int, out: Path) -> None:
    print(f"{n_items:,} items on {n_sheets} sheets: {out / 'sheets'}")
    print(f"The key, not for raters: {out / 'key' / 'key.csv'}")


@app.command(
    epilog=examples(
        "score rating/key rating/sheets/*.csv",
        "score rating/key rating/sheets/*.csv --save judged.csv",
        "score judged.csv --format json",
        "score rating-of-one/key rating-of-one/sheets/*.csv --run results/mine --corrected corrected.csv",
    )
    + """\n\n\b
Exit codes:
  0  answered
  1  the ratings are refused, or a file cannot be read; the message says why
  2  wrong usage"""
)
def score(
    ctx: typer.Context,
    key: Annotated[Path, Argument(metavar="KEY", help="key.csv, its folder, or ratings that --save wrote.")],
    ratings: Annotated[list[Path] | None, Argument(metavar="RATINGS...", help="The filled sheets.")] = None,
    save: Annotated[
        Path | None, Option(metavar="FILE", help="Keep the ratings as ids and scores, without text.")
    ] = None,
    run: Annotated[
        Path | None, Option(metavar="RUN", help="With --corrected: the run that the sheet was drawn of.")
    ] = None,
    corrected: Annotated[
        Path | None,
        Option(
            metavar="FILE",
            help="Of a sheet --for themes: write one row per call and theme with the count corrected by the ratings (CSV).",
        ),
    ] = None,
    anyway: Annotated[bool, Option("--anyway", help="Show the figures of ratings that are refused.")] = False,
    format: Annotated[Format | None, Option(help="Table for people, JSON, or CSV.  [default: table]")] = None,
) -> None:
    """Say how good the runs of a sheet are, side by side, with 90 % intervals.

    Refused are sheets with items that are not filled, whose random items score, or whose raters do not agree.
    """
    from earnings_themes.quality.ruler.figures import figures
    from earnings_themes.quality.ruler.ratings import read_rated
    from earnings_themes.quality.ruler.ratings import save as save_ratings
    from earnings_themes.quality.ruler.refusals import refusals

    rated = read_rated(key, ratings or [])
    found = figures(rated, _facts(key))
    refused = list(refusals(rated, found))
    for reason in refused:
        say(f"refused: {reason}")
    if refused and not anyway:
        raise ResultError(
            f"These ratings are refused, for {len(refused)} reason(s) given above. --anyway shows their figures."
        )
    if save:
        save_ratings(rated, save)
    if corrected:
        from earnings_themes.quality.ruler.correct import corrected_counts
        from earnings_themes.system.files import write_atomically

        if run is None:
            raise ConfigError("--corrected needs the run that the sheet was drawn of: --run results/NAME.")
        table = corrected_counts(run, rated)
        write_atomically(corrected, table.to_csv(index=False, lineterminator="\n"))
        say(f"{corrected}: {len(table):,} rows, a call and theme each")
    chosen = format or ctx.find_root().params.get("format") or "table"
    records = {"refused": refused, "figures": [asdict(figure) for figure in found]}
    header = ("part", "run", "name", "value", "low", "high", "n")
    if not print_data(chosen, records, header, [tuple(asdict(figure).values()) for figure in found]):
        _print_figures(found, rated["kind"].iloc[0])


def _facts(key: Path) -> dict[str, Any]:
    """What runs.json beside the key says, {} where it is not there."""
    path = (key if key.is_dir() else key.parent) / "runs.json"
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ResultError(
            f"{path} is no JSON ({error}). Restore it, or remove it: only the numbers of themes are in it."
        ) from error
    return facts


def _print_figures(found: "Sequence[Figure]", kind: str) -> None:
    from earnings_themes.quality.ruler.figures import MEASURES

    if kind == "members":
        _print_part(found, "theme", ("precision", "recall", "recall_floor", "true_sentences"))
        print(
            "\nfloor: recall if 3 in n of a stratum were about the theme where none of n was;\n"
            "the interval of recall knows nothing of those."
        )
        _print_raters(found)
        return
    measures = [*MEASURES[kind], *(["content_covered", "of_ceiling"] if kind == "pairs" else [])]
    _print_part(found, "run", measures, ("effective_themes", "coverage"))
    print()
    _print_part(found, "difference", MEASURES[kind])
    names = (x.name for x in found if x.part == "recall" and not x.name.endswith("_of_all"))
    if recall := list(dict.fromkeys(names)):
        print(
            "\nOf pairs from elsewhere that raters put together (p1: 1 or 2, p2: 2), the share that a run does:"
        )
        _print_part(found, "recall", recall)
    _print_raters(found)
    random = (f"{x.run} {_number(x.value)} of {x.n}" for x in found if x.part == "random")
    print(f"Random items by sheet: {', '.join(random)}")


def _print_raters(found: "Sequence[Figure]") -> None:
    print()
    for figure in found:
        if figure.part == "raters":
            who = {"all": "all", "same": "one rater, again", "two": "two raters"}[figure.run]
            print(f"{figure.name} ({who}): {_number(figure.value)} of {figure.n} items")


def _print_part(
    found: "Sequence[Figure]", part: str, measures: Iterable[str], facts: Iterable[str] = ()
) -> None:
    """Print one row per run (or theme) and one column per measure, `value [low high]`. facts: columns of a value alone."""
    by = {(x.run, x.name): x for x in found if x.part == part}
    if not by:
        return
    known = {name for _, name in by}
    facts, measures = ([name for name in names if name in known] for names in (facts, measures))
    rows = []
    for run in dict.fromkeys(run for run, _ in by):
        counted = by.get((run, measures[0]))
        n = (counted.n,) if counted and part in ("run", "theme") else ()
        plain = (_number(by[run, name].value) if (run, name) in by else None for name in facts)
        cells = (_cell(by.get((run, name)), part == "recall") for name in measures)
        rows.append((run, *n, *plain, *cells))
    heads = ["run" if part == "recall" else part, *(["items"] if part in ("run", "theme") else [])]
    names = (name.removeprefix("recall_").replace("_", " ") for name in (*facts, *measures))
    print_table([*heads, *names], rows)


def _cell(figure: "Figure | None", of_n: bool = False) -> str | None:
    if figure is None or figure.value is None:
        return None
    if figure.low is None or figure.high is None:
        return _number(figure.value)
    of = f" of {figure.n}" if of_n else ""
    return f"{_number(figure.value)} [{_number(figure.low)} {_number(figure.high)}]{of}"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}"
