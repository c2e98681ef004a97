"""A Python in a folder whose name a shell would take apart is called through a path that needs no quotes."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from earnings_themes.system.interpreter import make_callable


def test_a_python_in_my_documents_is_the_same_python_by_another_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "My Doc's ü" / ".venv"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    (home / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
    monkeypatch.setattr(sys, "prefix", str(home))
    monkeypatch.setattr(sys, "executable", str(home / "bin" / "python"))
    make_callable()
    assert shlex.quote(sys.executable) == sys.executable
    code = f"import sys; print({str(home)!r} == __import__('os').path.realpath(sys.prefix))"
    said = subprocess.run(
        f"{sys.executable} -c {shlex.quote(code)}", shell=True, text=True, capture_output=True
    )
    assert said.stdout == "True\n", said.stderr


def test_a_usual_path_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    make_callable()
    assert sys.executable == "/usr/bin/python3"
