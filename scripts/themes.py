"""Rule themes: hands all firms' topics files to earnings_themes.theme_aggregator, here or on SageMaker."""

from pathlib import Path

from earnings_themes.config import parse_config
from earnings_themes.job import job
from earnings_themes.reduce.folders import LocalFolder
from earnings_themes.reduce.reader import TopicsReader
from earnings_themes.results import read_firms
from earnings_themes.theme_aggregator import aggregate_files

if __name__ == "__main__":
    with job(snakemake.log[0]):
        config = parse_config(snakemake.config)
        output = Path(snakemake.output[0])
        firms = [firm.firm_id for firm in read_firms(snakemake.input.firms)]
        aggregate_files(
            run=config.run,
            firms=TopicsReader(LocalFolder(output.parent / "topics"), firms, config.run),
            output=output,
            settings=config.themes,
            min_firm_coverage=config.reduce.min_firm_coverage,
            seed=config.seed,
        )
