"""Makes every file of the report from a finished run's files."""

from pathlib import Path

from earnings_themes.quality.run_files import open_run
from earnings_themes.quality.summary import quality_report
from earnings_themes.quality.vectors import kept_embeddings
from earnings_themes.report.exposures import write_exposures
from earnings_themes.report.figures import draw_figures
from earnings_themes.report.html import render
from earnings_themes.report.page_data import gather
from earnings_themes.results import write_atomically, write_json


def build(run_dir: Path, labels: Path | None = None) -> None:
    """Write exposures.parquet, exposures.csv, quality.json, report.html and figures/ into results/{run}.

    labels: a CSV with the columns sentence_id and theme, to measure agreement with. Raises ResultError when
    a file of the run is missing or damaged, InputError when the labels cannot be read.
    """
    run = open_run(run_dir)
    exposures = run_dir / "exposures.parquet"
    write_exposures(run, exposures, run_dir / "exposures.csv")
    quality = quality_report(run_dir, labels, kept_embeddings(run_dir / "embeddings"))
    write_json(run_dir / "quality.json", quality)
    page = gather(run, exposures)
    draw_figures(page, run_dir / "figures")
    write_atomically(run_dir / "report.html", render(page, quality))
