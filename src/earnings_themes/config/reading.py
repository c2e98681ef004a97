"""Reads and checks the settings, and reports all faults at once: key, value found, what is allowed."""

import datetime as dt
import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from earnings_themes.config.fields import expected_of, fields_of, settings_class
from earnings_themes.config.parameters import TOPIC_PARAMETERS
from earnings_themes.config.settings import REFERENCE, Config, Reduce
from earnings_themes.errors import ConfigError, explained

_SAGEMAKER_NEEDS: Final = ("run_uri", "image", "role")


def read_config(path: Path | str) -> Config:
    """Read and check a config file; missing settings get their defaults. Raises ConfigError."""
    try:
        raw = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:  # ValueError: 2023-02-31 is read as a date
        raise ConfigError(f"{path}: cannot be read as YAML: {error}") from error
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: expected a mapping of settings, found {type(raw).__name__}.")
    return parse_config(raw)


def keep_config(raw: Mapping[str, Any], path: Path) -> None:
    """Write a run's complete configuration beside its files. Raises ConfigError if the disk refuses."""
    settings = yaml.safe_dump(
        json.loads(json.dumps(raw, default=str)), sort_keys=False, allow_unicode=True, width=110
    )
    text = f"# Every setting of the last call that made this run.\n{settings}"
    try:
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(explained(error) or f"{path}: {error}") from error


def parse_config(raw: Mapping[str, Any]) -> Config:
    """Check the settings and return them typed.

    Raises ConfigError with every fault: key, value found, what is allowed; for an unknown key the nearest
    known one.
    """
    if keys := list(_with_passwords(raw)):
        raise ConfigError(
            f"config: {', '.join(keys)} holds a user and password within an address. Settings are logged and sent to "
            "every job; credentials belong into the environment, or into a role."
        )
    raw = {str(key): value for key, value in raw.items()}
    refuse_faults([*faults_of(Config, raw, ""), *_parameter_faults(raw)])
    config: Config = _checker(Config).validate_python(raw)
    refuse_faults(list(_faults_together(config)))
    return replace(config, reduce=_reduce(config))


def refuse_faults(faults: list[str]) -> None:
    """Raise one ConfigError that lists all faults, if there are any."""
    if faults:
        raise ConfigError("config: " + "\n        ".join(faults))


def faults_of(kind: Any, raw: Any, where: str) -> list[str]:
    """Return a sentence for each fault of a section. where: its dotted name, empty for the whole file."""
    try:
        _checker(kind).validate_python(raw)
    except ValidationError as error:
        faults = error.errors()
        # A list with a wrong element may have a fault of its own for it; the user made one mistake.
        inner = {fault["loc"][:n] for fault in faults for n in range(1, len(fault["loc"]))}
        said = [_explain(kind, where, fault) for fault in faults if fault["loc"] not in inner]
        return list(dict.fromkeys(said))
    return []


def did_you_mean(where: str, known: Mapping[str, str], key: str) -> str:
    """Return the message for an unknown key, with the closest known key or all of them.

    known: names as shown in messages → names of keys.
    """
    close = difflib.get_close_matches(key, list(known.values()), n=1)
    meant = next((shown for shown, name in known.items() if close and name == close[0]), None)
    hint = f"did you mean {meant}?" if meant else f"known here: {', '.join(known.values()) or 'nothing'}."
    return f"{where} is not a known key; {hint}"


