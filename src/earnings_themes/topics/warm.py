"""A warm process that forks a child for each firm, so that imports are paid once a run and not once a firm.

The first job that finds no such process starts it; the others talk to it through a socket in a folder that
only this user can enter. It holds imported code and no data, each firm has a child of its own, and the answer
is the child's exit status. It ends when its workflow has ended, or when it had nothing to do for a minute; a child ends
when the job that asked for it is gone. Wherever this cannot work (no fork, no socket, a process that was killed) the job does
the work itself, which is the same but slower. docs/contributing/benchmarks.md has what it saves.

EARNINGS_THEMES_WARM names the process: the Snakefile sets it to its own process id, so that no workflow meets
another's, or code that was changed since. Where it is not set, or set to 0, nothing is started.
"""

import contextlib
import fcntl
import gc
import importlib
import json
import os
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

VARIABLE: Final = "EARNINGS_THEMES_WARM"
# How often an idle process looks whether its workflow is still there, and how long it then waits for a firm. On a loaded
# machine seconds pass between two firms, and starting again costs 3 s of CPU.
_LOOK_SECONDS: Final = 5.0
_IDLE_SECONDS: Final = 60.0
# Ten times what the imports take on a loaded two-core machine.
_START_SECONDS: Final = 60.0


def call(function: str, arguments: Mapping[str, Any]) -> int:
    """Call function ("package.module:name") with JSON arguments in a warm process; return its exit status.

    The function returns an exit status and tells of its own errors. It is called here, in this process, when
    there is no warm one to be had.
    """
    name = os.environ.get(VARIABLE, "0")
    if name.isdecimal() and int(name) and hasattr(os, "fork"):
        with contextlib.suppress(OSError, ValueError), _connected(name) as connection:
            request = json.dumps([str(Path.cwd()), function, dict(arguments)], default=str)
            # The child writes to this job's own output, as if it were the job.
            socket.send_fds(connection, [b"\0"], [1, 2])
            connection.sendall(request.encode() + b"\n")
            # No answer means the warm process or its child was killed: the work is done once more, here.
            return int(connection.makefile().readline())
    return _function(function)(**arguments)


def _function(name: str) -> Callable[..., int]:
    module, _, attribute = name.partition(":")
    function: Callable[..., int] = getattr(importlib.import_module(module), attribute)
    return function


def _connected(name: str) -> socket.socket:
    """Return a connection to the warm process of that name, which is started if need be. Raises OSError."""
    folder = Path(tempfile.gettempdir()) / f"earnings-themes-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    about = folder.stat()
    if about.st_uid != os.getuid() or about.st_mode & 0o077:
        raise PermissionError(f"{folder} can be entered by others")
    path = folder / f"{name}.sock"
    with contextlib.suppress(OSError):
        return _connect(path)
    # A lock of this workflow's own: on a loaded machine another's process takes half a minute to start.
    with path.with_suffix(".lock").open("w") as lock:
        # One starts the process, the others wait here until it listens.
        fcntl.flock(lock, fcntl.LOCK_EX)
        with contextlib.suppress(OSError):
            return _connect(path)
        path.unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-m", "earnings_themes.topics.warm", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a job that is interrupted must not take the others' process along
        )
        deadline = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                return _connect(path)
            time.sleep(0.05)
        process.kill()
        raise TimeoutError("the warm process did not start")


def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection


class _Handler(socketserver.StreamRequestHandler):
    """Runs in the child: one request, one call, one answer."""

    server: "_Server"

    def handle(self) -> None:
        # Only the parent accepts. Were the listening socket open here too, then after the parent was killed
        # new jobs would still connect, and wait for an answer until the last of its children had ended.
        self.server.socket.close()
        for number, theirs in enumerate(socket.recv_fds(self.request, 1, 2)[1], start=1):
            os.dup2(theirs, number)
            os.close(theirs)
        folder, function, arguments = json.loads(self.rfile.readline())
        os.chdir(folder)
        threading.Thread(target=self._watch, daemon=True).start()
        self.wfile.write(f"{_function(function)(**arguments)}\n".encode())

    def _watch(self) -> None:
        # The job sends nothing more, so the end of its stream is the end of the job.
        if not self.rfile.read(1):
            os._exit(1)


class _Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    max_children = 1024  # the workflow's own limit of jobs is what counts
    request_queue_size = 1024
    timeout = _LOOK_SECONDS
    waited = 0.0

    def handle_timeout(self) -> None:
        self.collect_children()
        self.waited = 0.0 if self.active_children else self.waited + _LOOK_SECONDS

    def verify_request(self, request: object, client_address: object) -> bool:
        self.waited = 0.0
        return True


def _is_there(workflow: int) -> bool:
    try:
        os.kill(workflow, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def serve(path: Path) -> None:
    """Import what a firm's job needs, then fork a child for each connection to the socket at path."""
    from earnings_themes.topics import topics_job

    topics_job.preload()
    # Else a child's garbage collector walks over all that was imported, and copies each page that it marks
    # (docs.python.org, gc.freeze): 14 % of a firm's CPU time.
    gc.freeze()
    workflow = int(path.stem)
    with _Server(str(path), _Handler) as server:
        while not server.waited or (server.waited < _IDLE_SECONDS and _is_there(workflow)):
            server.handle_request()
            # Only serve_forever() would do it by itself: children that ended unseen stay in the process table, which
            # Snakemake's benchmark reads through for each firm; with 4,400 of them a firm took half as long again.
            server.service_actions()
    for left in (path, path.with_suffix(".lock")):
        left.unlink(missing_ok=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
