"""`earnings-themes ask`, `validate`, `dossier`: what a user, or a referee, asks of a run."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from earnings_themes.cli.base import (
    FileFormatOption,
    FolderArgument,
    SubjectOption,
    app,
    examples,
    print_table,
    run_folder,
)
from earnings_themes.cli.panel import form_of
from earnings_themes.cli.render import Column
from earnings_themes.config import SEED_THRESHOLD, read_config
from earnings_themes.errors import ConfigError

if TYPE_CHECKING:
    from earnings_themes.themes.seeds import Answer, Question

# Found themes that an answer is shown beside.
_MOST_SHARED = 5
_NOT_NAME = re.compile(r"[^A-Za-z0-9]+")
_LABEL = Column("label", flexible=True)


@app.command(
    epilog=examples(
        'ask "tariffs on steel" --run results/mine',
        'ask "tariffs on steel" --run results/mine --threshold .3 --out tariffs.csv',
        'ask "tariffs" "import duties" --name tariffs --run results/mine',
        "ask tariffs --run results/mine     a question of themes.seeds",
    )
)
def ask(
    question: Annotated[
        list[str],
        Argument(metavar="QUESTION...", help="Sentences or words, in quotes; or a name of themes.seeds."),
    ],
    run: Annotated[str, Option(metavar="RUN", help="A finished run's folder, on a disk or s3://.")],
    threshold: Annotated[
        float | None,
        Option(min=0, max=1, help=f"The least strength that counts.  [default: {SEED_THRESHOLD}]"),
    ] = None,
    name: Annotated[
        str | None,
        Option(metavar="NAME", help="Its name in the panel, seed-NAME.  [default: by its first words]"),
    ] = None,
    by: Annotated[
        Literal["call", "firm-quarter"], Option(help="With --out: what a row stands for.")
    ] = "call",
    out: Annotated[
        Path | None, Option(metavar="FILE", help="Write its panel, zeros included: a .csv, .parquet or .dta.")
    ] = None,
    format: FileFormatOption = None,
    config: Annotated[
        Path | None, Option(metavar="FILE", help="The run's config, where its encoder or space is your own.")
    ] = None,
) -> None:
    """Measure a question of your own in a run: sentences that are near to it in the run's subject space.

    Shown are the sentences just above the threshold and just below: raise it where those above are not about it, lower
    it where those below are. It overlaps with the themes that were found, and is never summed with them.
    """
    from earnings_themes.panel.build import build_panel
    from earnings_themes.panel.cuts import Cut, Wish
    from earnings_themes.panel.files import write_tables
    from earnings_themes.panel.themes import seed_row
    from earnings_themes.panel.written import Written
    from earnings_themes.themes import seeds

    form = form_of(out, format) if out else None
    where = run_folder(run)
    asked = _question(where, question, name, threshold)
    (answer,) = seeds.answer_questions(where, [asked], read_config(config).embedding if config else None)
    n_rows = 0
    if out and form:
        # Written before anything is shown, so that the file is there whatever reads the answer: a pager, head.
        with TemporaryDirectory() as scratch:
            build_panel(where, Path(scratch), None, [answer], alone=True)
            cut = Cut(Written(scratch, [seed_row(asked.theme_id, asked.name)]), Wish(by=by))
            n_rows = write_tables(cut.tables(), cut.columns, out, form)
    _print_answer(where, answer)
    if out:
        print(f"\n{out}: {n_rows:,} rows, by {by}")


def _question(where: str, texts: list[str], name: str | None, threshold: float | None) -> "Question":
    """Return what is asked: a question of the run's own by its name, or the texts."""
    from earnings_themes.themes.seeds import Question, asked_in

    known = {asked.name: asked for asked in asked_in(where)} if len(texts) == 1 else {}
    if texts[0] in known:
        own = known[texts[0]]
        return Question(own.name, own.texts, own.threshold if threshold is None else threshold)
    if not all(text.strip() for text in texts):
        raise ConfigError("the question is empty; expected words or a sentence, such as 'tariffs on steel'.")
    found = _NOT_NAME.sub("-", name or texts[0]).strip("-")[:40] or "question"
    return Question(found, tuple(texts), SEED_THRESHOLD if threshold is None else threshold)


