"""Rule topics: hands one firm to earnings_themes.topics.topics_job, in a warm process where there is one."""

import sys

from earnings_themes.topics import warm

if __name__ == "__main__":
    status = warm.call(
        "earnings_themes.topics.topics_job:run",
        {
            "config": snakemake.config,
            "firm": snakemake.wildcards.firm,
            "files": {
                name: getattr(snakemake.input, name) for name in ("firms", "transcripts", "embeddings")
            },
            "output": snakemake.output[0],
            "log": snakemake.log[0],
        },
    )
    if status:
        sys.exit(status)
