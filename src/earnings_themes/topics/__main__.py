"""One firm's topics as a command: what rule topics calls, once for each firm.

A command and not a Snakemake script, because what Snakemake puts before a script loads Snakemake itself: .27 of the .4 CPU
seconds that such a job takes. The work is done in the warm process, which has everything loaded.
"""

import sys

from earnings_themes.topics import warm

if __name__ == "__main__":
    settings, firm, firms, transcripts, embeddings, output, log = sys.argv[1:]
    sys.exit(
        warm.call(
            "earnings_themes.topics.topics_job:run",
            {
                "settings": settings,
                "firm": firm,
                "files": {"firms": firms, "transcripts": transcripts, "embeddings": embeddings},
                "output": output,
                "log": log,
            },
        )
    )
