"""The commands that look things up in a store: runs, themes, theme, firms, topic, firm, search; and delete."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from typer import Argument, Option

from earnings_themes.abstractions import FirmView, Theme, ThemeStore
from earnings_themes.abstractions.records import Keywords, Kind
from earnings_themes.cli import lookup, render
from earnings_themes.cli.answers import all_sentences, broad_themes, with_names
from earnings_themes.cli.base import (
    FormatOption,
    RunOption,
    StoreOption,
    VerboseOption,
    app,
    complete_firms,
    complete_runs,
    complete_themes,
    examples,
    print_data,
    print_table,
    run_option,
    say,
    terminal_width,
)
from earnings_themes.cli.render import Cell, Column
from earnings_themes.errors import ConfigError, NotFoundError
from earnings_themes.quality.floor import is_unstable
from earnings_themes.stores import DEFAULT_STORE, open_store

_LABEL = Column("label", flexible=True)
_NAME = Column("name", flexible=True)
_FIRM = Column("firm", flexible=True)
_KEYWORDS = Column("keywords", flexible=True, first_to_go=True)
_SENTENCE = Column("sentence", wrapped=True)


@dataclass
class _Asked:
    """An open store, and how its answer is printed."""

    store: ThemeStore
    format: str

    def data(self, records: Any, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bool:
        """Print JSON or CSV, with each figure under the one name that it has in both. Return False for a table."""
        return print_data(self.format, with_names(records), header, rows)


@contextmanager
def _asking(
    ctx: typer.Context, store: str | None, format: str | None, verbose: bool, run: str | None = None
) -> Iterator[_Asked]:
    """Open the store for a command; then say, where wanted, how long it took. run: the one the user named."""
    before = ctx.find_root().params
    url = store or before.get("store") or DEFAULT_STORE
    started = time.monotonic()
    opened = open_store(url, must_exist=True)
    try:
        yield _Asked(opened, format or before.get("format") or "table")
    except NotFoundError as error:
        if run is None:
            raise
        raise lookup.with_known_runs(opened, run, error) from error
    if verbose or before.get("verbose"):
        units = "".join(f", {amount:g} {kind}" for kind, amount in (opened.capacity() or {}).items())
        say(f"{url} answered in {time.monotonic() - started:.3f} s{units}")


@app.command(epilog=examples("runs --format json"))
def runs(
    ctx: typer.Context, store: StoreOption = None, format: FormatOption = None, verbose: VerboseOption = False
) -> None:
    """List the published runs, the newest first."""
    header = ("run", "firms", "themes", "topics", "sentences", "published_at", "version", "digest")
    with _asking(ctx, store, format, verbose) as ask:
        found = ask.store.runs()
        rows = [
            (r.run, r.n_firms, r.n_themes, r.n_topics, r.n_sentences, r.published_at, r.version, r.digest)
            for r in found
        ]
        if ask.data([asdict(info) for info in found], header, rows):
            return
        if not found:
            print(lookup.NO_RUN)
            return
        shown = [(*row[:5], row[5][:16].replace("T", " ")) for row in rows]
        print_table([*header[:4], "their sentences", "published (UTC)"], shown)


@app.command(
    epilog=examples(
        "themes --run sample", "themes --kind subject", "themes --level 2", "themes --format csv > themes.csv"
    )
)
def themes(
    ctx: typer.Context,
    run: RunOption = None,
    kind: Annotated[Kind | None, Option(help="Themes of this kind only.  [default: all]")] = None,
    level: Annotated[
        int, Option(min=1, max=2, help="1: themes, of the store; 2: broad themes, of --folder.")
    ] = 1,
    folder: Annotated[
        str | None,
        Option(metavar="PATH|s3://…", help="The run's files, for --level 2.  [default: results/RUN]"),
    ] = None,
    store: StoreOption = None,
    format: FormatOption = None,
    verbose: VerboseOption = False,
) -> None:
    """List a run's themes by rank.

    Subject matter comes first, then the talk about results, procedure and filler; in each, the themes of
    most firms. A * marks a stability under .6: such a theme is not to be trusted by itself.
    """
    header = "rank theme_id kind label n_firms n_topics n_sentences stability keywords".split()
    with _asking(ctx, store, format, verbose, run) as ask:
        run = lookup.run_or_newest(ask.store, run)
        listed = ask.store.themes(run) if level == 1 else broad_themes(run, folder)
        found = [(rank, theme) for rank, theme in enumerate(listed, 1) if kind in (None, theme.kind)]
        rows = [_theme_row(rank, theme) for rank, theme in found]
        if ask.data([_listed(theme) for _, theme in found], header, rows):
            return
        of_kind = f" of kind {kind}" if kind else ""
        print(f"Run {run}: {_count(len(found), 'theme' if level == 1 else 'broad theme')}{of_kind}")
        shown = [(*row[:7], _marked(theme), row[8]) for row, (_, theme) in zip(rows, found, strict=True)]
        kind_of, topics = Column("kind", first_to_go=True), Column("topics", first_to_go=True)
        stability = Column("stability", right=True)
        columns = ("rank", "theme", kind_of, _LABEL, "firms", topics, "sentences", stability, _KEYWORDS)
        _print_below(columns, shown)


@app.command(
    epilog=examples(
        "theme sample-001",
        "theme 'supply chain' --run mine",
        "theme 'supply chain' --sentences --format csv > said.csv",
    )
)
def theme(
    ctx: typer.Context,
    theme: Annotated[
        str,
        Argument(
            metavar="THEME",
            help="Its id as `themes` lists it, its label, or a part of the label.",
            autocompletion=complete_themes,
        ),
    ],
    run: Annotated[
        str | None, run_option("The run whose labels are searched.  [default: the newest]")
    ] = None,
    sentences: Annotated[
        bool, Option("--sentences", help="All its sentences, the surest first, in place of its topics.")
    ] = False,
    store: StoreOption = None,
    format: FormatOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Show a theme.

    Its keywords, the firms and their topics, and its representative sentences; or all its sentences.
    """
    header = "theme_id theme_label firm_id firm_name topic_id label n_sentences similarity".split()
    with _asking(ctx, store, format, verbose, run) as ask:
        found = lookup.find_theme(ask.store, theme, run)
        of_run = lookup.run_of(ask.store, found, run)
        firms = ask.store.firms(of_run) if ask.format != "json" else []
        names = {firm.firm_id: firm.firm_name for firm in firms}
        if sentences:
            _answer_sentences(ask, found, names, of_run)
            return
        record = asdict(found)
        del record["centroid"]  # vectors are in themes.json, not in the store
        topics = [
            (t.firm_id, names.get(t.firm_id), t.topic_id, t.label, t.size, t.similarity) for t in found.topics
        ]
        if ask.data(record, header, [(found.theme_id, found.label, *topic) for topic in topics]):
            return
        stable = "" if found.stability is None else f", stability {found.stability:.2f}"
        print(f"{found.theme_id}  {render.plain(found.label)}")
        print(
            f"{found.kind}: {_count(found.n_firms, 'firm')}, {_count(found.n_topics, 'topic')}, "
            f"{_count(found.n_sentences, 'sentence')}; cohesion {found.cohesion:.2f}{stable}"
        )
        _print_keywords(found.keywords)
        print_table(["firm", _NAME, "topic", _LABEL, "sentences", "similarity"], topics)
        nearest = found.representative_sentences
        said = [(names.get(s.firm_id) or s.firm_id, s.topic_id, s.text) for s in nearest]
        _print_below([_FIRM, "topic", Column("representative sentence", wrapped=True)], said)


