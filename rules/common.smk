"""What the rules share: the checked configuration, the run's folder, and the lists of firms and shards.

Nothing here opens a file while the Snakefile is parsed, because a worker parses it too, where the source
is not. The firm list is asked for inside input functions, which only the process that builds the DAG calls
for all firms; and so is the guard, before the first of the run's files is looked at.
"""

import atexit
import functools
import json
import os
import sys
import time
from pathlib import Path

from earnings_themes import __version__, config as settings
from earnings_themes.cloud import cancelling, made_with
from earnings_themes.system import interpreter, run_guard, scheduling
from earnings_themes.topics import warm
from earnings_themes.errors import EarningsThemesError
from earnings_themes.implementations import check_classes
from earnings_themes.ingest.firm_list import connect, known_firms
from earnings_themes.registry.reference import open_registry
from earnings_themes.results import ending
from earnings_themes.results.firms import decode_firm, encode_firm, shard_of
from earnings_themes.system.job import WORKFLOW_CODE, code_version
from earnings_themes.system.folders import folder_at

# Set by the process that schedules, kept by its workers: one with other code stops (job.py).
os.environ.setdefault(WORKFLOW_CODE, code_version())


envvars:
    WORKFLOW_CODE,


# A worker is told where the settings are, instead of each of them: they may hold a list of thousands of firms.
if address := config.pop("settings_at", None):
    config.clear()
    config.update(made_with.read_kept_config(address))
try:
    interpreter.make_callable()
except EarningsThemesError as error:
    raise WorkflowError(str(error)) from None


# What the shipped config names relative to the repository is found there too when Snakemake is called elsewhere.
settings.find_shipped_files(config, workflow.basedir)
# With --default-storage-provider every file of the run is in S3.
IN_S3 = workflow.storage_settings.default_storage_provider is not None
if IN_S3 and (job := config["reduce"].get("sagemaker")) and not job["run_uri"]:
    # The reduce reads the run where the other rules write it.
    prefix = workflow.storage_settings.default_storage_prefix.rstrip("/")
    job["run_uri"] = f"{prefix}/results/{config['run']}"

try:
    CONFIG = settings.parse_config(config)
    if workflow.is_main_process:
        # What is only a name so far: a worker does not look again, on whose disk the files may not be.
        check_classes(CONFIG)
        settings.check_files(CONFIG)
except EarningsThemesError as error:
    # A traceback through Snakemake's parser would bury the one line that matters.
    raise WorkflowError(str(error)) from None

# A log of a job that this call tried is not older.
BEGAN = time.time()
RUN = f"results/{CONFIG.run}"
# Where the run's files are: a folder here, or its address in S3.
FOLDER = (
    f"{workflow.storage_settings.default_storage_prefix.rstrip('/')}/{RUN}"
    if IN_S3
    else RUN
)
LOGS = f"{RUN}/logs"
BENCHMARKS = f"{RUN}/benchmarks"


# An image that holds envs/workflow.txt and the package; used only with --software-deployment-method apptainer.
container: f"docker://earnings-themes/firm-topic-processor:{__version__}"


if IN_S3:
    from earnings_themes.cloud import fewer_requests
    from snakemake_storage_plugin_s3 import StorageObject

    fewer_requests.spare(StorageObject, FOLDER, is_scheduler=workflow.is_main_process)
if IN_S3 and workflow.is_main_process:
    # The files named with --configfile are on this disk, and in no image.
    workflow.config_settings.configfiles = []
    workflow.config_settings.config_args = [
        f"settings_at={FOLDER}/{made_with.FOLDER}/{made_with.CONFIG}"
    ]
    made_with.keep(config)


# The firms' jobs of this workflow share a warm process; one that the user turned off stays off.
os.environ.setdefault(warm.VARIABLE, str(os.getpid()))
# They are commands of `python`.
interpreter.this_one_first()


# A character class, not a list of firms: joining 10,000 ids takes 43 s. Encoded ids hold nothing else.
wildcard_constraints:
    firm=r"[A-Za-z0-9_%-]+",
    shard=r"\d{4}",


def in_place(file):
    """Return a file of the run as an input that is read where it lies.

    In S3 Snakemake then only looks whether it is there, and the script gets its address: a job that needs one
    firm's part of a file, or a thousand small files, must not wait until all of it has been copied.
    """
    return storage.s3(f"{FOLDER}/{file}", retrieve=False) if IN_S3 else f"{RUN}/{file}"


def stop(error):
    """End the call with our own message: raised in an input function, Snakemake would bury it in a traceback of its own."""
    logger.error(f"Error: {error}")
    sys.exit(1)


@functools.cache
def guarded():
    """Take the run's folder for this call and mend it, if this process is about to run jobs on this disk."""
    if workflow.is_main_process:
        # What was half done when a call was killed is made again, as if --rerun-incomplete were given. While the
        # Snakefile is parsed there are no settings of the DAG yet.
        workflow.dag_settings.force_incomplete = True
    executes = workflow.is_main_process and workflow.executor_plugin is not None
    if executes and workflow.local_exec:
        scheduling.grow_with_jobs(workflow.scheduling_settings)
    try:
        if IN_S3 and workflow.is_main_process:
            remember(executes and not workflow.dryrun)
            if executes:
                executor = workflow.executor_plugin.executor
                cancelling.several_at_once(executor)
                fewer_requests.ask_anew_after_jobs(StorageObject, executor)
        if not executes or workflow.dryrun or IN_S3:
            return
        for found in run_guard.begin(Path(RUN)):
            logger.warning(found)
        # What the run was made with stays with it; a replication package needs it.
        settings.keep_config(config, Path(RUN, "config.yaml"))
    except EarningsThemesError as error:
        stop(error)


