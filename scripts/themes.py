"""Rule themes: hands the run's folder to earnings_themes.themes, on this machine or on SageMaker."""

from pathlib import Path

from earnings_themes.config import parse_config
from earnings_themes.system.folders import folder_at
from earnings_themes.system.job import job
from earnings_themes.themes.run import reduce_run

if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        config = parse_config(snakemake.config)
        themes, receipt, _ = map(Path, snakemake.output)
        if config.reduce.backend == "sagemaker":
            # It loads boto3, which a machine without the cloud need not have.
            from earnings_themes.cloud.sagemaker import reduce_on_sagemaker

            # There the firms' files are near: published from here, all of them would have to come here.
            table = config.publish.table if config.publish.store == "dynamodb" else None
            reduce_on_sagemaker(snakemake.config, themes, receipt, table)
        else:
            reduce_run(config, folder_at(snakemake.params.folder), themes, receipt, workers=snakemake.threads)