def _answer_sentences(ask: _Asked, theme: Theme, names: dict[str, str], run: str) -> None:
    """Answer with every sentence that a run has of a theme. names: of its firms, by id."""
    of = "theme_id theme_label firm_id firm_name topic_id"
    header = [*of.split(), "sentence_id", "speaker_type", "strength", "text"]
    found = all_sentences(ask.store, theme, run)
    rows: list[tuple[Cell, ...]] = []
    for s in found:
        place = (theme.theme_id, theme.label, s.firm_id, names.get(s.firm_id), s.topic_id)
        rows.append((*place, s.sentence_id, s.speaker_type, s.strength, s.text))
    if ask.data([{"theme_id": theme.theme_id, **asdict(said)} for said in found], header, rows):
        return
    firms = _count(theme.n_firms, "firm")
    print(f"{theme.theme_id}  {render.plain(theme.label)}: {_count(len(found), 'sentence')}, {firms}\n")
    shown = [(said.strength, names.get(said.firm_id) or said.firm_id, said.text) for said in found]
    print_table(["strength", _FIRM, _SENTENCE], shown)


@app.command(epilog=examples("firms", "firms --run sample --format csv"))
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
    with _asking(ctx, store, format, verbose, run) as ask:
        run = lookup.run_or_newest(ask.store, run)
        found = ask.store.firms(run)
        rows = [(firm.firm_id, firm.firm_name, str(firm.status)) for firm in found]
        if ask.data([asdict(firm) for firm in found], ("firm_id", "firm_name", "status"), rows):
            return
        print(f"Run {run}: {_count(len(found), 'firm')}")
        _print_below(["firm", _NAME, "status"], [(*row[:2], row[2].replace("_", " ")) for row in rows])


