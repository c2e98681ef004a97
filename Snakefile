"""Earnings calls in, topics a firm and themes across firms out: ingest → embed → topics → themes → panel → publish → report.

How each step works is in src/earnings_themes; here is only what depends on what.
"""

import sys

from snakemake.utils import min_version

min_version("9.0")

if sys.platform == "win32":
    raise WorkflowError(
        "This workflow runs on Linux, on macOS, and on Windows within WSL (wsl --install); not on Windows itself."
    )


# Not "config/config.yaml": Snakemake would look for it in the folder where it is called.
configfile: f"{workflow.basedir}/config/config.yaml"


include: "rules/common.smk"
include: "rules/ingest.smk"
include: "rules/topics.smk"
include: "rules/themes.smk"
include: "rules/panel.smk"
include: "rules/publish.smk"
include: "rules/report.smk"


rule all:
    default_target: True
    input:
        get_results,


onsuccess:
    # Not after a part of the run, as with --until.
    if workflow.is_main_process and "report.html" in folder_at(FOLDER).list():
        logger.info(f"\n{ending.succeeded(FOLDER)}")


onerror:
    if workflow.is_main_process:
        logger.error(f"\n{ending.failed(FOLDER, BEGAN)}")
