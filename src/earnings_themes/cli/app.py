"""The commands of `earnings-themes`."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from itertools import starmap
from typing import Annotated, Any

import typer

from earnings_themes import __version__
from earnings_themes.abstractions import FirmView, Theme, ThemeStore
from earnings_themes.abstractions.records import Keywords
from earnings_themes.cli import fit, lookup, package, panel, questions, registry, render, ruler, wrds
from earnings_themes.cli.answers import all_sentences, broad_themes, named
from earnings_themes.cli.render import Cell, Column
from earnings_themes.cloud import cost
from earnings_themes.config import read_config
from earnings_themes.errors import ConfigError, EarningsThemesError, NotFoundError
from earnings_themes.quality.floor import is_unstable
from earnings_themes.stores import DEFAULT_STORE, open_store

PROGRAM = "earnings-themes"


class ThemeKind(StrEnum):
    """What a theme's sentences are."""

    subject = "subject"
    reporting = "reporting"
    procedure = "procedure"
    filler = "filler"


class Format(StrEnum):
    """How an answer is printed."""

    table = "table"
    json = "json"
    csv = "csv"


StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="sqlite:PATH|dynamodb:TABLE",
        help=f"Where the runs are published.  [default: {DEFAULT_STORE}]",
        envvar="EARNINGS_THEMES_STORE",
        show_envvar=True,
    ),
]
FormatOption = Annotated[
    Format | None,
    typer.Option("--format", help="Table for people, full records as JSON, or CSV.  [default: table]"),
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say on stderr how long the store took and what it consumed.")
]


def _complete_runs(ctx: typer.Context, incomplete: str) -> list[str]:
    return _complete(ctx, lambda store: [info.run for info in store.runs()], incomplete)


def _complete_themes(ctx: typer.Context, incomplete: str) -> list[str]:
    return _complete(
        ctx,
        lambda store: [theme.theme_id for info in store.runs() for theme in store.themes(info.run)],
        incomplete,
    )


def _complete(ctx: typer.Context, names: Callable[[ThemeStore], list[str]], incomplete: str) -> list[str]:
    url = ctx.params.get("store") or os.environ.get("EARNINGS_THEMES_STORE") or DEFAULT_STORE
    if not url.startswith("sqlite:"):
        return []  # pressing Tab must not cost money or wait for a network
    try:
        return [name for name in names(open_store(url, must_exist=True)) if name.startswith(incomplete)]
    except EarningsThemesError:
        return []


def _complete_firms(ctx: typer.Context, incomplete: str) -> list[str]:
    def names(store: ThemeStore) -> list[str]:
        run = ctx.params.get("run") or lookup.run_or_newest(store, None)
        return [name for firm in store.firms(run) for name in (firm.firm_id, firm.firm_name)]

    return _complete(ctx, names, incomplete)


RunOption = Annotated[
    str | None,
    typer.Option(
        "--run", metavar="RUN", help="A published run.  [default: the newest]", autocompletion=_complete_runs
    ),
]