@cache
def _checker(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _explain(kind: Any, where: str, fault: Any) -> str:
    field: FieldInfo | None = None
    path = where
    for step in fault["loc"]:
        known = fields_of(kind)
        if known and step in known:
            field, path = known[step], f"{path}.{step}" if path else str(step)
            kind = settings_class(field)
        elif fault["type"] == "unexpected_keyword_argument" and kind is not None:
            prefix = f"{path}." if path else ""
            return did_you_mean(f"{prefix}{step}", _known_below(kind, prefix), str(step))
        elif isinstance(step, int):
            path = f"{path}.{step}"
    if fault["type"] == "missing":
        return f"{path} is missing; expected {expected_of(field)}." if field else f"{path} is missing."
    if fault["type"] == "dataclass_type":
        names = ", ".join(fields_of(kind))
        found = "empty" if fault["input"] is None else repr(fault["input"])
        return f"{path or 'config'} is {found}; expected settings below it ({names}), or no such line."
    assert field is not None  # only a section or a setting can be wrong
    return f"{path} is {_shown(fault['input'])}; expected {expected_of(field)}."


def _known_below(kind: Any, prefix: str) -> dict[str, str]:
    """Return the keys of a section by dotted name, followed by those of its sections."""
    known = {f"{prefix}{name}": name for name in fields_of(kind)}
    for name, field in fields_of(kind).items():
        if (inner := settings_class(field)) is not None and prefix:
            known |= {f"{prefix}{name}.{below}": below for below in fields_of(inner)}
    return known


def _shown(value: Any) -> str:
    text = repr(value.isoformat() if isinstance(value, dt.date) else value)
    return text if len(text) <= 100 else f"{text[:99]}…"


def _parameter_faults(raw: Mapping[str, Any]) -> Iterator[str]:
    """Yield faults in the parameters of built-in models; a class of the user's own is checked later."""
    topics = raw.get("topics")
    if not isinstance(topics, Mapping):
        return
    of_model, params = TOPIC_PARAMETERS.get(topics.get("model", "bertopic")), topics.get("params", {})
    if of_model and isinstance(params, Mapping):
        yield from faults_of(of_model, dict(params), "topics.params")


def _with_passwords(value: Any, key: str = "") -> Iterator[str]:
    """Yield the keys whose text holds an address such as https://user:password@host."""  # pragma: allowlist secret
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _with_passwords(part, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for part in value:
            yield from _with_passwords(part, key)
    elif isinstance(value, str) and re.search(r"://[^/\s@]*:[^/\s@]*@", value):
        yield key


def _faults_together(config: Config) -> Iterator[str]:
    """Yield faults of combinations of settings."""
    start, end = config.source.start_date, config.source.end_date
    if start and end and start > end:
        yield f"source.start_date {start} is after source.end_date {end}."
    if config.publish.store == "dynamodb" and not config.publish.table:
        yield "publish.table is not set; store: dynamodb needs the name of its table."
    if config.publish.store == "sqlite" and not config.publish.path:
        yield "publish.path is empty; expected the path of the SQLite file."
    names = [seed.name.lower() for seed in config.themes.seeds]
    for seed in config.themes.seeds:
        if not seed.sentences and not seed.words:
            yield f"themes.seeds: {seed.name} has neither sentences nor words; give it at least one."
        if names.count(seed.name.lower()) > 1:
            yield f"themes.seeds: {seed.name} stands twice (case does not count); every question has a name of its own."
    kept = config.registry
    if kept and kept.path == REFERENCE and (kept.mode != "frozen" or kept.founded_on):
        yield (
            "registry.path is reference, which ships with the package and stays as it is. Set registry: reference, so that "
            "the run settles in it; or, to extend a copy, registry: {path: registry/mine, founded_on: reference}."
        )
    job = config.reduce.sagemaker
    if config.reduce.backend == "sagemaker" and job:
        if missing := [f"reduce.sagemaker.{key}" for key in _SAGEMAKER_NEEDS if not getattr(job, key)]:
            yield f"backend: sagemaker needs {', '.join(missing)}; null says nothing."
        if bool(job.subnets) != bool(job.security_groups):
            yield "reduce.sagemaker.subnets and security_groups go together: both, or neither."


def _reduce(config: Config) -> Reduce:
    job = config.reduce.sagemaker
    if config.reduce.backend == "local" or job is None:
        return replace(config.reduce, sagemaker=None)
    # One setting serves all quarters.
    where = job.run_uri.replace("{run}", config.run).rstrip("/")
    return replace(config.reduce, sagemaker=replace(job, run_uri=where))
