"""Themes that last: a registry of frozen themes that each quarter's run settles its sentences in; docs/registry.md."""

from earnings_themes.registry.records import Ran, RegistryTheme, Version
from earnings_themes.registry.versions import Ground, Registry