@app.command(epilog=examples("delete test-13 --yes"))
def delete(
    ctx: typer.Context,
    run: Annotated[str, Argument(metavar="RUN", help="The run to remove.", autocompletion=complete_runs)],
    yes: Annotated[bool, Option("--yes", "-y", help="Don't ask.")] = False,
    store: StoreOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Remove a published run from the store.

    Its files in results/RUN stay, and `snakemake` publishes it again.
    """
    with _asking(ctx, store, None, verbose, run) as ask:
        info = next((info for info in ask.store.runs() if info.run == run), None)
        if info is None:
            raise NotFoundError(f"There is no run {run!r}.")
        what = f"{run}: {_count(info.n_firms, 'firm')}, {_count(info.n_themes, 'theme')}"
        if not yes:
            if not sys.stdin.isatty():
                raise ConfigError("nobody is there to be asked; give --yes.")
            typer.confirm(f"Remove {what} from the store?", abort=True)
        ask.store.delete(run)
        print(f"removed {what}")


FirmArgument = Annotated[
    str,
    Argument(
        metavar="FIRM", help="The firm's id, its name, or a part of the name.", autocompletion=complete_firms
    ),
]


@app.command(epilog=examples("topic Corrandale 3 --run sample"))
def topic(
    ctx: typer.Context,
    firm: FirmArgument,
    number: Annotated[int, Argument(metavar="N", help="The topic's number, as `firm` lists it.")],
    run: RunOption = None,
    store: StoreOption = None,
    format: FormatOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Show a topic of a firm.

    All its sentences, the best fitting first.
    """
    of = ("run", "firm_id", "firm_name", "topic_id", "label", "theme_id")
    header = (*of, "sentence_id", "speaker_type", "strength", "text")
    with _asking(ctx, store, format, verbose, run) as ask:
        found = lookup.find_topic(ask.store, firm, number, lookup.run_or_newest(ask.store, run))
        start = [getattr(found, name) for name in of]
        rows = [(*start, s.sentence_id, s.speaker_type, s.probability, s.text) for s in found.sentences]
        if ask.data(asdict(found), header, rows):
            return
        firm_name, label = render.plain(found.firm_name), render.plain(found.label)
        print(f"{firm_name} ({found.firm_id}), topic {found.topic_id}: {label}")
        place = f"theme {found.theme_id}" if found.theme_id else "in no theme"
        reason = f" ({found.unassigned_reason})" if found.unassigned_reason else ""
        print(f"run {found.run}; {found.kind}; {_count(found.size, 'sentence')}; {place}{reason}")
        _print_keywords(found.keywords)
        shown = [(s.probability, s.speaker_type, s.text) for s in found.sentences]
        print_table(["strength", "speaker", _SENTENCE], shown)


@app.command(epilog=examples("firm 0047190 --run sample", "firm Corrandale           in every run"))
def firm(
    ctx: typer.Context,
    firm: FirmArgument,
    run: Annotated[str | None, run_option("One run only.  [default: every run]")] = None,
    store: StoreOption = None,
    format: FormatOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Show what a firm talks about.

    Its themes, with their share of the firm's sentences, and its topics.
    """
    of_topic = "run firm_id firm_name topic_id label kind n_sentences share"
    header = [*of_topic.split(), "theme_id", "theme_label", "unassigned_reason"]
    with _asking(ctx, store, format, verbose, run) as ask:
        views = [lookup.find_firm(ask.store, firm, run)] if run else lookup.find_history(ask.store, firm)
        records = [asdict(view) for view in views]
        rows = [row for view in views for row in _firm_rows(view)]
        if ask.data(records[0] if run else records, header, rows):
            return
        for number, view in enumerate(views):
            if number:
                print()
            _print_firm(view)


@app.command(epilog=examples("search tariffs", "search supply chain --limit 50"))
def search(
    ctx: typer.Context,
    words: Annotated[list[str], Argument(metavar="WORDS...", help="All of them must be found.")],
    run: RunOption = None,
    limit: Annotated[int, Option("--limit", "-n", min=1, help="The most sentences to show.")] = 20,
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
        for s in found.sentences:
            place = (s.firm_id, s.firm_name, s.topic_id, s.sentence_id)
            rows.append((found.run, "sentence", s.theme_id, None, *place, s.text))
        record = asdict(found) | {"themes": [_listed(theme) for theme in found.themes]}
        if ask.data(record, header, rows):
            return
        spoken = "this store does not search sentences"
        if found.n_sentences is not None:
            n = len(found.sentences)
            best = f", the best {n} below" if found.n_sentences > n else ""
            spoken = f"{_count(found.n_sentences, 'sentence')}{best}"
        print(f"Run {found.run}, {wanted!r}: {_count(len(found.themes), 'theme')}; {spoken}")
        listed = [_theme_row(0, theme) for theme in found.themes]
        shown = [(*row[1:5], row[6], row[8]) for row in listed]
        _print_below(["theme", "kind", _LABEL, "firms", "sentences", _KEYWORDS], shown)
        hits = [(s.theme_id, s.firm_name, s.topic_id, s.text) for s in found.sentences]
        _print_below(["theme", _FIRM, "topic", _SENTENCE], hits)


def _print_firm(view: FirmView) -> None:
    print(
        f"{render.plain(view.firm_name)} ({view.firm_id}), run {view.run}: {_count(view.n_sentences, 'sentence')}"
    )
    if view.status != "ok":
        print(f"no topics: {view.status.replace('_', ' ')}")
        return
    shares = [(s.theme_id, s.kind, s.label, s.n_sentences, f"{s.share:.1%}") for s in view.themes]
    _print_below(["theme", "kind", _LABEL, "sentences", "of all"], shares)
    print()
    topics = [
        (t.topic_id, t.kind, t.label, t.size, t.theme_id or t.unassigned_reason, _words(t.keywords))
        for t in view.topics
    ]
    print_table(["topic", "kind", _LABEL, "sentences", "theme", _KEYWORDS], topics)


def _firm_rows(view: FirmView) -> list[tuple[Cell, ...]]:
    """Return one row per topic, and one row without a topic for a firm that has none."""
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


def _marked(theme: Theme) -> str:
    """Return the theme's stability, with a star where it is too low to trust the theme."""
    stability = "-" if theme.stability is None else f"{theme.stability:.2f}"
    return f"{stability} {'*' if is_unstable(theme) else ' '}"


def _listed(theme: Theme) -> dict[str, Any]:
    """Return a theme of a list as a record, without the fields that only `theme` asks the store for."""
    unread = ("centroid", "firms", "topics", "representative_sentences")
    return {name: value for name, value in asdict(theme).items() if name not in unread}


def _print_below(columns: Sequence[Column | str], rows: Sequence[Sequence[Cell]]) -> None:
    """Print a table after an empty line, or nothing where there is no row."""
    if rows:
        print()
        print_table(columns, rows)


def _print_keywords(keywords: Keywords) -> None:
    print("\n".join(render.fold(f"keywords: {_words(keywords)}", terminal_width())) + "\n")


def _words(keywords: Keywords) -> str:
    return ", ".join(word for word, _ in keywords)


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
