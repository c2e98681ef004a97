"""Reads all firms' topics, from a disk or S3, several at once, and keeps only a few of them in memory.

Files are fetched by threads, because S3 answers in tens of milliseconds, read by as many processes as there are cores
to use, because that is work, and given out in the order of the firm list, because a result must not depend on which
answer came first. A file that cannot be used is skipped by name and reason, and so are files that no firm asked for.
"""

import itertools
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import cached_property, partial
from typing import Final, TypeVar

import numpy as np

from earnings_themes.abstractions import FirmTopics, SkippedFirm
from earnings_themes.errors import CoverageError, ResultError
from earnings_themes.results.artifacts import parse_firm_topics
from earnings_themes.results.ending import last_error
from earnings_themes.results.firms import decode_firm, encode_firm
from earnings_themes.system.folders import PARALLEL_REQUESTS, FileInfo, Folder
from earnings_themes.system.processes import pool

log = logging.getLogger(__name__)

T = TypeVar("T")

# Two hundred times a usual firm (150 KB): what is larger is no firm's topics, and a queue of such files would
# fill the memory.
LARGEST_BYTES: Final = 32 * 2**20
# How far fetching is ahead of use: every thread has work, at a few MB of memory.
_AHEAD: Final = 2 * PARALLEL_REQUESTS
# Centroids are written with 6 significant digits (results.py); what is further from 1 was never normalised.
_LENGTH_TOLERANCE: Final = 0.01
_SECONDS_A_LINE: Final = 10.0
# A wrong folder would fill the log, and its end is what an error shows.
_MOST_WARNINGS: Final = 10