# The rules of which a dry run found no settings.
NOT_WRITTEN = set()


def remember(executes):
    """Compare what the run in S3 was made with to what it is now to be made with, and write what differs.

    A dry run writes nothing; it is told which rules would run.
    """
    scripts = Path(workflow.basedir) / "scripts"
    changed = made_with.write_differences(
        folder_at(FOLDER), config, scripts, registry_basis(), writes=executes
    )
    if not executes:
        NOT_WRITTEN.update(made_with.rules_without_settings(folder_at(FOLDER)))
        workflow.dag.forcerules |= {workflow.get_rule(name) for name in changed}
    if changed:
        logger.warning(
            f"The run {CONFIG.run} is there with other settings or other code for: {', '.join(changed)}. They run again."
        )


def made_with_settings(rule):
    """Return the file that is newer than a rule's results where they were made with something else; see made_with.

    On this disk Snakemake remembers a rule's parameters and code itself.
    """
    if not IN_S3:
        return []
    file = storage.s3(
        f"{FOLDER}/{made_with.FOLDER}/{rule}.json",
        retrieve=False,
    )

    def there(wildcards):
        guarded()
        # A dry run writes nothing, so before a run's first call there is no such file.
        return [] if rule in NOT_WRITTEN else [file]

    return there


def get_results(wildcards):
    """Return what a call is for: the files that nothing else is made from, and with them every other."""
    guarded()
    return [
        f"{RUN}/{name}" for name in ("report.html", "panel.parquet", "published.json")
    ]


@functools.cache
def firms():
    """Return the ids of the run's firms."""
    guarded()
    try:
        # A worker never asks the source: what it works on was made from firms.tsv.
        return known_firms(
            CONFIG.source, folder_at(FOLDER), is_final=workflow.remote_exec
        )
    except EarningsThemesError as error:
        stop(error)


def get_folder(wildcards):
    """Return where the run's files are; the rules that take them all read them from there."""
    return FOLDER


def in_report(file, category, title):
    """Return a file of the run as one that `snakemake --report FILE.zip` collects, with its caption."""
    return report(
        f"{RUN}/{file}",
        caption=f"captions/{Path(file).stem}.rst",
        category=category,
        labels={"file": title},
    )


@functools.cache
def registry_basis():
    """Return which version of the registry the run starts from, which is another one after a curation."""
    kept = CONFIG.registry
    if kept is None:
        return ""
    return open_registry(kept, CONFIG.embedding.model).basis(CONFIG.run, kept.mode)


def get_registry(wildcards):
    """Return the registry of a run and the version that it starts from: after a curation its themes are made again."""
    try:
        return CONFIG.registry and {"is": config["registry"], "basis": registry_basis()}
    except EarningsThemesError as error:
        raise WorkflowError(str(error)) from None


def get_source(wildcards):
    """Return the source where Snakemake is to notice its change; of a file here, get_source_version notices it."""
    guarded()
    if CONFIG.source.kind == "s3":
        return [storage.s3(CONFIG.source.path.rstrip("/"), retrieve=False)]
    if CONFIG.source.kind in ("local_csv", "wrds") and IN_S3:
        stop(
            f"source.kind is {CONFIG.source.kind}, but jobs in the cloud do not see {CONFIG.source.path}. "
            "Copy it to S3, and set source.kind: s3 and source.path: s3://bucket/key."
        )
    return []


def get_source_version(wildcards):
    """Return the digest of a source on this disk, and so a reason to read it again when it has changed.

    A file's time would not do: it may be older than the results, and the source has changed; or newer than the clock.
    """
    return "" if IN_S3 else connect(CONFIG.source).version()


# What a firm's job is told of the settings; alike for all firms.
FIRM_SETTINGS = json.dumps(
    {name: config[name] for name in ("run", "topics", "seed")}, default=str
)
VECTORS = [
    in_place(f"embeddings/{shard:04d}.parquet")
    for shard in range(CONFIG.embedding.shards)
]


def get_vectors(wildcards):
    """Return the file that holds the vectors of the firm's sentences."""
    return VECTORS[shard_of(decode_firm(wildcards.firm), len(VECTORS))]


def get_topics(wildcards):
    """Return the topics file of every firm that the themes are built from.

    That is every firm; but where `reduce.min_firm_coverage` below 1 is reached, first only those that are there. Once
    there are themes of all that are there, the missing ones are asked for again: one that succeeds now is taken in by
    this very call, and where none does the themes stay.
    """
    names = [f"{encode_firm(firm)}.json" for firm in firms()]
    if CONFIG.reduce.min_firm_coverage < 1:
        found = folder_at(FOLDER).child("topics").list()
        there = [name for name in names if name in found]
        themes = folder_at(FOLDER).list().get("themes.json")
        settled = themes is not None and all(
            found[name].modified <= themes.modified for name in there
        )
        enough = len(there) >= CONFIG.reduce.min_firm_coverage * len(names)
        if enough and not settled:
            names = there
    return [in_place(f"topics/{name}") for name in names]


def remove_left():
    """Remove what the executor aws-batch lost sight of, in this call or in one that was killed."""
    plugin = workflow.executor_plugin
    if plugin is not None and plugin.name == "aws-batch":
        from earnings_themes.cloud import leftovers as batch_leftovers

        prefix = workflow.storage_settings.default_storage_prefix
        for name in batch_leftovers.remove_left(prefix):
            logger.info(f"Removed {name}, which was left.")


# Not as onerror, which Snakemake skips where a job cannot be submitted.
if IN_S3 and workflow.is_main_process:
    atexit.register(remove_left)