def _print_answer(where: str, answer: "Answer") -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    from earnings_themes.panel.themes import read_found_themes
    from earnings_themes.results.artifacts import texts_of
    from earnings_themes.themes.seeds import overlap

    inside = answer.inside
    print(
        f"{answer.question.theme_id}: {inside.num_rows:,} sentences of {len(pc.unique(inside['firm_id'])):,} firms reach "
        f"the strength {answer.question.threshold:.2f}"
    )
    labels = {theme.theme_id: theme.label for theme in read_found_themes(where)}
    (shared,) = overlap(where, [answer])
    if inside.num_rows:
        none = inside.num_rows - sum(n for _, n in shared)
        print(f"\nThe themes that these settled in ({none:,} in none):")
        rows = [(theme, labels.get(theme), f"{n:,}") for theme, n in shared[:_MOST_SHARED]]
        print_table(["theme", _LABEL, "sentences"], rows)
    shown = answer.examples()
    texts = texts_of(f"{where}/transcripts.parquet", pa.concat_tables(shown)["sentence_id"].to_pylist())
    for side, table in zip(("above", "below"), shown, strict=True):
        if table.num_rows:
            print(f"\nJust {side} the threshold:")
            said = table.to_pylist()
            rows = [(row["firm_id"], f"{row['strength']:.3f}", texts[row["sentence_id"]]) for row in said]
            print_table(["firm", "strength", Column("sentence", wrapped=True)], rows)


@app.command(
    epilog=examples(
        "validate results/mine --against prisk.csv",
        "validate results/mine --against risk.csv --firm gvkey --value PRisk --out validity.csv",
    )
)
def validate(
    run: FolderArgument,
    against: Annotated[
        Path,
        Option(
            metavar="FILE", help="Your measure: CSV or Parquet with firm, quarter (2023Q1) or date, value."
        ),
    ],
    firm: Annotated[
        str, Option(metavar="COLUMN", help="The firm's column, in both: firm_id, or one of source.keep.")
    ] = "firm_id",
    value: Annotated[
        str | None, Option(metavar="COLUMN", help="The measure's column.  [default: the only other one]")
    ] = None,
    level: Annotated[
        int, Option(min=0, max=2, help="1: themes, 2: broad themes, 0: your own questions.")
    ] = 1,
    kind: SubjectOption = None,
    top: Annotated[int, Option(min=1, metavar="N", help="Themes that are shown, the nearest first.")] = 15,
    out: Annotated[Path | None, Option(metavar="FILE", help="Write every theme's figures (CSV).")] = None,
    seed: Annotated[int, Option(help="Of the placebo's shuffles.")] = 1,
) -> None:
    """Correlate firm-quarter exposures with a measure of your own: overall, within firms, within quarters, and a placebo.

    Rank correlations. The placebo deals your measure out again among the firms of each quarter, 999 times.
    """
    from earnings_themes.quality.against_measure import correlations, exposures, read_measure
    from earnings_themes.system.files import write_atomically

    measure = read_measure(against, firm, value)
    kinds = [] if kind is None and level == 0 else [str(each) for each in kind or ("subject",)]
    shares, themes = exposures(run_folder(run), firm, level, kinds)
    found = correlations(shares, measure, seed)
    labels = dict(themes)
    found.insert(1, "label", found["theme_id"].map(labels))
    if out:
        write_atomically(out, found.to_csv(index=False, lineterminator="\n"))
    figures = found[["rho", "placebo_low", "placebo_high"]].itertuples(index=False)
    found["cell"] = [_placed(*three) for three in figures]
    wide = found.pivot(index="theme_id", columns="way")
    order = wide["rho"]["overall"].abs().sort_values(ascending=False, kind="stable").index[:top]
    cells = wide["cell"][["overall", "within_firm", "within_quarter"]]
    p = wide["p_adjusted"]["overall"]
    rows = [(theme, labels[theme], *cells.loc[theme], f"{p[theme]:.3f}") for theme in order]
    n = int(found["n"].iloc[0])
    print(f"{n:,} firm-quarters of {len(shares):,} are in both; {len(themes):,} themes.")
    print("Rank correlation [95 % of the placebo], p adjusted for the number of themes:")
    print_table(["theme", _LABEL, "overall", "within firm", "within quarter", "p adj."], rows)


def _placed(rho: float, low: float, high: float) -> str:
    return "-" if rho != rho else f"{rho:.2f} [{low:.2f} {high:.2f}]".replace("0.", ".")


@app.command(epilog=examples("dossier results/mine"))
def dossier(
    run: Annotated[Path, Argument(metavar="RUN", help="A finished run's folder.")],
    encoder: Annotated[
        Literal["static", "packaged"] | None,
        Option(help="Find the themes of its vectors too.  [default: static, unless the run has it]"),
    ] = None,
) -> None:
    """Make a run's dossier whole: what a referee asks for, with a contents page.

    Rating sheets with keys, examples, themes without each tenth of the firms, other granularities, another encoder. Finding the
    themes again takes some fifteen times as long as finding them once. Rating sheets that are there stay.
    """
    from earnings_themes.quality.dossier.whole import lines_for_user, write_whole

    folder = Path(run_folder(str(run)))
    if not folder.is_dir():
        raise ConfigError(
            f"{run} is no folder of this disk. Copy a run in S3 here first: aws s3 sync {run} results/NAME."
        )
    for line in lines_for_user(write_whole(folder, encoder), folder):
        print(line)
