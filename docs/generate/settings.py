"""config.yaml, its JSON schema and docs/settings.md, written from the classes in earnings_themes.config."""

import json
from typing import Any

import yaml
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from docs.generate.markdown import table
from earnings_themes.config import Config, parameters
from earnings_themes.config.fields import expected_of, extra, fields_of, settings_class

_HEADER = """\
# Every setting of the workflow. A file of your own, given with --configfile, overrides part of this one.
# docs/settings.md lists what is allowed for each; a wrong key or value is an error before anything runs.
# Written by `make docs` from src/earnings_themes/config/settings.py; change it there.

"""
_PAGE = """\
# Settings

Summary. Every key of config.yaml, its default, its meaning and, in brackets, where the default comes from; then the
parameters of each built-in model. A file of your own, given with `--configfile`, names only what differs. `snakemake -n`
checks it, with the files and classes that it names, before anything runs; an error says what is allowed. Written by
`make docs` from src/earnings_themes/config.
"""


def config_yaml() -> str:
    """Return config/config.yaml."""
    return _HEADER + "".join(_lines(Config, ""))


def _lines(kind: Any, indent: str) -> list[str]:
    lines = []
    for name, field in fields_of(kind).items():
        section = settings_class(field)
        about = field.description or ""
        if section is not None and field.default_factory is not None:
            gap = "" if indent else "\n"
            lines += [f"{gap}{indent}{name}: # {about}\n", *_lines(section, f"{indent}  ")]
        else:
            why = extra(field, "why")
            gap = "\n" if not indent and lines and name == "seed" else ""
            lines.append(f"{gap}{indent}{name}: {_value(field)} # {about}{f' ({why})' if why else ''}\n")
    return lines


def _default(field: FieldInfo) -> Any:
    value = field.get_default(call_default_factory=True)
    # An address that may be left out is empty text in the class, and null for people.
    return None if value == "" else value


def _value(field: FieldInfo) -> str:
    text = json.dumps(_default(field))
    # JSON's text in quotes is YAML's too; most texts need none.
    return yaml.safe_dump(json.loads(text), default_flow_style=True).removesuffix("...\n").strip()


def schema_yaml() -> str:
    """Return config/schemas/config.schema.yaml, which editors check a config with while it is written."""
    schema = TypeAdapter(Config).json_schema()
    _tidy(schema)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    text = yaml.safe_dump({**head, **schema}, sort_keys=False, width=100, allow_unicode=True)
    return (
        "# Written by `make docs` from src/earnings_themes/config. For editors: the workflow itself asks the classes.\n"
        + text
    )


def _tidy(node: Any) -> None:
    if isinstance(node, dict):
        node.pop("expected", None)
        node.pop("why", None)
        node.pop("file", None)
        if isinstance(node.get("title"), str):
            del node["title"]
        if node.get("default", None) == "":
            node["type"], node["default"] = ["string", "null"], None
        for child in node.values():
            _tidy(child)
    elif isinstance(node, list):
        for child in node:
            _tidy(child)


def page() -> str:
    """Return docs/settings.md."""
    parts = [_PAGE, _table(Config, "", "## config.yaml")]
    parts += _sections(Config, "")
    for model, kind in parameters.TOPIC_PARAMETERS.items():
        parts += _parameters(kind, f"topics.params, {model}", "topics.params.")
    return "\n".join(parts)


def _parameters(kind: Any, title: str, prefix: str) -> list[str]:
    return [_table(kind, prefix, f"## {title}\n\n{kind.__doc__}"), *_sections(kind, prefix)]


def _sections(kind: Any, prefix: str) -> list[str]:
    parts = []
    for name, field in fields_of(kind).items():
        if (section := settings_class(field)) is not None:
            here = f"{prefix}{name}"
            parts.append(_table(section, f"{here}.", f"### {here}\n\n{section.__doc__}"))
            parts += _sections(section, f"{here}.")
    return parts


def _range(field: FieldInfo) -> str:
    """Return what a number is allowed to be; empty where `about` says it."""
    bounds = "" if extra(field, "expected") else expected_of(field).partition("number")[2]
    return f";{bounds}" if bounds else ""


def _table(kind: Any, prefix: str, title: str) -> str:
    rows = [
        [
            f"`{prefix}{name}`",
            "must be given" if field.is_required() else f"`{_value(field)}`",
            f"{field.description}{_range(field)}{f' ({why})' if (why := extra(field, 'why')) else ''}",
        ]
        for name, field in fields_of(kind).items()
        if settings_class(field) is None
    ]
    return f"{title}\n\n{table(['setting', 'default', 'meaning'], rows)}\n" if rows else ""
