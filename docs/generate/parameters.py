"""The prototype's parameters beside this project's defaults, read from the preset, the config and the code."""

import inspect
import json
from pathlib import Path
from typing import Any

import yaml

from docs.generate.markdown import table
from earnings_themes.topics.bertopic_model import BERTopicModel

CONFIG = Path(__file__).parents[2] / "config"


def preset() -> str:
    """A row a parameter of the preset, with what runs without it."""
    prototype = yaml.safe_load((CONFIG / "presets" / "prototype.yaml").read_text(encoding="utf-8"))
    default = yaml.safe_load((CONFIG / "config.yaml").read_text(encoding="utf-8"))
    signature = inspect.signature(BERTopicModel).parameters
    default["topics"]["params"] = {name: p.default for name, p in signature.items() if name != "seed"}
    rows = [
        [f"`{name}`", _written(value), _written(_at(default, name.split(".")))]
        for name, value in _leaves(prototype, "")
    ]
    return table(["setting", "prototype", "default here"], [row for row in rows if row[1] != row[2]])


def _leaves(node: dict[str, Any], path: str) -> list[tuple[str, Any]]:
    """Settings by their dotted names; what a model takes as one argument stays one."""
    found: list[tuple[str, Any]] = []
    for name, value in node.items():
        here = f"{path}{name}"
        if isinstance(value, dict) and not here.startswith(("topics.params.", "themes.params.")):
            found += _leaves(value, f"{here}.")
        else:
            found.append((here, value))
    return found


def _at(node: Any, path: list[str]) -> Any:
    for name in path:
        node = node.get(name) if isinstance(node, dict) else None
    return list(node) if isinstance(node, tuple) else node


def _written(value: Any) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value)
