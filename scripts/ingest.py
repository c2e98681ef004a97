"""Rule ingest: hands the source and the output paths to earnings_themes.ingest.transcripts."""

from pathlib import Path

from earnings_themes.config import parse_config
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.system.job import job

if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        config = parse_config(snakemake.config)
        ingest(
            source=config.source,
            transcripts=Path(snakemake.output.transcripts),
            firms=Path(snakemake.output.firms),
            report=Path(snakemake.output.report),
            workers=snakemake.threads,
            calls=Path(snakemake.output.calls),
            min_sentences=config.topics.min_sentences,
            keep_procedural=config.topics.keep_procedural,
        )
