"""A process pool that ends with its job, and a decorator that makes results independent of the number of threads."""

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, ParamSpec, TypeVar, cast

from threadpoolctl import threadpool_limits

_shared: tuple[Any, ...] = ()
P = ParamSpec("P")
R = TypeVar("R")


def one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function with its linear algebra restricted to one thread.

    The number of threads changes the last digits of a product: on 56 real calls this decided between 232 and 240 themes.
    """
    return cast(Callable[P, R], threadpool_limits.wrap(limits=1)(function))


def pool(workers: int, *shared: Any) -> ProcessPoolExecutor:
    """Return a pool of that many processes; those of a killed job would wait for ever by themselves.

    shared: what all of them get once, instead of with every task, from `shared()`.
    """
    return ProcessPoolExecutor(workers, initializer=_begin, initargs=shared)


def shared() -> tuple[Any, ...]:
    """Return what the process that made this one's pool shares with it."""
    return _shared


def _begin(*given: Any) -> None:
    global _shared
    _shared = given
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
