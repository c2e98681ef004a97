"""Rule themes: hands all firms' topics files to earnings_themes.theme_aggregator."""

from pathlib import Path

from earnings_themes.config import parse_config
from earnings_themes.job import job
from earnings_themes.results import encode_firm, read_firms
from earnings_themes.theme_aggregator import aggregate_files

if __name__ == "__main__":
    with job(snakemake.log[0]):
        config = parse_config(snakemake.config)
        folder = Path(snakemake.output[0]).parent / "topics"
        firms = read_firms(snakemake.input.firms)
        aggregate_files(
            run=config.run,
            firms=[(firm.firm_id, folder / f"{encode_firm(firm.firm_id)}.json") for firm in firms],
            output=Path(snakemake.output[0]),
            settings=config.themes,
            min_firm_coverage=config.reduce.min_firm_coverage,
            seed=config.seed,
        )
