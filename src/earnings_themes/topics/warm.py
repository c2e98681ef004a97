"""Asks a warm process for a firm's topics, so that imports are paid once a run and not once a firm.

The first job that finds no such process starts it (warm_server.py); the others talk to it through a socket in a folder that
only this user can enter. It forks a child for each firm, and the answer is the child's exit status. Wherever this cannot work
(no fork, no socket, a process that was killed) the job does the work itself, which is the same but slower.
docs/contributing/benchmarks.md has what it saves.

EARNINGS_THEMES_WARM names the process: the Snakefile sets it to its own process id, so that no workflow meets
another's, or code that was changed since. Where it is not set, or set to 0, nothing is started.

Python starts for each firm with what is imported here, so it is little: json, pathlib, tempfile and typing would double it.
"""

from __future__ import annotations

import os
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

VARIABLE = "EARNINGS_THEMES_WARM"


def call(function: str, arguments: Mapping[str, Any]) -> int:
    """Call function ("package.module:name") with plain arguments in a warm process; return its exit status.

    The function returns an exit status and tells of its own errors. It is called here, in this process, when
    there is no warm one to be had.
    """
    name = os.environ.get(VARIABLE, "0")
    if name.isdecimal() and int(name) and hasattr(os, "fork"):
        try:
            with _connected(name) as connection:
                # The child writes to this job's own output, as if it were the job.
                socket.send_fds(connection, [b"\0"], [1, 2])
                # A literal, which the child reads as one: nothing in it is executed.
                connection.sendall(f"{(os.getcwd(), function, dict(arguments))!r}\n".encode())
                # No answer means the warm process or its child was killed: the work is done once more, here.
                return int(connection.makefile().readline())
        except (OSError, ValueError):
            pass
    return function_of(function)(**arguments)


def function_of(name: str) -> Callable[..., int]:
    """Return the function of "package.module:name"."""
    from importlib import import_module

    module, _, attribute = name.partition(":")
    function: Callable[..., int] = getattr(import_module(module), attribute)
    return function


def _connected(name: str) -> socket.socket:
    """Return a connection to the warm process of that name, which is started if need be. Raises OSError."""
    folder = os.path.join(os.environ.get("TMPDIR") or "/tmp", f"earnings-themes-{os.getuid()}")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    about = os.stat(folder)
    if about.st_uid != os.getuid() or about.st_mode & 0o077:
        raise PermissionError(f"{folder} can be entered by others")
    path = os.path.join(folder, f"{name}.sock")
    try:
        return open_socket(path)
    except OSError:
        from earnings_themes.topics.warm_server import started

        return started(path)


def open_socket(path: str) -> socket.socket:
    """Return a connection to the process that listens at path. Raises OSError."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection
