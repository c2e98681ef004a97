"""The stores that the contract tests run on. A store that is added here meets the whole contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from earnings_themes.abstractions import ThemeStore
from earnings_themes.stores.sqlite import SQLiteThemeStore


@pytest.fixture(params=["sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ThemeStore]:
    """An empty store of each kind."""
    yield SQLiteThemeStore(tmp_path / "themes.sqlite")
