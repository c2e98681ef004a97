"""What a run in S3 was made with, in the run's own folder, so that a head with an empty disk knows what has changed.

Snakemake remembers a rule's parameters in .snakemake, on the disk of the process that ran it, and a head in the cloud
has a new disk each time. Without this, old results would be the answer to other settings, other code or another model.

settings/config.json is the whole configuration, which the workers read: the command of a Batch job has no room for it.
settings/RULE.json holds what one rule's results depend on, and is an input of that rule. Each is written only when it
differs, so that it is newer than a result exactly when the result was made with something else.
"""

import ast
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from earnings_themes import __version__, implementations
from earnings_themes.errors import ConfigError
from earnings_themes.system.folders import Folder, locate

FOLDER: Final = "settings"
CONFIG: Final = "config.json"
# The parts of config.yaml that a rule's results depend on: those of its params, but for where the run is and how it is
# spread over machines.
DEPENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "ingest": ("source",),
    "embed": ("embedding", "topics.keep_procedural"),
    "topics": ("topics", "seed"),
    "themes": ("themes", "registry", "seed"),
    "publish": ("publish",),
    "panel": ("panel", "themes.seeds"),
    "report": ("report",),
}
# What says which firms a run is of. A name whose run holds other firms is refused: their files would stay beside.
_FIRMS: Final = ("kind", "path", "firms", "start_date", "end_date")
# A rule's own implementations, which it finds by their name in config.yaml and not by an import.
_CHOSEN: Final = {
    "ingest": (implementations.CONNECTORS, "source.kind"),
    "topics": (implementations.MODELS, "topics.model"),
    "publish": (implementations.STORES, "publish.store"),
}
_PACKAGE: Final = Path(__file__).parents[1]
# What rule topics calls, which is no script.
_FIRM: Final = _PACKAGE / "topics" / "__main__.py"
# Where this process has put the configuration that it was sent, for the processes that it starts.
_HERE: Final = "EARNINGS_THEMES_SETTINGS"


def write_differences(
    folder: Folder, config: Mapping[str, Any], scripts: Path, basis: str = "", writes: bool = True
) -> list[str]:
    """Write what differs, and return the rules that will run because of it; for a dry run only return them.

    folder: the run's. config: the whole configuration. scripts: the folder of the rules' scripts. basis: of the registry,
    what the run starts from (Registry.basis). Raises ConfigError when the run holds other firms, CloudError when AWS refuses.
    """
    refuse_other_firms(folder, config)
    changed = []
    settings = folder.child(FOLDER)
    there = settings.list()
    wanted = {f"{rule}.json": text for rule, text in all_of(config, scripts, basis).items()}
    for name, text in (wanted | {CONFIG: _text(config)}).items():
        if name not in there or settings.read(name) != text:
            if writes:
                settings.write(name, text)
            changed += [name.removesuffix(".json")] if name in there and name != CONFIG else []
    return changed


def rules_without_settings(folder: Folder) -> set[str]:
    """Return the rules of which a run's folder says nothing yet."""
    there = folder.child(FOLDER).list()
    return {rule for rule in DEPENDS if f"{rule}.json" not in there}


def refuse_other_firms(folder: Folder, config: Mapping[str, Any]) -> None:
    """Raise ConfigError when the run in this folder was made from another source, or of other firms of it."""
    try:
        known = json.loads(folder.child(FOLDER).read("ingest.json"))["settings"]["source"]
    except FileNotFoundError:
        return
    wanted = json.loads(_text(config["source"]))
    other = [name for name in _FIRMS if known.get(name) != wanted.get(name)]
    if other:
        parts = "; ".join(
            f"{name}: {_short(known.get(name))} then, {_short(wanted.get(name))} now" for name in other
        )
        raise ConfigError(
            f"{folder} is a run of other firms. source.{parts}. A run's name is for one source and one choice of firms:"
            f" set `run` to another name, or remove that run first (`aws s3 rm --recursive {folder}/`)."
        )


