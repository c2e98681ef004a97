"""The registry that ships with the package, so that two studies speak of themes by the same ids; docs/reference.md.

It lies in reference/ as a registry's folder for each encoder, static and packaged: the same themes, ids and names, and the
centroids of the same sentences in that encoder's space. `make reference` makes it. A run settles in it as it is
(registry: reference), or extends a copy of its own (registry.founded_on: reference).
"""

from importlib.resources import files
from pathlib import Path

from earnings_themes.config import RegistrySettings
from earnings_themes.config.settings import REFERENCE
from earnings_themes.registry.versions import Registry
from earnings_themes.system.folders import LocalFolder


def open_registry(settings: RegistrySettings, model: str) -> Registry:
    """Return the registry that a run's config names. model: of the run's vectors, as embedding.model or their file calls it."""
    if settings.path == REFERENCE:
        return _packaged(model)
    return Registry(settings.path, _packaged(model) if settings.founded_on else None)


def registry_at(path: str, model: str = "static") -> Registry:
    """Return the registry of a folder, or for `reference` the packaged one; its ids and names are the same for each model."""
    return _packaged(model) if path == REFERENCE else Registry(path)


def _packaged(model: str) -> Registry:
    name = "static" if model == "static" else "packaged"
    return Registry(LocalFolder(Path(str(files("earnings_themes.registry") / "reference" / name))))
