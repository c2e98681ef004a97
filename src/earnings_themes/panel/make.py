"""Makes everything of the panel that a run leaves: the Parquet files, the codebook, and copies for spreadsheets and Stata."""

import logging
from collections.abc import Sequence
from pathlib import Path

from earnings_themes.config import Embedding, Panel, Seed
from earnings_themes.panel.build import build_panel
from earnings_themes.panel.count import Scoring
from earnings_themes.panel.cuts import Cut, Wish
from earnings_themes.panel.files import write_tables
from earnings_themes.panel.words import load_scorer, read_lists
from earnings_themes.panel.written import Written
from earnings_themes.themes.seeds import answer_questions, question_of, write_answers

log = logging.getLogger(__name__)


def make(
    where: str, out: Path, settings: Panel, seeds: Sequence[Seed] = (), embedding: Embedding | None = None
) -> int:
    """Make the panel's files of a run in `out`, panel.csv and panel.dta where it is small enough; return its rows.

    where: the run's folder, on a disk or s3://. In S3 there are no copies: `earnings-themes panel` writes them here. seeds,
    embedding: `themes.seeds`, and section `embedding`, by which they are encoded. Raises ConfigError where a word list or the
    class of the user's own cannot be used, ModelError where a question cannot be encoded as the run was, and ResultError
    where a file of the run is missing or damaged.
    """
    answers = answer_questions(where, [question_of(seed) for seed in seeds], embedding) if seeds else []
    for answer in answers:
        log.info(
            "%s: %s sentences reach %.2f. What lies just above and below: earnings-themes ask %s --run %s",
            answer.question.theme_id, f"{answer.inside.num_rows:,}", answer.question.threshold, answer.question.name, where,
        )  # fmt: skip
    write_answers(out, where, answers)
    n_rows = build_panel(
        where, out, Scoring(read_lists(settings.words), load_scorer(settings.score)), answers
    )
    small = n_rows <= settings.spreadsheet_rows and not where.startswith("s3://")
    for form in ("csv", "dta"):
        path = out / f"panel.{form}"
        # One of an earlier, smaller panel would be of other numbers than the Parquet beside it.
        path.unlink(missing_ok=True)
        if small:
            cut = Cut(Written(str(out)), Wish())
            write_tables(cut.tables(), cut.columns, path, form)
    if not small:
        log.info(
            "The panel has %s rows: no panel.csv and panel.dta (panel.spreadsheet_rows is %s). On request: "
            "earnings-themes panel %s --out panel.csv",
            f"{n_rows:,}",
            f"{settings.spreadsheet_rows:,}",
            where,
        )
    return n_rows
