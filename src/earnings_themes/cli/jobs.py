"""Commands that do work instead of looking up: both containers, cloud settings, comparison of runs.

Their imports are inside the functions, so that a look-up never waits for them.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from earnings_themes.cli.base import VersionOption, app, examples

ConfigOption = Annotated[str, Option(metavar="FILE|s3://…", help="The workflow's config.")]

_FIRM_CODES = """\b
Exit codes:
  0  the firm's topics are written; too little text, or none, is a result: see "status" in the file
  1  a bug, or the machine failed; the log has the traceback
  2  an argument, the config or the transcripts cannot be used
  3  the source holds no call of this firm (between source.start_date and end_date)
  4  AWS refused a request
  143  stopped from outside (SIGTERM)"""
_THEME_CODES = """\b
Exit codes:
  0  the themes are written, and published where a table was named
  1  a bug, or the machine failed; the log has the traceback
  2  an argument, the config, firms.tsv or the files as a whole cannot be used
  3  fewer firms than reduce.min_firm_coverage have a readable file
  4  AWS refused a request, or the table could not be written
  143  stopped from outside (SIGTERM)"""


@app.command(name="firm-topic-processor", epilog=_FIRM_CODES)
def firm_topic_processor(
    firm_id: Annotated[str, Option(metavar="F", help="The firm's companyid in the source.")],
    data_source: Annotated[str, Option(metavar="PATH|s3://…", help="The transcripts; replaces source.path.")],
    output_bucket: Annotated[
        str, Option(metavar="B", help="A bucket, or a local folder; ./NAME for a new one.")
    ],
    output_prefix: Annotated[
        str, Option(metavar="P", help="Where topics/{firm}.json goes in it, such as results/sample.")
    ],
    config: ConfigOption = "config/config.yaml",
    version: VersionOption = False,
) -> None:
    """Find the topics of one firm's earnings calls, and write them as topics/{firm}.json.

    Of the config, run, source, embedding, topics and seed are used.
    """
    from earnings_themes.cloud import firm_container
    from earnings_themes.cloud.container import exit_code_of

    raise typer.Exit(
        exit_code_of(
            lambda: firm_container.run_firm(config, firm_id, data_source, output_bucket, output_prefix)
        )
    )


@app.command(name="theme-aggregator", epilog=_THEME_CODES)
def theme_aggregator(
    input_bucket: Annotated[str, Option(metavar="B", help="A bucket, or a local folder.")],
    input_prefix: Annotated[
        str,
        Option(metavar="P", help="Where the run's firms.tsv and topics/ are in it, such as results/sample."),
    ],
    dynamodb_table: Annotated[
        str | None, Option(metavar="T", help="Publish to this table; without it, do not publish.")
    ] = None,
    config: ConfigOption = "config/config.yaml",
    output: Annotated[
        str, Option(metavar="DIR|s3://…", help="Where themes.json and reduce.json go.")
    ] = "results",
    message_file: Annotated[
        Path | None,
        Option(
            metavar="FILE",
            help="Leave the error's message here too; SageMaker shows /opt/ml/output/message as ExitMessage.",
        ),
    ] = None,
    version: VersionOption = False,
) -> None:
    """Cluster all firms' topics of a run into themes that cross firms.

    Of the config, run, themes, reduce.min_firm_coverage and seed are used.
    """
    from earnings_themes.cloud import theme_container
    from earnings_themes.cloud.container import exit_code_of

    raise typer.Exit(
        exit_code_of(
            lambda: theme_container.run_reduce(config, input_bucket, input_prefix, dynamodb_table, output),
            message_file,
        )
    )


@app.command(
    name="cloud-settings",
    epilog="\b\nExample:\n  terraform -chdir=terraform output -json | earnings-themes cloud-settings",
)
def cloud_settings() -> None:
    """Write config/cloud/ from Terraform's outputs on stdin; `make cloud-settings`."""
    from earnings_themes.cloud import settings

    for path in settings.write_from(sys.stdin.read()):
        print(f"wrote {path}")


@app.command(epilog=examples("compare results/baseline results/sample"))
def compare(
    runs: Annotated[
        list[Path], Argument(metavar="RUNS...", help="Folders of finished runs, such as results/sample.")
    ],
) -> None:
    """Print the figures, times and largest themes of finished runs side by side, as Markdown."""
    from earnings_themes.report.compare import compare_runs as compared

    print(compared(runs))