app = typer.Typer(
    name=PROGRAM,
    help="Look up what firms talk about on their earnings calls: theme → topic → sentence → firm.",
    epilog="\b\nExamples:\n"
    "  earnings-themes themes --run sample              what all firms talk about\n"
    "  earnings-themes theme sample-001                 one theme: its firms, topics and sentences\n"
    "  earnings-themes firm 'Acme Corp'                 one firm, in every run\n"
    "  earnings-themes search tariffs --format csv      themes and sentences about a word\n"
    "  earnings-themes --store dynamodb:earnings-themes runs\n\n"
    "\b\nExit codes:\n"
    "  0  answered; nothing found by a search is an answer\n"
    "  1  no such run, theme, topic or firm, or the store cannot be read\n"
    "  2  wrong usage: an unknown command, option or value, or a missing argument",
    # Plain text: help that a pager, a log and a narrow terminal all show well, and no slow import.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(wrds.app, name="wrds")


@dataclass
class Settings:
    """The options that stand before the command; those after it win."""

    store: str | None = None
    format: Format | None = None
    verbose: bool = False


@dataclass
class Answer:
    """One answer in its three forms: the records, rows for a spreadsheet, and lines for people."""

    records: Any
    header: Sequence[str]
    rows: list[tuple[Cell, ...]]
    lines: Callable[[int | None], Iterator[str]]


@dataclass
class Question:
    """An open store and how its answer is to be printed."""

    store: ThemeStore
    format: Format
    answers: list[Answer] = field(default_factory=list)

    def answer(self, records: Any, header: Sequence[str], rows: list[tuple[Cell, ...]], lines: Any) -> None:
        self.answers.append(Answer(records, header, rows, lines))


@contextmanager
def _asking(
    ctx: typer.Context, store: str | None, format: Format | None, verbose: bool, run: str | None = None
) -> Iterator[Question]:
    """Open the store, let the command ask it, then print the answer and, where wanted, what it cost."""
    settings = ctx.find_object(Settings) or Settings()
    url = store or settings.store or DEFAULT_STORE
    started = time.monotonic()
    question = Question(open_store(url, must_exist=True), format or settings.format or Format.table)
    try:
        yield question
    except NotFoundError as error:
        if run is None:
            raise
        raise lookup.with_known_runs(question.store, run, error) from error
    seconds = time.monotonic() - started
    for answer in question.answers:
        _print(answer, question.format)
    if verbose or settings.verbose:
        consumed = question.store.capacity()
        units = "".join(f", {amount:g} {kind}" for kind, amount in (consumed or {}).items())
        print(f"{PROGRAM}: {url} answered in {seconds:.3f} s{units}", file=sys.stderr)


def _print(answer: Answer, format: Format) -> None:
    if format is Format.json:
        render.write_json(named(answer.records), sys.stdout)
    elif format is Format.csv:
        render.write_csv(answer.header, answer.rows, sys.stdout)
    else:
        # In a pipe nothing is cut: the next program may want the end of a line.
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in answer.lines(width):
            print(line)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"{PROGRAM} {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    ctx: typer.Context,
    store: StoreOption = None,
    format: FormatOption = None,
    verbose: VerboseOption = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    ctx.obj = Settings(store, format, verbose)


@app.command(
    name="cost", epilog="\b\nExample:\n  earnings-themes cost --firms 1000 --config config/config.yaml"
)
def cost_of_a_run(
    firms: Annotated[
        int, typer.Option("--firms", metavar="N", min=1, help="Firms of the run, one call each.")
    ],
    config: Annotated[
        str | None,
        typer.Option(
            "--config", metavar="FILE", help="A whole config; its reduce and embedding settings count."
        ),
    ] = None,
    format: FormatOption = None,
) -> None:
    """Estimate what a run costs in the cloud, and a month without one.

    From measured seconds and a table of list prices; docs/operating/cost.md shows both, and how old the prices are.
    """
    found = cost.estimate(firms, read_config(config) if config else None)
    idle = [
        (f"idle month, egress {kind}", cost.idle_month(kind, firms))
        for kind in ("public", "nat", "endpoints", "none")
    ]
    rows: list[tuple[Cell, ...]] = [(line.name, round(line.usd, 4), line.how) for line in found.lines]
    rows += [("together", found.total, f"at least {found.minutes:.0f} minutes")]
    rows += [(name, round(sum(line.usd for line in lines), 2), lines[0].how) for name, lines in idle]

    def lines(width: int | None) -> Iterator[str]:
        columns = [Column("part"), Column("US dollars"), Column("how", flexible=True)]
        yield from render.table(columns, [(name, f"{usd:,.4f}", how) for name, usd, how in rows], width)

    records = [{"part": part, "usd": usd, "how": how} for part, usd, how in rows]
    _print(Answer(records, ("part", "usd", "how"), rows, lines), format or Format.table)


@app.command(epilog="\b\nExample:\n  earnings-themes runs --format json")
def runs(
    ctx: typer.Context, store: StoreOption = None, format: FormatOption = None, verbose: VerboseOption = False
) -> None:
    """List the published runs, the newest first."""
    header = ("run", "firms", "themes", "topics", "sentences", "published_at", "version", "digest")
    with _asking(ctx, store, format, verbose) as ask:
        found = ask.store.runs()
        rows: list[tuple[Cell, ...]] = [
            (r.run, r.n_firms, r.n_themes, r.n_topics, r.n_sentences, r.published_at, r.version, r.digest)
            for r in found
        ]

        def lines(width: int | None) -> Iterator[str]:
            if not found:
                yield "No run has been published to this store yet. `make run` publishes the sample."
                return
            columns = [
                Column(name) for name in ("run", "firms", "themes", "topics", "sentences", "published (UTC)")
            ]
            yield from render.table(columns, [(*row[:5], _minute(str(row[5]))) for row in rows], width)

        ask.answer([asdict(info) for info in found], header, rows, lines)


@app.command(
    epilog="\b\nExamples:\n  earnings-themes themes --run sample\n"
    "  earnings-themes themes --kind subject\n"
    "  earnings-themes themes --level 2\n"
    "  earnings-themes themes --format csv > themes.csv"
)
def themes(
    ctx: typer.Context,
    run: RunOption = None,
    kind: Annotated[
        ThemeKind | None, typer.Option("--kind", help="Themes of this kind only.  [default: all]")
    ] = None,
    level: Annotated[
        int,
        typer.Option("--level", min=1, max=2, help="1: themes, of the store; 2: broad themes, of --folder."),
    ] = 1,
    folder: Annotated[
        str | None,
        typer.Option(
            "--folder", metavar="PATH|s3://…", help="The run's files, for --level 2.  [default: results/RUN]"
        ),
    ] = None,
    store: StoreOption = None,
    format: FormatOption = None,
    verbose: VerboseOption = False,
) -> None:
    """List a run's themes by rank.

    Subject matter comes first, then the talk about results, procedure and filler; in each, the themes of
    most firms. A * marks a stability under .6: such a theme is not to be trusted by itself.
    """
    header = (
        "rank",
        "theme_id",
        "kind",
        "label",
        "n_firms",
        "n_topics",
        "n_sentences",
        "stability",
        "keywords",
    )
    columns = [
        *(Column("rank"), Column("theme"), Column("kind", first_to_go=True), Column("label", flexible=True)),
        *(
            Column("firms"),
            Column("topics", first_to_go=True),
            Column("sentences"),
            Column("stability", right=True),
            Column("keywords", flexible=True, first_to_go=True),
        ),
    ]
    with _asking(ctx, store, format, verbose, run) as ask:
        run = lookup.run_or_newest(ask.store, run)
        listed = ask.store.themes(run) if level == 1 else broad_themes(run, folder)
        ranked = enumerate(listed, 1)
        found = [(rank, theme) for rank, theme in ranked if kind is None or theme.kind == kind]
        rows = [_theme_row(rank, theme) for rank, theme in found]

        def lines(width: int | None) -> Iterator[str]:
            of_kind = f" of kind {kind}" if kind else ""
            yield f"Run {run}: {_count(len(found), 'theme' if level == 1 else 'broad theme')}{of_kind}"
            if found:
                yield ""
                yield from render.table(columns, starmap(_marked, found), width)

        ask.answer([_listed(theme) for _, theme in found], header, rows, lines)


@app.command(
    epilog="\b\nExamples:\n  earnings-themes theme sample-001\n"
    "  earnings-themes theme 'supply chain' --run sample\n"
    "  earnings-themes theme 'supply chain' --sentences --format csv > said.csv"
)
def theme(
    ctx: typer.Context,
    theme: Annotated[
        str,
        typer.Argument(
            metavar="THEME",
            help="Its id as `themes` lists it, its label, or a part of the label.",
            autocompletion=_complete_themes,
        ),
    ],
    run: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help="The run whose labels are searched.  [default: the newest]",
            autocompletion=_complete_runs,
        ),
    ] = None,
    sentences: Annotated[
        bool, typer.Option("--sentences", help="All its sentences, the surest first, in place of its topics.")
    ] = False,
    store: StoreOption = None,
    format: FormatOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Show a theme.

    Its keywords, the firms and their topics, and its representative sentences; or all its sentences.
    """
    header = (
        *("theme_id", "theme_label", "firm_id", "firm_name", "topic_id", "label", "n_sentences"),
        "similarity",
    )
    with _asking(ctx, store, format, verbose, run) as ask:
        found = lookup.find_theme(ask.store, theme, run)
        names: dict[str, str] = {}
        if ask.format is not Format.json:
            of_run = lookup.run_of(ask.store, found, run)
            names = {firm.firm_id: firm.firm_name for firm in ask.store.firms(of_run)}
        if sentences:
            _answer_sentences(ask, found, names, lookup.run_of(ask.store, found, run))
            return
        rows: list[tuple[Cell, ...]] = [
            (
                found.theme_id,
                found.label,
                t.firm_id,
                names.get(t.firm_id),
                t.topic_id,
                t.label,
                t.size,
                t.similarity,
            )
            for t in found.topics
        ]

        def lines(width: int | None) -> Iterator[str]:
            yield f"{found.theme_id}  {render.plain(found.label)}"
            stable = "" if found.stability is None else f", stability {found.stability:.2f}"
            yield (
                f"{found.kind}: {_count(found.n_firms, 'firm')}, {_count(found.n_topics, 'topic')}, "
                f"{_count(found.n_sentences, 'sentence')}; cohesion {found.cohesion:.2f}{stable}"
            )
            yield from render.fold(f"keywords: {_words(found.keywords)}", width)
            yield ""
            columns = [
                *(Column("firm"), Column("name", flexible=True), Column("topic")),
                *(Column("label", flexible=True), Column("sentences"), Column("similarity")),
            ]
            yield from render.table(columns, [row[2:] for row in rows], width)
            if found.representative_sentences:
                yield ""
                sentences = [
                    (names.get(s.firm_id) or s.firm_id, s.topic_id, s.text)
                    for s in found.representative_sentences
                ]
                columns = [
                    Column("firm", flexible=True),
                    Column("topic"),
                    Column("representative sentence", wrapped=True),
                ]
                yield from render.table(columns, sentences, width)

        record = asdict(found)
        del record["centroid"]  # vectors are in themes.json, not in the store
        ask.answer(record, header, rows, lines)


def _answer_sentences(ask: Question, theme: Theme, names: dict[str, str], run: str) -> None:
    """Answer with every sentence that a run has of a theme. names: of its firms, by id."""
    header = (
        *("theme_id", "theme_label", "firm_id", "firm_name", "topic_id", "sentence_id", "speaker_type"),
        *("strength", "text"),
    )
    found = all_sentences(ask.store, theme, run)
    rows: list[tuple[Cell, ...]] = [
        (
            *(theme.theme_id, theme.label, said.firm_id, names.get(said.firm_id), said.topic_id),
            *(said.sentence_id, said.speaker_type, said.strength, said.text),
        )
        for said in found
    ]

    def lines(width: int | None) -> Iterator[str]:
        firms = _count(theme.n_firms, "firm")
        yield f"{theme.theme_id}  {render.plain(theme.label)}: {_count(len(found), 'sentence')}, {firms}"
        yield ""
        columns = [Column("strength"), Column("firm", flexible=True), Column("sentence", wrapped=True)]
        yield from render.table(columns, [(row[7], row[3] or row[2], row[8]) for row in rows], width)

    records = [{"theme_id": theme.theme_id, **asdict(said)} for said in found]
    ask.answer(records, header, rows, lines)


@app.command(
    epilog="\b\nExamples:\n  earnings-themes firms\n  earnings-themes firms --run sample --format csv"
)
def firms(
    ctx: typer.Context,
    run: RunOption = None,
    store: StoreOption = None,
    format: FormatOption = None,
    verbose: VerboseOption = False,
) -> None:
    """List a run's firms by id.

    A firm with too little text has no topics; its status says so.
    """
    header = ("firm_id", "firm_name", "status")
    with _asking(ctx, store, format, verbose, run) as ask:
        run = lookup.run_or_newest(ask.store, run)
        found = ask.store.firms(run)
        rows: list[tuple[Cell, ...]] = [(firm.firm_id, firm.firm_name, firm.status) for firm in found]

        def lines(width: int | None) -> Iterator[str]:
            yield f"Run {run}: {_count(len(found), 'firm')}"
            if found:
                yield ""
                columns = [Column("firm"), Column("name", flexible=True), Column("status")]
                shown = [(row[0], row[1], str(row[2]).replace("_", " ")) for row in rows]
                yield from render.table(columns, shown, width)

        ask.answer([asdict(firm) for firm in found], header, rows, lines)


@app.command(epilog="\b\nExample:\n  earnings-themes delete test-13 --yes")
def delete(
    ctx: typer.Context,
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="The run to remove.", autocompletion=_complete_runs)
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    store: StoreOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Remove a published run from the store.

    Its files in results/RUN stay, and `snakemake` publishes it again.
    """
    with _asking(ctx, store, None, verbose, run) as ask:
        known = {info.run: info for info in ask.store.runs()}
        if run not in known:
            raise NotFoundError(f"There is no run {run!r}.")
        info = known[run]
        what = f"{run}: {_count(info.n_firms, 'firm')}, {_count(info.n_themes, 'theme')}"
        if not yes and not _agreed(f"Remove {what} from the store?"):
            raise typer.Exit(1)
        ask.store.delete(run)
        print(f"removed {what}")


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise ConfigError("nobody is there to be asked; give --yes.")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


