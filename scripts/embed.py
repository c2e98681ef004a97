"""Rule embed: hands one shard's firms to earnings_themes.embedding."""

from pathlib import Path

from earnings_themes.config import parse_config
from earnings_themes.embedding.shard import embed_shard
from earnings_themes.system.job import job

if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        config = parse_config(snakemake.config)
        embed_shard(
            transcripts=snakemake.input.transcripts,
            firms=Path(snakemake.input.firms),
            output=Path(snakemake.output[0]),
            shard=int(snakemake.wildcards.shard),
            settings=config.embedding,
            keep_procedural=config.topics.keep_procedural,
            threads=snakemake.threads,
        )
