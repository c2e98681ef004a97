"""The warm process: it gives each firm that a job asks it for (warm.py) to a child, forked from it.

It holds imported code and no data. A child does one firm at a time, and another takes its place after some firms, or when the
job that asked for one is gone. The process ends when its workflow has ended, or when it had nothing to do for a minute, and its
children with it.
"""

import ast
import contextlib
import fcntl
import gc
import os
import selectors
import socket
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Final

from earnings_themes.topics.warm import function_of, open_socket

# How often an idle process looks whether its workflow is still there, and how long it then waits for a firm. On a loaded
# machine seconds pass between two firms, and starting again costs 3 s of CPU.
_LOOK_SECONDS: Final = 5.0
_IDLE_SECONDS: Final = 60.0
# Ten times what the imports take on a loaded two-core machine.
_START_SECONDS: Final = 60.0
# With one child per firm, a firm took .195 CPU s in it, because of the fork and of the pages that a young child copies; with fifty
# .082 (docs/contributing/benchmarks.md). What many firms leave in memory goes with a child.
_FIRMS_A_CHILD: Final = 50


def started(socket_path: str) -> socket.socket:
    """Start the process that listens at the path, unless another job is doing so, and return a connection to it.

    Raises OSError.
    """
    path = Path(socket_path)
    # A lock of this workflow's own: on a loaded machine another's process takes half a minute to start.
    with path.with_suffix(".lock").open("w") as lock:
        # One starts the process, the others wait here until it listens.
        fcntl.flock(lock, fcntl.LOCK_EX)
        with contextlib.suppress(OSError):
            return open_socket(socket_path)
        path.unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-m", "earnings_themes.topics.warm_server", socket_path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a job that is interrupted must not take the others' process along
        )
        deadline = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                return open_socket(socket_path)
            time.sleep(0.05)
        process.kill()
        raise TimeoutError("the warm process did not start")


class _Children:
    """The processes that do the work, each one firm at a time, and each some firms before another takes its place."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._idle: list[socket.socket] = []
        self._pids: dict[socket.socket, int] = {}

    @property
    def busy(self) -> bool:
        """Whether a firm is worked on."""
        return len(self._idle) < len(self._pids)

    def give(self, job: socket.socket) -> socket.socket | None:
        """Give a job to a child that waits, or to a new one; return the new one's line, None for one that waited."""
        while self._idle:
            with contextlib.suppress(OSError):  # it was killed
                socket.send_fds(self._idle.pop(), [b"\0"], [job.fileno()])
                return None
        line = self._forked(job)
        socket.send_fds(line, [b"\0"], [job.fileno()])
        return line

    def heard(self, line: socket.socket) -> bool:
        """Hear that a child waits for a firm again, or that it has ended; return whether it waits."""
        waits = False
        with contextlib.suppress(OSError):  # it was killed with a firm in hand
            waits = bool(line.recv(1))
        if waits:
            self._idle.append(line)
        else:
            self._idle = [other for other in self._idle if other is not line]
            os.waitpid(self._pids.pop(line), 0)
            line.close()
        return waits

    def _forked(self, job: socket.socket) -> socket.socket:
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                # Only the parent accepts, and only it holds the other ends. Were they open here too, then after the parent
                # was killed jobs would still connect, and children would wait for firms that nobody gives.
                for held in (self._listener, ours, job, *self._pids):
                    held.close()
                _work(theirs)
                status = 0
            except BaseException:  # what ends here must not go on as a second parent
                traceback.print_exc()
            finally:
                os._exit(status)
        theirs.close()
        self._pids[ours] = pid
        return ours


def _work(line: socket.socket) -> None:
    """Do what comes over the line, a firm at a time; return when the parent has ended, or after enough firms."""
    for firm in range(_FIRMS_A_CHILD):
        if firm:
            line.sendall(b"\0")
        given = socket.recv_fds(line, 1, 1)[1]
        if not given:
            return
        with socket.socket(fileno=given[0]) as job:
            _answer(job)


def _answer(job: socket.socket) -> None:
    for number, theirs in enumerate(socket.recv_fds(job, 1, 2)[1], start=1):
        os.dup2(theirs, number)
        os.close(theirs)
    with job.makefile("rw", encoding="utf-8") as asked:
        folder, function, arguments = ast.literal_eval(asked.readline())
    os.chdir(folder)
    done = threading.Event()

    def watch() -> None:
        # The job sends nothing more, so the end of its stream is the end of the job.
        if not job.recv(1) and not done.is_set():
            os._exit(1)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    status = function_of(function)(**arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    with Path(os.devnull).open("w") as nowhere:
        for number in (1, 2):
            os.dup2(nowhere.fileno(), number)
    done.set()
    job.sendall(f"{status}\n".encode())
    watching.join()


def _is_there(workflow: int) -> bool:
    try:
        os.kill(workflow, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def serve(path: Path) -> None:
    """Import what a firm's job needs, then give each connection to the socket at path to a child."""
    from earnings_themes.topics import topics_job

    topics_job.preload()
    # Else a child's garbage collector walks over all that was imported, and copies each page that it marks
    # (docs.python.org, gc.freeze): 14 % of a firm's CPU time.
    gc.freeze()
    workflow, waited = int(path.stem), 0.0
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, selectors.DefaultSelector() as lines:
        listener.bind(str(path))
        listener.listen(1024)
        lines.register(listener, selectors.EVENT_READ)
        children = _Children(listener)
        while not waited or (waited < _IDLE_SECONDS and _is_there(workflow)):
            heard = [key.fileobj for key, _ in lines.select(_LOOK_SECONDS)]
            waited = 0.0 if heard or children.busy else waited + _LOOK_SECONDS
            for line in heard:
                assert isinstance(line, socket.socket)
                if line is listener:
                    with listener.accept()[0] as job:
                        if new := children.give(job):
                            lines.register(new, selectors.EVENT_READ)
                elif line.fileno() >= 0 and not children.heard(line):
                    lines.unregister(line)
    for left in (path, path.with_suffix(".lock")):
        left.unlink(missing_ok=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
