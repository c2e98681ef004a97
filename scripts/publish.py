"""Rule publish: hands the run's folder to earnings_themes.stores.publish."""

from pathlib import Path

from earnings_themes.config import parse_config
from earnings_themes.stores.publish import publish_files
from earnings_themes.system.folders import folder_at
from earnings_themes.system.job import job

if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        config = parse_config(snakemake.config)
        publish_files(
            config.run, folder_at(snakemake.params.folder), config.publish, Path(snakemake.output[0])
        )
