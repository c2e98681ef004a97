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

Summary. Every key of config.yaml: default, meaning and, in brackets, where the default comes from; then the parameters of
the built-in topic models. A file of your own, given with `--configfile`, names only what differs. `snakemake -n` checks it
before anything runs, with the files and classes that it names. Written by `make docs` from src/earnings_themes/config.
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
    plain, sections = [], []
    for name, field in fields_of(Config).items():
        if (section := settings_class(field)) is None:
            plain.append(_row(name, field))
            continue
        # A section that may be left out has a default itself.
        own = [] if field.default_factory else [_row(name, field)]
        sections.append(_table(f"## {name}\n\n{section.__doc__}", own + _rows(section, f"{name}.")))
    return "\n".join([_PAGE, _table("## config.yaml", plain), *sections, *_topic_parameters()])


def _topic_parameters() -> list[str]:
    """The tables of the models' parameters. What several models take from one class stands once, before them."""
    tables: dict[Any, str] = {}
    for model in parameters.TOPIC_PARAMETERS.values():
        *shared, kind = [each for each in reversed(model.__mro__) if fields_of(each)]
        for each in (*shared, kind):
            inherited = set().union(*(fields_of(base) for base in each.__bases__))
            rows = [_row(f"topics.params.{n}", f) for n, f in fields_of(each).items() if n not in inherited]
            tables[each] = _table(f"## {each.__doc__.rstrip('.')}", rows)
    return list(tables.values())


def _range(field: FieldInfo) -> str:
    """Return what a number is allowed to be; empty where `about` says it."""
    bounds = "" if extra(field, "expected") else expected_of(field).partition("number")[2]
    return f";{bounds}" if bounds else ""


def _rows(kind: Any, prefix: str) -> list[list[str]]:
    """One row per setting; a section's own row comes before those of its settings."""
    rows = []
    for name, field in fields_of(kind).items():
        rows.append(_row(f"{prefix}{name}", field))
        if (section := settings_class(field)) is not None:
            rows += _rows(section, f"{prefix}{name}.")
    return rows


def _row(name: str, field: FieldInfo) -> list[str]:
    section = settings_class(field) is not None
    bounds = "" if section else _range(field)
    why = extra(field, "why")
    return [f"`{name}`", _shown_default(field), f"{field.description}{bounds}{f' ({why})' if why else ''}"]


def _shown_default(field: FieldInfo) -> str:
    if settings_class(field) is not None and field.default_factory:
        return ""  # its settings, in the next rows, have theirs
    return "must be given" if field.is_required() else f"`{_value(field)}`"


def _table(title: str, rows: list[list[str]]) -> str:
    return f"{title}\n\n{table(['setting', 'default', 'meaning'], rows)}\n"
