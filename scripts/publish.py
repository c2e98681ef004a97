"""Rule publish: hands the run's files to earnings_themes.publish."""

from pathlib import Path

from earnings_themes.config import parse_config
from earnings_themes.folders import folder_at
from earnings_themes.job import job
from earnings_themes.publish import publish_files

if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        config = parse_config(snakemake.config)
        publish_files(
            run=config.run,
            folder=folder_at(snakemake.params.folder),
            firms=Path(snakemake.input.firms),
            themes=Path(snakemake.input.themes[0]),
            reduced=Path(snakemake.input.themes[1]),
            settings=config.publish,
            receipt=Path(snakemake.output[0]),
        )
