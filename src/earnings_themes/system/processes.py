"""Processes beside a job's own, which end with it, and work whose digits no number of threads changes.

By itself a worker of a pool waits for work for ever when the job that started it is killed.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import ParamSpec, TypeVar, cast

from threadpoolctl import threadpool_limits

P = ParamSpec("P")
R = TypeVar("R")


def one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function with its linear algebra on one thread.

    How many threads share a product decides its last digits, and on 56 real calls these decided whether 232 themes
    came out or 240: the same files have to give the same themes with any number of cores.
    """
    return cast(Callable[P, R], threadpool_limits.wrap(limits=1)(function))


def pool(workers: int) -> ProcessPoolExecutor:
    """Return a pool of so many processes."""
    return ProcessPoolExecutor(workers, initializer=_end_with_parent)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