class TopicsReader:
    """Iterates over the firms whose topics can be used, in the order of `firms`; may be iterated again.

    folder: where {firm}.json of each firm should be. run: the run they must be of. names: of the firms. logs: where
    {firm}.log of a job that failed says why. After an iteration `unreadable` has the firms that were skipped, with the
    reason, and `ignored` the files that are no firm's.
    """

    def __init__(
        self,
        folder: Folder,
        firms: Sequence[str],
        run: str,
        names: Mapping[str, str] | None = None,
        logs: Folder | None = None,
    ) -> None:
        self.folder = folder
        self.firms = firms
        self.run = run
        self.names = names or {}
        self.logs = logs
        self.files: dict[str, FileInfo] = {}
        self.unreadable: list[SkippedFirm] = []
        self.ignored: list[str] = []

    def __iter__(self) -> Iterator[FirmTopics]:
        """Yield one firm at a time. Raises CloudError when AWS refuses to list or to read."""
        return self.map(_itself)

    def map(self, function: Callable[[FirmTopics], T], workers: int = 1) -> Iterator[T]:
        """Yield what the function makes of each firm, in their order; it is called in so many processes.

        function, and what it returns, must be such that they can be sent to another process. Raises as iteration does.
        """
        to_read = iter(self.look())
        waiting: deque[tuple[str, Future[Callable[[], T]]]] = deque()
        started = said = time.monotonic()
        n_read = 0
        with ExitStack() as stack:
            processes: Executor | None = None
            if workers > 1:
                processes = stack.enter_context(pool(workers))
                # Started now: a process that is forked while threads run can wait for ever for what one of them held.
                processes.submit(_itself, None).result()
            threads = ThreadPoolExecutor(PARALLEL_REQUESTS, "read-topics")
            stack.callback(threads.shutdown, cancel_futures=True)
            while True:
                for firm, name in itertools.islice(to_read, _AHEAD - len(waiting)):
                    waiting.append((firm, threads.submit(self._fetched, firm, name, function, processes)))
                if not waiting:
                    break
                firm, fetched = waiting.popleft()
                try:
                    yield fetched.result()()
                except ResultError as error:
                    self.unreadable.append(self._skipped(firm, str(error)))
                n_read += 1
                if time.monotonic() - said > _SECONDS_A_LINE:
                    said = time.monotonic()
                    log.info("read the topics of %d of %d firms", n_read, len(self.firms))
        log.info("read the topics of %d firms in %.1f s", n_read, time.monotonic() - started)
        _warn([f"firm {firm.firm_id} is skipped: {firm.reason}" for firm in self.unreadable])

    def look(self) -> list[tuple[str, str]]:
        """List the folder, and return the firms and file names that are worth reading.

        Sets `files`, `unreadable` and `ignored`. It reads no file, so it is what can be known before a
        machine is paid for.
        """
        self.files = self.folder.list()
        self.unreadable = []
        to_read: dict[str, str] = {}
        for firm in self.firms:
            name = f"{encode_firm(firm)}.json"
            if name in to_read:
                self.unreadable.append(self._skipped(firm, "firms.tsv lists it twice; it was read once."))
            elif fault := _fault(self.files.get(name)):
                self.unreadable.append(self._skipped(firm, f"topics/{name}: {fault}."))
            else:
                to_read[name] = firm
        firms = set(self.firms)
        known = {f"{encode_firm(firm)}.json" for firm in firms}
        self.ignored = [name for name in self.files if name not in known]
        said = []
        for name in self.ignored:
            firm = decode_firm(name.removesuffix(".json"))
            why = f"a second file of firm {firm!r}" if firm in firms else "of no firm in firms.tsv"
            said.append(f"topics/{name} is ignored: {why}")
        _warn(said)
        return [(firm, name) for name, firm in to_read.items()]

    def _skipped(self, firm: str, reason: str) -> SkippedFirm:
        log_file = f"{encode_firm(firm)}.log"
        if self.logs and reason.endswith(": missing.") and log_file in self._logs_there:
            reason = f"{reason[:-1]}; its job ended with: {last_error(self.logs, log_file)}"
        return SkippedFirm(firm, reason, self.names.get(firm, ""))

    @cached_property
    def _logs_there(self) -> frozenset[str]:
        return frozenset(self.logs.list()) if self.logs else frozenset()

    def check_coverage(self, least: float) -> None:
        """Raise CoverageError when fewer than the share `least` of the firms could be used."""
        n_firms, n_missing = len(self.firms), len(self.unreadable)
        coverage = 1 - n_missing / n_firms if n_firms else 1.0
        if coverage < least:
            first = self.unreadable[:10]
            shown = "\n  ".join(
                f"{f'{firm.firm_id} {firm.firm_name}'.strip()}: {firm.reason}" for firm in first
            )
            raise CoverageError(
                f"Topics of {n_firms - n_missing} of {n_firms} firms can be read ({coverage:.1%}); "
                f"reduce.min_firm_coverage asks for {least:.1%}. Run again to make the missing ones, or lower "
                f"it. In {self.folder}:\n  {shown}"
            )

    def _fetched(
        self, firm: str, name: str, function: Callable[[FirmTopics], T], processes: Executor | None
    ) -> Callable[[], T]:
        """Read a file; return a function whose call makes something of it here, or waits for the process that does."""
        try:
            data = self.folder.read(name)
        except FileNotFoundError as error:
            raise ResultError(f"topics/{name}: missing.") from error
        except OSError as error:
            raise ResultError(f"topics/{name}: cannot be read ({error}).") from error
        if processes is None:
            return partial(_made, function, self.run, firm, name, data)
        return processes.submit(_made, function, self.run, firm, name, data).result


def _itself(firm: T) -> T:
    return firm


def _made(function: Callable[[FirmTopics], T], run: str, firm_id: str, name: str, data: bytes) -> T:
    """Return what the function makes of a firm's file. Raises ResultError when the file is not that firm's."""
    name = f"topics/{name}"  # the same in every place, so that themes.json is the same
    firm = parse_firm_topics(data, name)
    if firm.firm_id != firm_id:
        raise ResultError(f"{name}: holds firm {firm.firm_id!r}, expected {firm_id!r}.")
    if firm.run != run:
        raise ResultError(f"{name}: is of run {firm.run!r}, expected {run!r}.")
    lengths = np.linalg.norm(np.asarray(firm.centroids or [[1.0]]), axis=1)
    if np.abs(lengths - 1).max() > _LENGTH_TOLERANCE:
        raise ResultError(f"{name}: the centroids are not of length 1.")
    return function(firm)


def _warn(lines: Sequence[str]) -> None:
    for line in lines[:_MOST_WARNINGS]:
        log.warning("%s", line)
    if len(lines) > _MOST_WARNINGS:
        log.warning("and %d more; the receipt names them all", len(lines) - _MOST_WARNINGS)


def _fault(file: FileInfo | None) -> str:
    if file is None:
        return "missing"
    if file.size == 0:
        return "empty"
    too_large = f"has {file.size} bytes, no firm's topics have over {LARGEST_BYTES}"
    return too_large if file.size > LARGEST_BYTES else ""
