"""Rule panel: counts the run's sentences by call and theme; hands the run's folder to earnings_themes.panel, and begins its dossier."""

from pathlib import Path

from earnings_themes.config import parse_config
from earnings_themes.panel.make import make
from earnings_themes.quality.dossier.basic import write_basic
from earnings_themes.system.job import job

if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        out = Path(snakemake.output.panel).parent
        config = parse_config(snakemake.config)
        make(snakemake.params.folder, out, config.panel, config.themes.seeds, config.embedding)
        write_basic(snakemake.params.folder, out)
