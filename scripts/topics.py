"""Rule topics: hands one firm to earnings_themes.firm_processor."""

from pathlib import Path

from earnings_themes.config import parse_config
from earnings_themes.firm_processor import process_firm_files
from earnings_themes.job import job
from earnings_themes.results import decode_firm

if __name__ == "__main__":
    with job(snakemake.log[0]):
        config = parse_config(snakemake.config)
        process_firm_files(
            run=config.run,
            firm_id=decode_firm(snakemake.wildcards.firm),
            firms=Path(snakemake.input.firms),
            transcripts=Path(snakemake.input.transcripts),
            embeddings=Path(snakemake.input.embeddings),
            output=Path(snakemake.output[0]),
            settings=config.topics,
            seed=config.seed,
        )
