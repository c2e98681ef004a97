"""Rule report: hands the run's folder to earnings_themes.report."""

from pathlib import Path

from earnings_themes.config import parse_config
from earnings_themes.job import job
from earnings_themes.report import build

if __name__ == "__main__":
    with job(snakemake.log[0]):
        labels = parse_config(snakemake.config).labels
        build(Path(snakemake.output.html).parent, Path(labels) if labels else None)
