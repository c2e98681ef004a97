"""Guards a run's folder on this disk: one call at a time, and no incomplete, altered or stale file.

Snakemake compares file times, which misses files cut or edited by hand and fails when the clock changes. So
each job records in `.guard` the SHA-256 of its outputs and inputs, and the next call checks them before it
plans: a file that differs is set aside, and it and everything made from it are rebuilt.
docs/contributing/faults.md lists the faults covered.

The call that schedules jobs (the head) holds a lock that the operating system releases when the process ends,
so no stale lock remains, and its jobs end with it. Runs in S3 are not guarded here: objects are whole or
absent, and head.py admits one head.
"""

import contextlib
import errno
import fcntl
import json
import logging
import os
import shutil
import socket
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from earnings_themes.abstractions import SCHEMA_VERSION
from earnings_themes.errors import BusyError, EarningsThemesError, explained
from earnings_themes.system.files import sha256_of

log = logging.getLogger("earnings_themes")

# Set by the head for its jobs: the run's folder, and which head.
VARIABLE: Final = "EARNINGS_THEMES_GUARD"
# A job of a head that was killed ends at once, and so do its own processes; a loaded machine takes a little.
_ENDING_SECONDS: Final = 3.0
_PAUSE_SECONDS: Final = 0.2
_NO_LOCKS: Final = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)

# Open files whose locks last as long as this process.
_held: list[int] = []


# --- in the head ---------------------------------------------------------------------------------------


def begin(folder: Path, snakemake: Path = Path(".snakemake")) -> list[str]:
    """Lock the run's folder for this process, repair it, and return a sentence for each thing repaired.

    snakemake: the folder of Snakemake's own locks. Raises BusyError while another call works in the folder,
    and EarningsThemesError if the folder cannot be written.
    """
    try:
        guard = folder / ".guard"
        guard.mkdir(parents=True, exist_ok=True)
        token = _take(guard)
        _remove_snakemakes_locks(snakemake / "locks", folder)
        for part in folder.rglob(".*.part"):
            part.unlink(missing_ok=True)
        found = _mend(folder)
    except OSError as error:
        raise EarningsThemesError(explained(error) or f"{folder}: {error}") from error
    os.environ[VARIABLE] = json.dumps({"folder": str(folder), "head": token})
    return found


def _take(guard: Path) -> str:
    """Lock the folder, wait until jobs of an earlier head have ended, and return this head's token."""
    head = os.open(guard / "head", os.O_RDWR | os.O_CREAT, 0o666)
    jobs = os.open(guard / "jobs", os.O_RDWR | os.O_CREAT, 0o666)
    token = uuid.uuid4().hex
    told = False
    while True:
        # Jobs that wait for their dead head have its lock for a moment, and end.
        patience = time.monotonic() + _ENDING_SECONDS
        while not _lock(head, fcntl.LOCK_EX | fcntl.LOCK_NB):
            if time.monotonic() > patience:
                raise BusyError(
                    f"{guard.parent} is being made by another call of snakemake ({_who(guard / 'head')}). Wait until "
                    "it has ended, or stop it; or give yours another name (run:)."
                )
            time.sleep(_PAUSE_SECONDS)
        if _lock(jobs, fcntl.LOCK_EX | fcntl.LOCK_NB):
            break
        if not told:
            log.warning("%s: a job of a call that was killed is still ending; waiting for it", guard.parent)
            told = True
        fcntl.flock(head, fcntl.LOCK_UN)
        time.sleep(_PAUSE_SECONDS)
    about = {"head": token, "pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%F %T")}
    os.ftruncate(head, 0)
    os.pwrite(head, json.dumps(about).encode(), 0)
    os.close(jobs)
    _held.append(head)
    return token


