"""Errors meant for the person who runs the workflow.

Each message says what was found, where, what was expected, and what to do. Any other exception is a bug and
keeps its traceback, except failures of the disk, which `explained` describes.
"""

import difflib
import errno
import os
import sqlite3
from collections.abc import Iterable
from importlib.util import find_spec
from typing import Final

_FULL: Final = "the disk is full. Make room (results/.cache can be removed at any time), then run again"
_FORBIDDEN: Final = "it may not be written. Give yourself the right to (chmod, chown), then run again"
_ADVICE: Final = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: "your quota on this disk is used up. Make room, then run again",
    errno.EFBIG: "the file would be larger than this system allows (ulimit -f). Raise that, then run again",
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: "this file system is read-only. Run in a folder that can be written",
    errno.EIO: "the disk failed. Look at the system's log; run again on another disk",
    errno.EMFILE: "too many files are open (ulimit -n). Raise that, or use fewer --cores, then run again",
}
# SQLite has numbers of its own (sqlite.org/rescode.html); the last eight bits are the kind.
_SQLITE_ADVICE: Final = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _FORBIDDEN,
    sqlite3.SQLITE_CANTOPEN: _FORBIDDEN,
    sqlite3.SQLITE_IOERR: "the disk failed, or the file would be larger than this system allows (ulimit -f)",
}


class EarningsThemesError(Exception):
    """Base of every error that a user can do something about."""


class ConfigError(EarningsThemesError):
    """A key or a value of the configuration is not allowed."""


class InputError(EarningsThemesError):
    """The transcripts cannot be read as they are."""


class SourceError(EarningsThemesError):
    """A server of transcripts cannot be reached, or refuses."""


class UnknownFirmError(InputError):
    """The source holds no call of a firm that was asked for."""


class ModelError(EarningsThemesError):
    """A model cannot be loaded, or what it was given cannot be used."""


class ResultError(EarningsThemesError):
    """A file of a run is missing, damaged, or of another version."""


class RegistryError(EarningsThemesError):
    """A registry of themes is damaged, of another space or encoder, or not to be extended by this run."""


class CoverageError(EarningsThemesError):
    """Too many firms are missing for themes that stand for the whole run."""


class CloudError(EarningsThemesError):
    """AWS refused a request, or could not be reached."""


class ReduceError(EarningsThemesError):
    """The reduce's job in the cloud failed, ran out of time, or was stopped."""


class StoreError(EarningsThemesError):
    """The store cannot be read or written now: another publisher is at it, it is damaged, or out of reach."""


class NotFoundError(EarningsThemesError):
    """The store holds no such run, theme, topic or firm."""


class BusyError(EarningsThemesError):
    """Another call works in the same folder."""


def require(module: str, what: str, command: str) -> None:
    """Raise ConfigError unless a package is installed that only some users need.

    module: what it is imported as. what: what needs it, as the user named it. command: what installs it.
    """
    if find_spec(module) is None:
        raise ConfigError(f"{what} needs {module}, which is not installed. Type: {command}")


def close_to(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'freight'?", for the end of a message, where a known name is close; else nothing."""
    close = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def explained(error: BaseException | None) -> str | None:
    """Return what an error of the disk is, where, and what to do; None for any other error."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _ADVICE:
            what = error.filename or os.strerror(error.errno)
            return f"{what}: {_ADVICE[error.errno]}. Nothing half-written is left."
        if isinstance(error, sqlite3.Error):
            advice = _SQLITE_ADVICE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
            if advice:
                return f"SQLite ({error}): {advice}. Nothing half-written is left."
        error = error.__cause__ or error.__context__
    return None
