"""A process pool that ends with its job, and a decorator that makes results independent of the number of threads."""

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
    """Return the function with its linear algebra restricted to one thread.

    The number of threads changes the last digits of a product: on 56 real calls this decided between 232 and 240 themes.
    """
    return cast(Callable[P, R], threadpool_limits.wrap(limits=1)(function))


def pool(workers: int) -> ProcessPoolExecutor:
    """Return a pool of that many processes; those of a killed job would wait for ever by themselves."""
    return ProcessPoolExecutor(workers, initializer=_end_with_parent)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
