"""Lets the workflow run in folders whose names need quotes in a shell: "My Documents", "Ana's files".

Snakemake writes the interpreter's path into commands without quotes (snakemake#2645), so the first job would
fail. Python finds its environment from the path it is called by, so a link without blanks to `.venv` is the
same Python.
"""

import atexit
import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from earnings_themes.errors import ConfigError


def make_callable() -> None:
    """Set sys.executable to a path that needs no quotes, if it needs some; jobs inherit it.

    Raises ConfigError where no such link can be made.
    """
    if shlex.quote(sys.executable) == sys.executable:
        return
    home, python = Path(sys.prefix), Path(sys.executable)
    for place in (None, "/tmp", "/var/tmp"):  # nosec B108: mkdtemp makes a folder of our own in it
        try:
            folder = Path(tempfile.mkdtemp(prefix="earnings-themes-python-", dir=place))
        except OSError:
            continue
        link = folder / "env"
        if shlex.quote(str(link)) == str(link) and python.is_relative_to(home):
            link.symlink_to(home, target_is_directory=True)
            sys.executable = str(link / python.relative_to(home))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            return
        shutil.rmtree(folder, ignore_errors=True)
    raise ConfigError(
        f"{sys.executable}: Snakemake cannot call a Python whose path has blanks or quotes. Make the environment in a "
        "folder without (python3 -m venv ~/earnings-env), or move the project; set TMPDIR to such a folder otherwise."
    )


def this_one_first() -> None:
    """Make `python` in a command of this process's children mean the interpreter that runs it.

    An environment or image of a rule's own comes before it.
    """
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