def read_kept_config(address: str) -> dict[str, Any]:
    """Return the configuration that `write_differences` wrote, at s3://…/settings/config.json. Raises ConfigError, CloudError.

    A job of twenty firms parses the Snakefile twenty times: what the first of its processes read, the others find on
    the job's own disk.
    """
    if _HERE in os.environ:
        return dict(json.loads(Path(os.environ[_HERE]).read_bytes()))
    folder, name = locate(address)
    try:
        text = folder.read(name)
    except FileNotFoundError as error:
        raise ConfigError(
            f"{error}: missing. Whoever schedules the run writes it before its first job."
        ) from error
    return keep(dict(json.loads(text)))


def keep(config: dict[str, Any]) -> dict[str, Any]:
    """Put the whole configuration where the processes that this one starts find it, and return it."""
    with tempfile.NamedTemporaryFile("wb", prefix="settings-", suffix=".json", delete=False) as file:
        file.write(_text(config))
    os.environ[_HERE] = file.name
    return config


def all_of(config: Mapping[str, Any], scripts: Path, basis: str = "") -> dict[str, bytes]:
    """Return what each rule's results depend on, as the bytes that are kept."""
    if config.get("registry"):
        config = {**config, "registry": {"is": config["registry"], "basis": basis}}
    return {
        rule: _text(
            {
                "version": __version__,
                "code": code_of(_FIRM if rule == "topics" else scripts / f"{rule}.py", _chosen(rule, config)),
                "settings": {name: _part(config, name) for name in names},
            }
        )
        for rule, names in DEPENDS.items()
    }


def _chosen(rule: str, config: Mapping[str, Any]) -> str:
    """Return the module of the implementation that a rule is told to use; empty for one that it imports."""
    if rule not in _CHOSEN:
        return ""
    known, key = _CHOSEN[rule]
    name = str(_part(config, key))
    return known.get(name, name).partition(":")[0]


def _part(config: Mapping[str, Any], name: str) -> Any:
    value: Any = config
    for key in name.split("."):
        value = (value or {}).get(key)
    if name == "themes" and value:
        # A question of the user's own changes the panel alone.
        return {key: part for key, part in value.items() if key != "seeds"}
    return value


def _text(value: Any) -> bytes:
    # default: dates, which YAML gives where a text looks like one.
    return (json.dumps(value, sort_keys=True, indent=1, default=str) + "\n").encode()


def _short(value: Any) -> str:
    text = "all" if value is None else json.dumps(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


# --- a rule's code -------------------------------------------------------------------------------------------------


@cache
def code_of(script: Path, module: str = "") -> str:
    """Return a digest of a script and of every module of the package that it needs, with their tables of words.

    module: one more that it needs. Of programs it is what they say, not how they are written down: a comment changes no
    result. A module of another package is not looked at.
    """
    digest = hashlib.sha256()
    for path in sorted(reached(script, module)):
        if path.suffix == ".py":
            digest.update(ast.dump(_without_words(ast.parse(path.read_text(encoding="utf-8")))).encode())
        else:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def reached(script: Path, module: str = "") -> set[Path]:
    """Return the script and the files of the package that it needs."""
    # What a script hands on by its name is in a text; a module's texts name what others may choose.
    names = {module, *re.findall(rf'"({_PACKAGE.name}[.\w]+):', script.read_text(encoding="utf-8"))} - {""}
    left = [script, *(path for name in names for path in _files(name))]
    found: set[Path] = set()
    while left:
        path = left.pop()
        if path not in found:
            found.add(path)
            text = path.read_text(encoding="utf-8") if path.suffix == ".py" else ""
            left += [file for name in _imported(text) for file in _files(name)]
            tables = re.findall(r'"(\w[\w./-]*\.(?:txt|json|npz|tsv|yaml))"', text)
            left += [path.parent / name for name in tables if (path.parent / name).is_file()]
    return found


def _imported(text: str) -> set[str]:
    """Return the names of the package's modules that a program imports, wherever it does."""
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in names if name.split(".")[0] == _PACKAGE.name}


def _files(name: str) -> list[Path]:
    """Return the files that importing a.b.c reads: a, a.b and a.b.c, as far as they are modules."""
    found = []
    here = _PACKAGE
    for part in name.split(".")[1:]:
        if (here / f"{part}.py").is_file():
            found.append(here / f"{part}.py")
            break
        here /= part
        if not (here / "__init__.py").is_file():
            break
        found.append(here / "__init__.py")
    return found


def _without_words(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            has_words = ast.get_docstring(node, clean=False) is not None
            node.body = node.body[1:] if has_words else node.body
    return tree
