"""Checks the files and folders that settings name, before anything slow runs.

The transcripts are checked by their connector when firms are listed.
"""

import csv
import difflib
import os
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, Final

from earnings_themes.config.fields import extra, fields_of
from earnings_themes.config.reading import refuse_faults
from earnings_themes.config.settings import Config, Report, Source

# What embedding.model calls the encoders of the package.
OWN_MODELS: Final = ("packaged", "static")


def find_shipped_files(raw: MutableMapping[str, Any], repository: Path | str) -> None:
    """Complete the sample's paths if the workflow is called in another folder than the repository.

    raw: settings as Snakemake merged them, changed in place; only shipped values for which the current folder
    has no such file.
    """
    shipped = {"source": ("path", Source().path), "report": ("labels", Report().labels)}
    for section, (key, path) in shipped.items():
        found = raw.get(section)
        if not path or not isinstance(found, MutableMapping) or found.get(key) != path:
            continue
        if not Path(path).exists() and (Path(repository) / path).exists():
            found[key] = str(Path(repository) / path)


def check_files(config: Config) -> None:
    """Raise ConfigError listing every setting that names an unusable file, folder or variable."""
    faults = [
        *_missing_files(config, ""),
        *_model_faults(config),
        *_folder_faults("embedding.cache", config.embedding.cache),
    ]
    if config.publish.store == "sqlite" and "://" in config.publish.path:
        faults.append(f"publish.path is {config.publish.path!r}; expected the path of a file on this disk.")
    elif config.publish.store == "sqlite":
        faults += _place_faults("publish.path", Path(config.publish.path))
    if naming := config.themes.labels.llm:
        faults += _folder_faults("themes.labels.llm.cache", naming.cache)
        variable = naming.api_key_env
        if variable and not os.environ.get(variable, "").strip():
            faults.append(
                f"themes.labels.llm.api_key_env names {variable}, which is not set in the environment. "
                f"Set it: export {variable}=…"
            )
    refuse_faults(faults)


def _missing_files(section: Any, prefix: str) -> Iterator[str]:
    """Yield faults of settings declared with `file`."""
    for name, field in fields_of(type(section)).items():
        value, where = getattr(section, name), f"{prefix}{name}"
        columns = extra(field, "file")
        if fields_of(type(value)):
            yield from _missing_files(value, f"{where}.")
        elif columns is not None and isinstance(value, str):
            yield from _file_faults(where, value, columns)
        elif columns is not None and isinstance(value, dict):
            for key, path in value.items():
                yield from _file_faults(f"{where}.{key}", str(path), columns)


def _file_faults(where: str, path: str, columns: list[str]) -> Iterator[str]:
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file), []) if columns else []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        kind = f"a CSV with the columns {', '.join(columns)}" if columns else "a file that is there"
        yield f"{where} names {path}, which cannot be read: {reason}. Expected {kind}; null for none."
        return
    if lacking := [column for column in columns if column not in header]:
        yield (
            f"{where} names {path}, which has no column {' and no column '.join(lacking)}; "
            f"found {', '.join(header) or 'an empty file'}."
        )


def _model_faults(config: Config) -> Iterator[str]:
    model = config.embedding.model
    if model.startswith((".", "/", "~")) and not Path(model).expanduser().is_dir():
        yield f"embedding.model names the folder {model}, which is not there."
    # A hub's model may have any name, but hardly one of ours with a letter that is wrong.
    elif (ours := difflib.get_close_matches(model.lower(), OWN_MODELS, 1, 0.8)) and model not in ours:
        yield f"embedding.model is {model!r}; did you mean {ours[0]}?"


def _folder_faults(where: str, folder: str | None) -> Iterator[str]:
    if not folder:
        return
    if "://" in folder:
        yield f"{where} is {folder!r}; expected a folder on this disk, or null for none."
    elif Path(folder).is_file():
        yield f"{where} is {folder}, which is a file; expected a folder."
    else:
        yield from _place_faults(where, Path(folder) / "_")


def _place_faults(where: str, path: Path) -> Iterator[str]:
    """Yield why no file could be written at `path`."""
    if path.is_dir():
        yield f"{where} is {path}, which is a folder; expected the path of a file."
        return
    there = next((parent for parent in path.parents if parent.exists()), Path())
    if not there.is_dir():
        yield f"{where} is {path}, but {there} is no folder."
    elif not os.access(there, os.W_OK):
        yield f"{where} is {path}, but {there} may not be written. Run in a folder that can be written."
