"""Makes every file of the report from a finished run's files."""

from pathlib import Path
from typing import Any, Final

from earnings_themes.quality.summary import quality_report
from earnings_themes.quality.vectors import kept_embeddings
from earnings_themes.report.figures import draw_figures
from earnings_themes.report.html import render
from earnings_themes.report.page_data import gather
from earnings_themes.results.artifacts import write_json
from earnings_themes.results.run_files import open_run
from earnings_themes.system.files import write_atomically
from earnings_themes.system.folders import folder_at
from earnings_themes.system.processes import pool

# What the report reads of a run, beside the small files directly in its folder.
_FOLDERS: Final = ("topics", "embeddings", "benchmarks", "benchmarks/topics", "benchmarks/embed")


def fetch_run(where: str, run_dir: Path) -> None:
    """Copy the files of a run that the report reads from S3, many at once; do nothing where they are on this disk.

    All of them are read, so none is read in place. Raises CloudError when AWS refuses.
    """
    if not where.startswith("s3://"):
        return
    folder = folder_at(where)
    folder.fetch(["transcripts.parquet"], run_dir)
    for name in _FOLDERS:
        below = folder.child(name)
        below.fetch(below.list(), run_dir / name)


def build(run_dir: Path, labels: Path | None = None) -> None:
    """Write quality.json, report.html and figures/ into results/{run}, which has its panel.parquet.

    labels: a CSV with the columns sentence_id and theme, to measure agreement with. Raises ResultError when
    a file of the run is missing or damaged, InputError when the labels cannot be read.
    """
    run = open_run(run_dir)
    # Measuring the quality takes a fifth of the time, and needs nothing of the page.
    with pool(1) as beside:
        measured = beside.submit(_quality, run_dir, labels)
        page = gather(run, run_dir / "panel.parquet")
        draw_figures(page, run_dir / "figures")
        quality = measured.result()
    write_json(run_dir / "quality.json", quality)
    write_atomically(run_dir / "report.html", render(page, quality))


def _quality(run_dir: Path, labels: Path | None) -> dict[str, Any]:
    return quality_report(run_dir, labels, kept_embeddings(run_dir / "embeddings"))
