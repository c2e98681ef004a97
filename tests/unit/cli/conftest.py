"""A published store, and the command run on it as a user would."""

from pathlib import Path

import pytest

from earnings_themes.cli import main
from earnings_themes.stores.sqlite import SQLiteThemeStore
from tests.unit.cli.ended import Command, Ended, publish_runs


@pytest.fixture
def store(tmp_path: Path) -> SQLiteThemeStore:
    """Two runs in results/themes.sqlite of the current folder."""
    store = SQLiteThemeStore(tmp_path / "results" / "themes.sqlite")
    publish_runs(store)
    return store


@pytest.fixture
def command(
    store: SQLiteThemeStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run `earnings-themes` in the folder of the store."""
    monkeypatch.chdir(store.path.parent.parent)
    monkeypatch.delenv("EARNINGS_THEMES_STORE", raising=False)

    def run(*arguments: str) -> Ended:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return run
