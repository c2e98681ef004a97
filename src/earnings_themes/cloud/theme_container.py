"""The reduce as one command, without Snakemake: all firms' topics become themes, and are published.

It is the entrypoint `theme-aggregator` of its container, does what rule `themes` does on one machine, and
publishes too, because it is near the files.

It reads and writes S3 itself: SageMaker's mounts belong to root, and this container does not run as root
(github.com/aws/sagemaker-python-sdk, issue 4764).
"""

import logging
import os
import tempfile
from pathlib import Path

from earnings_themes.cloud.container import read_config_from
from earnings_themes.system.folders import open_folder, s3_folder
from earnings_themes.themes.run import RECEIPT, SENTENCES, THEMES, reduce_run

log = logging.getLogger("earnings_themes")


def run_reduce(config: str, input_bucket: str, input_prefix: str, table: str | None, output: str) -> None:
    """Do what the command is asked for; cli/jobs.py says what each argument is. Raises as reduce_run does."""
    settings = read_config_from(config)
    folder = open_folder(input_bucket, input_prefix)
    workers = os.cpu_count() or 1
    if not output.startswith("s3://"):
        reduce_run(settings, folder, Path(output, THEMES), Path(output, RECEIPT), table, workers)
        return
    results = s3_folder(output)
    with tempfile.TemporaryDirectory() as scratch:
        reduce_run(settings, folder, Path(scratch, THEMES), Path(scratch, RECEIPT), table, workers)
        # The receipt last: where it is, everything is.
        for name in (SENTENCES, THEMES, RECEIPT):
            results.write(name, Path(scratch, name).read_bytes())
    log.info("wrote %s", results)