FirmArgument = Annotated[
    str,
    typer.Argument(
        metavar="FIRM", help="The firm's id, its name, or a part of the name.", autocompletion=_complete_firms
    ),
]


@app.command(epilog="\b\nExample:\n  earnings-themes topic 'Acme Corp' 3 --run sample")
def topic(
    ctx: typer.Context,
    firm: FirmArgument,
    number: Annotated[int, typer.Argument(metavar="N", help="The topic's number, as `firm` lists it.")],
    run: RunOption = None,
    store: StoreOption = None,
    format: FormatOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Show a topic of a firm.

    All its sentences, the best fitting first.
    """
    header = (
        *("run", "firm_id", "firm_name", "topic_id", "label", "theme_id"),
        *("sentence_id", "speaker_type", "strength", "text"),
    )
    with _asking(ctx, store, format, verbose, run) as ask:
        found = lookup.find_topic(ask.store, firm, number, lookup.run_or_newest(ask.store, run))
        of: tuple[Cell, ...] = (
            found.run,
            found.firm_id,
            found.firm_name,
            found.topic_id,
            found.label,
            found.theme_id,
        )
        rows = [(*of, s.sentence_id, s.speaker_type, s.probability, s.text) for s in found.sentences]

        def lines(width: int | None) -> Iterator[str]:
            firm_name, label = render.plain(found.firm_name), render.plain(found.label)
            yield f"{firm_name} ({found.firm_id}), topic {found.topic_id}: {label}"
            place = f"theme {found.theme_id}" if found.theme_id else "in no theme"
            reason = f" ({found.unassigned_reason})" if found.unassigned_reason else ""
            yield f"run {found.run}; {found.kind}; {_count(found.size, 'sentence')}; {place}{reason}"
            yield from render.fold(f"keywords: {_words(found.keywords)}", width)
            yield ""
            columns = [Column("strength"), Column("speaker"), Column("sentence", wrapped=True)]
            yield from render.table(columns, [(row[8], row[7], row[9]) for row in rows], width)

        ask.answer(asdict(found), header, rows, lines)


@app.command(
    epilog="\b\nExamples:\n  earnings-themes firm 0012 --run sample\n"
    "  earnings-themes firm 'Acme Corp'         in every run"
)
def firm(
    ctx: typer.Context,
    firm: FirmArgument,
    run: Annotated[
        str | None,
        typer.Option(
            "--run", metavar="RUN", help="One run only.  [default: every run]", autocompletion=_complete_runs
        ),
    ] = None,
    store: StoreOption = None,
    format: FormatOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Show what a firm talks about.

    Its themes, with their share of the firm's sentences, and its topics.
    """
    header = (
        *("run", "firm_id", "firm_name", "topic_id", "label", "kind", "n_sentences", "share"),
        *("theme_id", "theme_label", "unassigned_reason"),
    )
    with _asking(ctx, store, format, verbose, run) as ask:
        history = run is None
        views = (
            lookup.find_history(ask.store, firm) if run is None else [lookup.find_firm(ask.store, firm, run)]
        )

        def lines(width: int | None) -> Iterator[str]:
            for number, view in enumerate(views):
                if number:
                    yield ""
                yield from _firm_lines(view, width)

        records = [asdict(view) for view in views]
        rows = [row for view in views for row in _firm_rows(view)]
        ask.answer(records if history else records[0], header, rows, lines)


@app.command(
    epilog="\b\nExamples:\n  earnings-themes search tariffs\n  earnings-themes search supply chain --limit 50"
)
def search(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORDS...", help="All of them must be found.")],
    run: RunOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The most sentences to show.")] = 20,
    store: StoreOption = None,
    format: FormatOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Find themes and sentences by words.

    Themes whose label or keywords hold every word, in any form ("tariff" finds "tariffs"), and the
    sentences that do. A dynamodb store searches themes only.
    """
    header = ("run", "found", "theme_id", "label", "firm_id", "firm_name", "topic_id", "sentence_id", "text")
    wanted = " ".join(words)
    with _asking(ctx, store, format, verbose, run) as ask:
        found = ask.store.search(wanted, lookup.run_or_newest(ask.store, run), limit)
        rows: list[tuple[Cell, ...]] = [
            (found.run, "theme", theme.theme_id, theme.label, None, None, None, None, _words(theme.keywords))
            for theme in found.themes
        ]
        rows += [
            (
                found.run,
                "sentence",
                s.theme_id,
                None,
                s.firm_id,
                s.firm_name,
                s.topic_id,
                s.sentence_id,
                s.text,
            )
            for s in found.sentences
        ]

        def lines(width: int | None) -> Iterator[str]:
            if found.n_sentences is None:
                spoken = "this store does not search sentences"
            else:
                more = (
                    f", the best {len(found.sentences)} below"
                    if found.n_sentences > len(found.sentences)
                    else ""
                )
                spoken = f"{_count(found.n_sentences, 'sentence')}{more}"
            yield f"Run {found.run}, {wanted!r}: {_count(len(found.themes), 'theme')}; {spoken}"
            if found.themes:
                yield ""
                columns = [
                    *(Column("theme"), Column("kind"), Column("label", flexible=True)),
                    *(
                        Column("firms"),
                        Column("sentences"),
                        Column("keywords", flexible=True, first_to_go=True),
                    ),
                ]
                listed = [_theme_row(0, theme) for theme in found.themes]
                yield from render.table(columns, [(*row[1:5], row[6], row[8]) for row in listed], width)
            if found.sentences:
                yield ""
                columns = [
                    *(Column("theme"), Column("firm", flexible=True), Column("topic")),
                    Column("sentence", wrapped=True),
                ]
                hits = [(s.theme_id, s.firm_name, s.topic_id, s.text) for s in found.sentences]
                yield from render.table(columns, hits, width)

        record = asdict(found) | {"themes": [_listed(theme) for theme in found.themes]}
        ask.answer(record, header, rows, lines)


def _firm_lines(view: FirmView, width: int | None) -> Iterator[str]:
    yield f"{render.plain(view.firm_name)} ({view.firm_id}), run {view.run}: {_count(view.n_sentences, 'sentence')}"
    if view.status != "ok":
        yield f"no topics: {view.status.replace('_', ' ')}"
        return
    if view.themes:
        yield ""
        columns = [
            Column("theme"),
            Column("kind"),
            Column("label", flexible=True),
            Column("sentences"),
            Column("share"),
        ]
        shares = [(s.theme_id, s.kind, s.label, s.n_sentences, f"{s.share:.1%}") for s in view.themes]
        yield from render.table(columns, shares, width)
    yield ""
    columns = [
        *(Column("topic"), Column("kind"), Column("label", flexible=True)),
        *(Column("sentences"), Column("theme"), Column("keywords", flexible=True, first_to_go=True)),
    ]
    topics = [
        (t.topic_id, t.kind, t.label, t.size, t.theme_id or t.unassigned_reason, _words(t.keywords))
        for t in view.topics
    ]
    yield from render.table(columns, topics, width)


def _firm_rows(view: FirmView) -> list[tuple[Cell, ...]]:
    """Return a row a topic, and one row without a topic for a firm that has none."""
    labels = {share.theme_id: share.label for share in view.themes}
    of = (view.run, view.firm_id, view.firm_name)
    if not view.topics:
        return [(*of, None, None, None, None, None, None, None, view.status)]
    rows: list[tuple[Cell, ...]] = []
    for t in view.topics:
        share = t.size / view.n_sentences if view.n_sentences else 0.0
        theme = (t.theme_id, labels.get(t.theme_id or ""), t.unassigned_reason)
        rows.append((*of, t.topic_id, t.label, t.kind, t.size, share, *theme))
    return rows


def _theme_row(rank: int, theme: Theme) -> tuple[Cell, ...]:
    counts = (theme.n_firms, theme.n_topics, theme.n_sentences)
    return (rank, theme.theme_id, theme.kind, theme.label, *counts, theme.stability, _words(theme.keywords))


def _marked(rank: int, theme: Theme) -> tuple[Cell, ...]:
    """Return the theme's row for people, who see at its stability whether it can be trusted."""
    row = _theme_row(rank, theme)
    stability = "-" if theme.stability is None else f"{theme.stability:.2f}"
    return (*row[:7], f"{stability} {'*' if is_unstable(theme) else ' '}", row[8])


def _listed(theme: Theme) -> dict[str, Any]:
    """Return a theme of a list as a record, without the fields that only `theme` asks the store for."""
    unread = ("centroid", "firms", "topics", "representative_sentences")
    return {name: value for name, value in asdict(theme).items() if name not in unread}


def _words(keywords: Keywords) -> str:
    return ", ".join(word for word, _ in keywords)


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _minute(timestamp: str) -> str:
    return timestamp[:16].replace("T", " ")


ruler.register(app)
fit.register(app)
panel.register(app)
questions.register(app)
registry.register(app)
package.register(app)


def main(arguments: Sequence[str] | None = None, command: str | None = None) -> None:
    """Run the command and exit: 0, 1 for what is not found or cannot be read, 2 for wrong usage.

    command: one of the commands, as a program of its own, for the container that is called like it.
    """
    program = command or PROGRAM
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    # A terminal that cannot show a letter shows '?' instead of failing.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        run: Any = typer.main.get_command(app)
        if command:
            run = run.commands[command]
        code = run.main(
            args=arguments if arguments or command else ["--help"], prog_name=program, standalone_mode=False
        )
        sys.stdout.flush()
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else program
        message = _in_our_words(error).rstrip(" .")
        end = "" if message.endswith("?") else "."
        _fail(program, f"{message}{end} Try `{path} --help`.", error.exit_code)
    except ConfigError as error:
        _fail(program, str(error), 2)
    except EarningsThemesError as error:
        _fail(program, str(error), 1)
    except typer.Abort:
        _fail(program, "stopped.", 1)
    except BrokenPipeError:
        # `| head` has read enough. Python would complain while it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(code or 0)


def _in_our_words(error: typer.TyperException) -> str:
    """Return the message; where pydantic checked a value, without its way of saying so."""
    message = str(error.format_message())
    faults = getattr(error.__cause__, "errors", None)
    if faults is None:
        return message
    fault = faults()[0]
    option, _, _ = message.partition(": ")
    limit = next(iter(fault.get("ctx", {}).values()), "")
    said = {
        "int_parsing": f"{fault['input']!r} is no whole number",
        "float_parsing": f"{fault['input']!r} is no number",
        "greater_than_equal": f"{fault['input']!r} is too small; expected {limit} or more",
        "less_than_equal": f"{fault['input']!r} is too large; expected {limit} or less",
    }
    return f"{option}: {said.get(fault['type'], str(fault['msg']).removeprefix('Value error, '))}"


def _fail(program: str, message: str, code: int) -> None:
    print(f"{program}: {render.plain(message)}", file=sys.stderr)
    sys.exit(code)
