"""A typed view of config.yaml, and its validation with errors a person can act on.

The JSON schema in config/schemas says what is allowed. Its messages are rewritten here, because
"Additional properties are not allowed" helps nobody who typed `min_firm`.
"""

import datetime as dt
import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import yaml

from earnings_themes.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Limits:
    """What a source may hold; beyond, the run stops with a message before any model is loaded.

    docs/limits.md says where each number comes from.
    """

    file_mb: int = 4000
    cell_characters: int = 1_000_000
    sentences_a_firm: int = 20_000
    firms: int = 10_000


@dataclass(frozen=True, slots=True)
class Source:
    """Where the transcripts are, how they are read, and which of them count. Dates are inclusive, None is open.

    columns: what the source calls a column that is read. keep: columns to carry to the panel. date_format: how
    days are written, in strftime's letters. time_zone: the clock that tells the day of a call. max_lost: the share
    of rows that a run may lose. version: which version of a call counts. two_firms: what becomes of one call under
    two firms.
    """

    kind: str
    path: str
    start_date: dt.date | None = None
    end_date: dt.date | None = None
    firms: tuple[str, ...] | None = None
    limits: Limits = Limits()
    columns: Mapping[str, str] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    date_format: str | None = None
    time_zone: str = "America/New_York"
    max_lost: float = 0.05
    version: str = "latest"
    two_firms: str = "join"


@dataclass(frozen=True, slots=True)
class Embedding:
    """How a sentence becomes a vector."""

    model: str
    backend: str
    device: str
    batch_size: int
    cache: str | None
    shards: int
    cache_mb: int | None = None


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """The map: which model, and which sentences and firms it sees."""

    model: str
    min_sentences: int
    keep_procedural: bool
    context: bool = True
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NamingSettings:
    """A language model that names themes. url: up to and with its version, such as https://host/v1.

    api_key_env: the name of the environment variable that holds the key, None where none is needed. The key
    itself is nowhere in the configuration. cache: a folder for the answers, None for none.
    """

    url: str
    model: str
    timeout_s: float = 20.0
    api_key_env: str | None = None
    cache: str | None = None


@dataclass(frozen=True, slots=True)
class ThemeSettings:
    """The reduce: what makes a theme, and how it is named."""

    min_firms: int
    max_firm_share: float
    n_keywords: int
    max_words: int
    stability_runs: int = 0
    params: Mapping[str, Any] = field(default_factory=dict)
    llm: NamingSettings | None = None


@dataclass(frozen=True, slots=True)
class SageMaker:
    """The Processing job of the reduce: what it reads, and the machine, network and role it gets.

    run_uri: s3://bucket/prefix with firms.tsv and topics/; its results go to reduce/ there.
    """

    run_uri: str
    image: str
    role: str
    instance_type: str
    volume_gb: int
    timeout_minutes: int
    retries: int
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    kms_key: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reduce:
    """Where the reduce runs, and how many firms it may miss; sagemaker is set when it is the backend."""

    backend: str
    min_firm_coverage: float
    sagemaker: SageMaker | None = None


@dataclass(frozen=True, slots=True)
class Publish:
    """Which store the result goes to; path is SQLite's, table is DynamoDB's."""

    store: str
    path: str
    table: str | None


@dataclass(frozen=True, slots=True)
class Config:
    """The whole of config.yaml."""

    run: str
    source: Source
    embedding: Embedding
    topics: TopicSettings
    themes: ThemeSettings
    reduce: Reduce
    publish: Publish
    labels: str | None
    seed: int


_READING = ("date_format", "time_zone", "max_lost", "version", "two_firms")
_SAGEMAKER_NEEDS = ("run_uri", "image", "role", "instance_type", "volume_gb", "timeout_minutes", "retries")