def _lock(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        log.warning("this file system has no locks: see that no second call works in the same folder")
    return True


def _who(head: Path) -> str:
    try:
        about = json.loads(head.read_bytes())
        return f"process {about['pid']} on {about['host']}, since {about['since']}"
    except (OSError, ValueError, KeyError):
        return "it has just begun"


def _remove_snakemakes_locks(locks: Path, folder: Path) -> None:
    """Remove Snakemake's locks on this run's files that a killed call left; the folder's lock replaces them."""
    for lock in locks.glob("*.lock"):
        if f"{folder}/" in lock.read_text(encoding="utf-8"):
            lock.unlink(missing_ok=True)


# --- what was made, and from what ----------------------------------------------------------------------


@dataclass(slots=True)
class _Made:
    """The record of a file: its digest; for a job's first file also the digests of the job's inputs."""

    sha256: str
    job: str
    schema_version: int
    inputs: dict[str, str] = field(default_factory=dict)


def _note(folder: Path, name: str) -> Path:
    return folder / ".guard" / "made" / name


def _read_note(folder: Path, name: str) -> _Made | None:
    try:
        return _Made(**json.loads(_note(folder, name).read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        return _Made("", name, -1)  # like no file that there could be


def _notes(folder: Path) -> dict[str, _Made]:
    made = folder / ".guard" / "made"
    names = sorted(
        str(path.relative_to(made)) for path in made.rglob("*") if path.is_file() and path.name[0] != "."
    )
    return {name: note for name in names if (note := _read_note(folder, name))}


def _is_changed(file: str, sha256: str, notes: dict[str, _Made], lost: set[str]) -> bool:
    """Return whether an input is made again, or was since it was read. One without a note is left to Snakemake."""
    return file in lost or (file in notes and notes[file].sha256 != sha256)


def _mend(folder: Path) -> list[str]:
    """Set altered files aside, remove what was made from them, correct times; return what was found."""
    notes = _notes(folder)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = pool.map(lambda name: _fault(folder, name, notes[name]), notes)
        altered = {name: fault for name, fault in zip(notes, faults, strict=True) if fault}
    # A job makes all its files or none, and its files are only as good as what it read.
    spoilt = {notes[name].job for name in altered}
    again = set(spoilt)
    while True:
        lost = {name for name, note in notes.items() if note.job in again}
        more = {
            name
            for name, note in notes.items()
            if name not in again and any(_is_changed(*read, notes, lost) for read in note.inputs.items())
        }
        if not more:
            break
        again |= more
    for name in lost:
        path = folder / name
        if name in altered and path.exists():
            aside = folder / "set_aside" / time.strftime("%Y%m%d-%H%M%S") / name
            aside.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, aside)
        path.unlink(missing_ok=True)
        _note(folder, name).unlink(missing_ok=True)
        notes.pop(name)
    _put_times_right(folder, notes)
    found = [f"{folder / name}: {fault}; it is made again" for name, fault in altered.items()]
    if stale := sorted(again - spoilt):
        found.append(
            f"made from another state of their input, and made again: {len(stale)}, the first {stale[0]}"
        )
    return found


def _fault(folder: Path, name: str, note: _Made) -> str:
    """Return what is wrong with a file; empty if nothing."""
    try:
        now = sha256_of(folder / name)
    except FileNotFoundError:
        return "is missing"
    if now != note.sha256:
        return "is not as it was made (its SHA-256 differs), and was set aside in set_aside/"
    if note.schema_version != SCHEMA_VERSION:
        return f"has schema version {note.schema_version}, this program writes {SCHEMA_VERSION}; it was set aside"
    return ""


def _put_times_right(folder: Path, notes: dict[str, _Made]) -> None:
    """Make no file newer than now, or than a file made from it.

    After the clock went back, times contradict the order of making: Snakemake would rebuild everything at
    each call, and reject outputs that are older than their inputs.
    """
    now = time.time_ns()
    before = {name: (folder / name).stat().st_mtime_ns for name in notes}
    # From inputs to results: a job's inputs are settled before its own files.
    done: dict[str, int] = {}

    def settle(name: str) -> int:
        if name not in done:
            first = notes.get(notes[name].job, notes[name])
            made_from = (settle(file) for file in first.inputs if file in notes)
            done[name] = max([min(before[name], now), *made_from])
            if done[name] != before[name]:
                os.utime(folder / name, ns=(done[name], done[name]))
        return done[name]

    for name in notes:
        settle(name)
    if done != before:
        # Snakemake counts a job's benchmark among its files.
        latest = max(done.values())
        for path in (folder / "benchmarks").rglob("*.tsv"):
            os.utime(path, ns=(latest, latest))


# --- in a job ------------------------------------------------------------------------------------------


@contextmanager
def making(inputs: Iterable[Path | str] = (), outputs: Iterable[Path | str] = ()) -> Iterator[None]:
    """Run a job's body: end the process if the head ends, and record digests of inputs and outputs afterwards.

    Does nothing for an unguarded run. Raises BusyError if the head that started the job has ended.
    """
    said: dict[str, Any] = json.loads(os.environ.get(VARIABLE, "{}"))
    if not said:
        yield
        return
    folder = Path(said["folder"])
    _end_with_head(folder / ".guard", said["head"])
    files = _inside(folder, outputs)
    for name in files:
        _note(folder, name).unlink(missing_ok=True)
    read = {name: note.sha256 for name in _inside(folder, inputs) if (note := _read_note(folder, name))}
    yield
    for number, name in enumerate(files):
        path = _note(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        about = {"sha256": sha256_of(folder / name), "job": files[0], "schema_version": SCHEMA_VERSION}
        part = path.with_name(f".{path.name}.part")
        try:
            part.write_text(json.dumps(about if number else {**about, "inputs": read}), encoding="utf-8")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)  # of a note for which the disk had no room


def _inside(folder: Path, files: Iterable[Path | str]) -> list[str]:
    return [str(Path(file).relative_to(folder)) for file in files if Path(file).is_relative_to(folder)]


def _end_with_head(guard: Path, token: str) -> None:
    """Hold the jobs lock while this process works, and end the process when its head ends."""
    jobs = os.open(guard / "jobs", os.O_RDWR | os.O_CREAT, 0o666)
    _lock(jobs, fcntl.LOCK_SH)
    _held.append(jobs)
    head = os.open(guard / "head", os.O_RDWR)
    _held.append(head)
    about: dict[str, Any] = {}
    with contextlib.suppress(ValueError):
        about = json.loads((guard / "head").read_bytes())
    if about.get("head") != token:
        raise BusyError(f"{guard.parent}: the call of snakemake that started this job has ended.")

    def wait() -> None:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(head, fcntl.LOCK_SH)
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
