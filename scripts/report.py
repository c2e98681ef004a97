"""Rule report: hands the run's folder, which it copies here from S3 where it is there, to earnings_themes.report."""

from pathlib import Path

from earnings_themes.config import parse_config
from earnings_themes.report import build_report, fetch_run
from earnings_themes.system.job import job

if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        labels = parse_config(snakemake.config).report.labels
        here = Path(snakemake.output.html).parent
        where = snakemake.params.folder
        fetch_run(where, here)
        build_report(here, Path(labels) if labels else None, where, workers=2)
