"""Writes every file of the report from a finished run's files."""

import shutil
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from earnings_themes.quality.summary import quality_report
from earnings_themes.report.figures import draw_figures
from earnings_themes.report.html import BESIDE, listings, render
from earnings_themes.report.page_data import gather
from earnings_themes.results.artifacts import open_run, write_json
from earnings_themes.system.files import write_atomically
from earnings_themes.system.folders import folder_at
from earnings_themes.system.processes import pool

# What the report reads of a run, beside the files of its folder that the workflow brings.
_FOLDERS: Final = ("benchmarks", "benchmarks/topics", "benchmarks/embed")


def fetch_run(where: str, run_dir: Path) -> None:
    """Copy a run's files from S3, many at once; do nothing for a local run.

    The report reads every file in full. Raises CloudError.
    """
    if not where.startswith("s3://"):
        return
    folder = folder_at(where)
    folder.fetch(["transcripts.parquet", "panel.parquet", "calls.parquet"], run_dir)
    # What one firm's topics say of their making holds for all.
    topics = folder.child("topics")
    topics.fetch(sorted(topics.list())[:1], run_dir / "topics")
    for name in _FOLDERS:
        below = folder.child(name)
        below.fetch(below.list(), run_dir / name)


def build_report(
    run_dir: Path, labels: Path | None = None, where: str | None = None, workers: int = 1
) -> None:
    """Write quality.json, report.html, figures/ and, if the page has no room for every sentence, report/.

    labels: a CSV with sentence_id and theme, to compare with. where: the run's S3 address if run_dir is a
    copy; in S3 no report/ is written, because Snakemake must know a rule's files beforehand. workers: processes that draw.
    Raises ResultError for a damaged run, InputError for unreadable labels.
    """
    quality = quality_report(run_dir, labels)
    drawn = gather(open_run(run_dir), where), quality, run_dir / "figures"
    page = drawn[0]
    with pool(workers, *drawn) if workers > 1 else nullcontext() as processes:
        figures = draw_figures(*drawn, processes)
        write_json(run_dir / "quality.json", quality)
        # Those of a report with more themes would be of other numbers than the page beside them.
        shutil.rmtree(run_dir / BESIDE, ignore_errors=True)
        beside = not page.inside and not (where or "").startswith("s3://")
        for name, text in listings(page) if beside else ():
            write_atomically(run_dir / BESIDE / name, text)
        write_atomically(run_dir / "report.html", render(page, quality, dict(figures), beside))