@cache
def validator() -> jsonschema.Draft202012Validator:
    """Return what checks a config against the package's schema."""
    text = (files("earnings_themes") / "schemas" / "config.schema.yaml").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(
        yaml.safe_load(text), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


def read_config(path: Path | str) -> Config:
    """Read and check a whole config file. Raises ConfigError."""
    try:
        raw = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read as YAML: {error}") from error
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: expected a mapping of settings, found {type(raw).__name__}.")
    return parse_config(raw)


def parse_config(raw: Mapping[str, Any]) -> Config:
    """Check the settings and return them typed.

    Raises ConfigError with every fault: the key, the value found, what is allowed, and for an unknown key
    the nearest known one.
    """
    # YAML turns an unquoted 2021-01-31 into a date; the schema, being JSON, knows strings only.
    raw = dict(_plain(raw))
    # And 2024 into a number, where a name is meant. What YAML changed on the way (007 is 7) is not mended.
    if type(raw.get("run")) is int:
        raw["run"] = str(raw["run"])
    source = raw.get("source")
    if isinstance(source, dict) and isinstance(source.get("firms"), list):
        source["firms"] = [str(firm) if type(firm) is int else firm for firm in source["firms"]]
    if keys := list(_with_passwords(raw)):
        raise ConfigError(
            f"config: {', '.join(keys)} holds a user and password within an address. Settings are logged and sent to "
            "every job; credentials belong into the environment, or into a role."
        )
    faults = sorted(validator().iter_errors(raw), key=lambda fault: list(map(str, fault.path)))
    if faults:
        lines = [line for fault in faults for line in _explain(fault)]
        raise ConfigError("config: " + "\n        ".join(lines))
    source, themes, publish = raw["source"], raw["themes"], raw["publish"]
    start, end = (_date(source.get(key)) for key in ("start_date", "end_date"))
    if start and end and start > end:
        raise ConfigError(f"config: source.start_date {start} is after source.end_date {end}.")
    try:
        ZoneInfo(source.get("time_zone", "UTC"))
    except (ValueError, OSError, KeyError) as error:
        raise ConfigError(
            f"config: source.time_zone is {source['time_zone']!r}; expected a zone such as America/New_York."
        ) from error
    firms = source.get("firms")
    return Config(
        run=raw["run"],
        source=Source(
            source["kind"],
            source["path"],
            start,
            end,
            tuple(firms) if firms else None,
            Limits(**source.get("limits", {})),
            columns=source.get("columns") or {},
            keep=tuple(source.get("keep") or ()),
            **{key: source[key] for key in _READING if source.get(key) is not None},
        ),
        embedding=Embedding(**raw["embedding"]),
        topics=TopicSettings(**raw["topics"]),
        themes=ThemeSettings(
            **{key: value for key, value in themes.items() if key != "labels"},
            **{key: value for key, value in themes["labels"].items() if key != "llm"},
            llm=NamingSettings(**themes["labels"]["llm"]) if themes["labels"].get("llm") else None,
        ),
        reduce=_reduce(raw["run"], raw["reduce"]),
        publish=Publish(publish["store"], publish.get("path", "results/themes.sqlite"), publish.get("table")),
        labels=raw["report"]["labels"],
        seed=raw["seed"],
    )


def _with_passwords(value: Any, key: str = "") -> Iterator[str]:
    """Yield the keys whose text holds an address such as https://user:password@host."""  # pragma: allowlist secret
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _with_passwords(part, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        for part in value:
            yield from _with_passwords(part, key)
    elif isinstance(value, str) and re.search(r"://[^/\s@]*:[^/\s@]*@", value):
        yield key


def _reduce(run: str, raw: Mapping[str, Any]) -> Reduce:
    if raw["backend"] == "local":
        return Reduce("local", raw["min_firm_coverage"])
    job = raw.get("sagemaker", {})
    if missing := [f"reduce.sagemaker.{key}" for key in _SAGEMAKER_NEEDS if job.get(key) is None]:
        raise ConfigError(f"config: backend: sagemaker needs {', '.join(missing)}; null says nothing.")
    lists = {key: tuple(job.get(key) or ()) for key in ("subnets", "security_groups")}
    if bool(lists["subnets"]) != bool(lists["security_groups"]):
        raise ConfigError(
            "config: reduce.sagemaker.subnets and security_groups go together: both, or neither."
        )
    # One setting serves all quarters.
    where = job["run_uri"].replace("{run}", run).rstrip("/")
    return Reduce("sagemaker", raw["min_firm_coverage"], SageMaker(**{**job, **lists, "run_uri": where}))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def _date(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _explain(fault: Any) -> list[str]:
    schema: dict[str, Any] = dict(fault.schema)
    where = ".".join(map(str, fault.absolute_path))
    prefix = f"{where}." if where else ""
    if fault.validator == "additionalProperties":
        known = list(schema["properties"])
        lines = []
        for key in sorted(set(fault.instance) - set(known)):
            close = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {prefix}{close[0]}?" if close else f"known here: {', '.join(known)}."
            lines.append(f"{prefix}{key} is not a known key; {hint}")
        return lines
    if fault.validator == "required":
        return [f"{prefix}{fault.message.replace(' is a required property', ' is missing.')}"]
    allowed = schema.get("description") or f"a {fault.validator_value}"
    return [f"{where or 'config'} is {fault.instance!r}; expected {allowed}."]
