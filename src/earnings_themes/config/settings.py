"""Every setting of config.yaml: one class per section, one line per setting.

To add a setting, add it here and run `make docs`: config/config.yaml, its JSON schema and docs/settings.md follow.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field
from pydantic.dataclasses import dataclass

from earnings_themes.config.fields import (
    CLOSED,
    Day,
    Flag,
    NamesOrNull,
    Number,
    Paths,
    Text,
    TextOrNull,
    TextsOrNull,
    Whole,
    setting,
)

# Of `themes.seeds`, and of `earnings-themes ask`.
SEED_THRESHOLD: Final = 0.45
# Of `registry.path` and `registry.founded_on`: the registry that ships with the package.
REFERENCE: Final = "reference"

SubnetId = Annotated[str, Field(pattern="^subnet-[0-9a-f]+$")]
SecurityGroupId = Annotated[str, Field(pattern="^sg-[0-9a-f]+$")]
TagValue = Annotated[str, Field(max_length=256)]


@dataclass(frozen=True, slots=True, config=CLOSED)
class Limits:
    """Beyond one the run stops before any model is loaded; docs/limits.md has where each comes from."""

    file_mb: Whole = setting(4000, "MB of text, decompressed", ge=1)
    # The csv module takes no larger number, and a cell is read on for a hundred times its limit.
    cell_characters: Whole = setting(1_000_000, "characters of a speaker turn", ge=1, le=100_000_000)
    sentences_a_firm: Whole = setting(20_000, "sentences of a firm between the dates", ge=1)
    firms: Whole = setting(10_000, "firms of a run", ge=1)


@dataclass(frozen=True, slots=True, config=CLOSED)
class Source:
    """Where the transcripts are, how they are read, and which are used."""

    kind: str = setting(
        "local_csv",
        "files on this disk; or s3; wrds: what `earnings-themes wrds pull` wrote; package.module:Class: your own DataConnector",
        expected="local_csv, s3, wrds, or package.module:Class",
        min_length=1,
    )
    path: Paths = setting(
        "data/sample_calls.csv",
        "CSV (also .gz, .bz2, .xz, .zip), .parquet, .xlsx or .dta; a folder, a glob or a list of these; "
        "with kind s3: s3://bucket/key or a prefix",
        expected="the path of the transcripts, or a list of paths",
        min_length=1,
    )
    start_date: Day = setting(
        None,
        "first day that counts, YYYY-MM-DD; null: open",
        expected="a date as YYYY-MM-DD, or null",
    )
    end_date: Day = setting(
        None, "last day that counts; null: open", expected="a date as YYYY-MM-DD, or null"
    )
    firms: tuple[Text, ...] | None = setting(
        None,
        "ids to keep, in quotes where they begin with a zero; null: all",
        expected="a list of firm ids in quotes (so that leading zeros stay), or null for all",
        min_length=1,
    )
    columns: NamesOrNull = setting(
        dict,
        "what your files call a column: {companyid: gvkey} (docs/input.md)",
        expected="a mapping of a column's name to what your files call it, such as {companyid: gvkey}; or null",
    )
    keep: TextsOrNull = setting(
        (),
        "your columns for the panel: [gvkey, permno, sic]; one value per call",
        expected="a list of your files' columns to carry to the panel, such as [gvkey, permno]; or null",
    )
    date_format: str | None = setting(
        None,
        'for dates such as 05/06/2023, which could be two days: "%m/%d/%Y"; null: ISO, SAS, names of months',
        expected='how days are written, in strftime\'s letters, in quotes, such as "%m/%d/%Y"; or null',
        pattern="%",
    )
    time_zone: str = setting(
        "America/New_York",
        "a call whose time (UTC) is known gets its day in this zone",
        expected="a time zone such as America/New_York",
        min_length=1,
    )
    max_lost: Number = setting(
        0.05,
        "the run stops if a larger share of rows, 0 to 1, has unreadable dates",
        expected="a share of rows from 0 to 1, such as 0.05",
        ge=0,
        le=1,
    )
    version: Literal["latest", "earliest"] = setting(
        "latest", "the version of a call that counts; or earliest"
    )
    two_firms: Literal["join", "refuse"] = setting(
        "join", "a call under two firms counts for the first; refuse: the run stops and names them"
    )
    limits: Limits = setting(Limits, "beyond one the run stops before any model is loaded (docs/limits.md)")


@dataclass(frozen=True, slots=True, config=CLOSED)
class Embedding:
    """How a sentence becomes a vector."""

    model: str = setting(
        "packaged",
        "all-MiniLM-L6-v2, shipped; static: word vectors alone, encoding some 300 times faster; a Hugging Face name; or a folder",
        expected="packaged, static, a hub name such as sentence-transformers/all-mpnet-base-v2, or a folder",
        min_length=1,
    )
    space: str | None = setting(
        None,
        "a subject space that `earnings-themes fit` made; null: the packaged one",
        expected="the file of a subject space, or null for the packaged one",
        file=(),
    )
    device: str = setting(
        "auto",
        "auto: the first of cuda, mps (Apple) and cpu that is there; or one of these, or cuda:1; GPUs use half precision",
        expected="auto, cpu, mps, cuda, or cuda and a number such as cuda:0",
        pattern=r"^(auto|cpu|mps|cuda(:[0-9]+)?)$",
    )
    batch_size: Whole = setting(
        16,
        "sentences of 32 tokens in one encoder call, fewer of longer ones; no vector depends on its neighbours",
        ge=1,
        le=1024,
    )
    cache: str | None = setting(
        "results/.cache",
        "folder on this disk for all runs' vectors, so no sentence is encoded twice; null: none",
        expected="a folder on this disk, or null for no cache",
        min_length=1,
    )
    shards: Whole = setting(
        1,
        "encoding jobs; 1 fills a laptop; on a cluster one for 20 to 50 firms",
        ge=1,
        le=9999,
    )
    cache_mb: Whole | None = setting(
        4000,
        "MB of the cache, some 850,000 sentences; the longest unused go first; null: no limit",
        expected="the most megabytes the cache may have, a whole number from 1, or null for no limit",
        ge=1,
    )


@dataclass(frozen=True, slots=True, config=CLOSED)
class TopicSettings:
    """The map: which model, and which sentences and firms it sees."""

    model: str = setting(
        "bertopic",
        "or lda (after `make lda`), neural, or package.module:Class: your own TopicModelInterface",
        expected="bertopic, lda, neural, or package.module:Class",
        min_length=1,
    )
    min_sentences: Whole = setting(20, "with fewer a firm's status is too_few_sentences", ge=2)
    keep_procedural: Flag = setting(False, "true: procedure is modelled like the rest")
    params: Mapping[str, Any] = setting(
        dict,
        "the model's parameters (end of docs/settings.md)",
        expected="a mapping of the model's parameters; docs/settings.md lists them",
    )


@dataclass(frozen=True, slots=True, config=CLOSED)
class NamingSettings:
    """A language model that names themes. Its key is not part of the configuration."""

    url: str = setting(
        ...,
        "the endpoint with its version: https://host/v1",
        expected="the endpoint's URL up to its version, such as https://host/v1",
        pattern="^https?://",
    )
    model: str = setting(..., "its model", expected="the model's name at the endpoint", min_length=1)
    timeout_s: Number = setting(
        20.0,
        "seconds to wait for an answer",
        expected="seconds to wait for an answer, above 0, at most 600",
        gt=0,
        le=600,
    )
    api_key_env: str | None = setting(
        None,
        "environment variable that holds the key; null: no key",
        expected="the name of the environment variable that holds the key, or null for none",
        pattern="^[A-Za-z_][A-Za-z0-9_]*$",
    )
    cache: str | None = setting(
        None,
        "folder for the answers; null: none",
        expected="a folder for the answers, or null for none",
        min_length=1,
    )


@dataclass(frozen=True, slots=True, config=CLOSED)
class LabelSettings:
    """How a theme is named."""

    n_keywords: Whole = setting(10, "keywords a theme is shown with", ge=1, le=50)
    max_words: Whole = setting(3, "words that a phrase of a label may have", ge=1, le=5)
    llm: NamingSettings | None = setting(
        None,
        "a language model that names the themes and sees their keywords and sentences: {url: https://host/v1, "
        "model: NAME, api_key_env: OPENAI_API_KEY}",
        expected="null, or url, model, timeout_s, api_key_env and cache of an OpenAI-compatible endpoint",
    )


@dataclass(frozen=True, slots=True, config=CLOSED)
class Seed:
    """A list of questions of your own, measured beside the themes; docs/panel.md."""

    name: str = setting(
        ...,
        'its theme_id is seed-NAME; letters, digits, "-", "_"',
        expected='a name of letters, digits, "-" and "_", such as tariffs',
        pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$",
    )
    sentences: TextsOrNull = setting(
        (),
        "sentences as they could be said on a call",
        expected='a list of sentences, such as ["Tariffs on steel raised our costs."]; or null',
    )
    words: TextsOrNull = setting(
        (),
        "words and phrases, instead of sentences or beside them",
        expected="a list of words and phrases, or null",
    )
    threshold: Number = setting(
        SEED_THRESHOLD,
        "least strength that counts",
        why='docs/panel.md, "Questions of your own"',
        ge=0,
        lt=1,
    )


@dataclass(frozen=True, slots=True, config=CLOSED)
class ThemeSettings:
    """The reduce: what makes a theme, and how it is named."""

    granularity: Number = setting(
        0.39,
        "how much a theme's sentences have in common; higher gives more, narrower themes",
        why='docs/validation.md, "Granularity"',
        gt=0,
        lt=1,
    )
    floor: Number = setting(
        0.25,
        "least strength with which a sentence settles; higher is surer and covers less",
        why='docs/validation.md, "Precision against coverage"',
        ge=0,
        lt=1,
    )
    min_firms: Whole = setting(2, "firms that a theme needs", ge=1)
    max_firm_share: Number = setting(0.5, "share of a theme's sentences that one firm may hold", gt=0, le=1)
    stability_runs: Whole = setting(
        5,
        "repeats on nine tenths of the firms, each as long as finding the themes; 0: none",
        ge=0,
        le=1000,
    )
    seeds: tuple[Seed, ...] = setting(
        (),
        "questions of your own: {name: tariffs, sentences: [...]} or {name: tariffs, words: [...]}; only the panel "
        "changes with them (docs/panel.md)",
        expected="a list of questions, each with a name and sentences or words",
    )
    labels: LabelSettings = setting(LabelSettings, "change these and no firm's job runs again")


@dataclass(frozen=True, slots=True, config=CLOSED)
class RegistrySettings:
    """Themes with permanent ids, shared by the runs of several quarters; docs/registry.md."""

    path: str = setting(
        ...,
        "folder, or s3://bucket/prefix, which the first run founds; reference: the one that ships, frozen",
        expected="the registry's folder, such as registry/mine or s3://bucket/registry/mine; or reference",
        min_length=1,
    )
    mode: Literal["extend", "frozen"] = setting(
        "extend",
        "what fits no theme may become one; frozen: no new themes, nothing is written",
    )
    founded_on: Literal["reference"] | None = setting(
        None,
        "reference: a copy of the one that ships; null: the themes of its first run",
        expected="reference or null",
    )


def _as_registry(value: Any) -> Any:
    return {"path": REFERENCE, "mode": "frozen"} if value == REFERENCE else value


RegistryOrNull = Annotated[
    RegistrySettings | None,
    BeforeValidator(_as_registry, json_schema_input_type=RegistrySettings | Literal["reference"] | None),
]


@dataclass(frozen=True, slots=True, config=CLOSED)
class SageMaker:
    """The Processing job; read with `backend: sagemaker` only."""

    run_uri: TextOrNull = setting(
        "",
        "s3://bucket/prefix/{run}, with firms.tsv and topics/; null: where this run's files are",
        expected="s3://bucket/prefix, in which {run} stands for the run's name",
        pattern="^$|^s3://[a-z0-9][a-z0-9.-]+/.+",
    )
    image: TextOrNull = setting(
        "",
        "theme-aggregator in ECR, by digest, so that a run can be repeated",
        expected="the image's name in ECR, best with its @sha256 digest",
        max_length=255,
    )
    role: TextOrNull = setting(
        "",
        "ARN of the job's role (docs/operating/permissions.md)",
        expected="the ARN of a role, arn:aws:iam::123456789012:role/name",
        pattern="^$|^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$",
    )
    instance_type: str = setting(
        "ml.m5.xlarge",
        "4 vCPU, 16 GB",
        expected="a SageMaker instance type such as ml.m5.xlarge",
        why="memory by firms: containers/theme-aggregator",
        pattern="^ml[.][a-z0-9-]+[.][a-z0-9]+$",
    )
    volume_gb: Whole = setting(10, "its disk holds only themes.json", ge=1, le=16384)
    timeout_minutes: Whole = setting(60, "twice the 30 minutes that a reduce may take", ge=1, le=12960)
    retries: Whole = setting(
        2, "new jobs after failures of AWS itself (no capacity, internal error)", ge=0, le=9
    )
    subnets: tuple[SubnetId, ...] = setting(
        (),
        "private, with endpoints for S3, DynamoDB and CloudWatch Logs; empty: no VPC",
        expected="a list of up to 16 subnet ids",
        max_length=16,
    )
    security_groups: tuple[SecurityGroupId, ...] = setting(
        (), "given with subnets, or not at all", expected="a list of up to 5 security group ids", max_length=5
    )
    kms_key: str | None = setting(
        None,
        "id or ARN of the key that encrypts the job's volume; null: AWS's own",
        expected="the id or ARN of a KMS key, or null",
        min_length=1,
    )
    tags: Mapping[str, TagValue] = setting(
        dict,
        "Project, Environment, Owner, CostCenter; Run is added",
        expected="a mapping of tag names to texts",
        max_length=49,
    )


@dataclass(frozen=True, slots=True, config=CLOSED)
class Reduce:
    """Where the reduce runs, and how many firms it may miss."""

    backend: Literal["local", "sagemaker"] = setting(
        "local", "on this machine; sagemaker: a Processing job in AWS"
    )
    min_firm_coverage: Number = setting(
        1.0, "share of firms that must succeed; themes are made without the others", gt=0, le=1
    )
    sagemaker: SageMaker | None = setting(SageMaker, "read with backend: sagemaker only")


@dataclass(frozen=True, slots=True, config=CLOSED)
class Publish:
    """Which store the result goes to."""

    store: str = setting(
        "sqlite",
        "or dynamodb, or package.module:Class: your own ThemeStore",
        expected="sqlite, dynamodb, or package.module:Class",
        min_length=1,
    )
    path: str = setting(
        "results/themes.sqlite", "SQLite's file, one for all runs", expected="the path of the SQLite file"
    )
    table: str | None = setting(
        None,
        "DynamoDB's table",
        expected="the name of the DynamoDB table, or null",
    )


@dataclass(frozen=True, slots=True, config=CLOSED)
class Panel:
    """What the panel counts beside sentences: word lists, or a class of your own; docs/panel.md."""

    words: NamesOrNull = setting(
        dict,
        "text files, one word or phrase per line: {positive: lists/positive.txt, negative: lists/negative.txt}; a list gives a column "
        "n_NAME, these two also tone",
        expected="a mapping of a list's name to a text file's path, such as {risk: lists/risk.txt}; or null",
        file=(),
    )
    score: str | None = setting(
        None,
        "package.module:Class of your own, whose score(texts) gives one number per sentence; column score; null: none",
        expected="the import path of your class as package.module:Class, or null",
        pattern=r"^[\w.]+:\w+$",
    )
    spreadsheet_rows: Whole = setting(
        200_000,
        "rows up to which panel.csv and panel.dta are written; `earnings-themes panel` writes more",
        ge=0,
    )


@dataclass(frozen=True, slots=True, config=CLOSED)
class Report:
    """What the report compares a run with."""

    labels: str | None = setting(
        "data/sample_labels.csv",
        "CSV with some sentences' true theme and kind: sentence_id, theme, kind; null: none",
        expected="the path of a CSV with sentence_id, kind and theme, or null",
        file=("sentence_id", "theme"),
        min_length=1,
    )


@dataclass(frozen=True, slots=True, config=CLOSED)
class Config:
    """The whole of config.yaml."""

    run: Text = setting(
        "sample",
        'names results/{run}; letters, digits, "-", "_", "."',
        expected='the run\'s name, of letters, digits, "-", "_" and ".", not starting with "."',
        pattern="^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}$",
    )
    source: Source = setting(Source, "the transcripts")
    embedding: Embedding = setting(Embedding, "how a sentence becomes a vector")
    topics: TopicSettings = setting(TopicSettings, "the map, one job per firm")
    themes: ThemeSettings = setting(ThemeSettings, "the reduce, one job per run")
    registry: RegistryOrNull = setting(
        None,
        "themes that keep their ids over quarters: {path: registry/mine}; reference: those that ship; null: a run by itself",
        expected="null, reference, or path and mode of a registry",
    )
    reduce: Reduce = setting(Reduce, "where the reduce runs")
    publish: Publish = setting(Publish, "where the result can be looked up")
    panel: Panel = setting(Panel, "what the research panel counts")
    report: Report = setting(Report, "what the run is compared with")
    seed: Whole = setting(42, "of every random draw", ge=0, le=4294967295)
