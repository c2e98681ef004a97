"""Cancels the jobs of a stopped head several at a time; Snakemake's executors cancel them one by one.

Batch kills a container 30 seconds after SIGTERM (stopTimeout). With 500 jobs and 50 to 100 ms a request, a
head would be killed before it had cancelled all and written its receipt.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

# 500 jobs then take 12.5 seconds or as long as the requests take, and two heads stay near the account's 50 calls a second
# (AWS re:Post, "aws-batch-requests-error").
_AT_ONCE: Final = 4
_SECONDS_EACH: Final = 0.1


def several_at_once(executor: Any) -> None:
    """Let an executor's class end several jobs at once; one of local jobs has none to end. A second call changes nothing."""
    if hasattr(executor, "_one_by_one") or not hasattr(executor, "cancel_jobs"):
        return
    executor._one_by_one = executor.cancel_jobs
    executor.cancel_jobs = _cancel_jobs


def _cancel_jobs(self: Any, active_jobs: Sequence[Any]) -> None:
    def cancel(job: Any) -> None:
        begun = time.monotonic()
        self._one_by_one([job])
        time.sleep(max(0.0, begun + _SECONDS_EACH - time.monotonic()))

    with ThreadPoolExecutor(_AT_ONCE, "cancel") as pool:
        list(pool.map(cancel, active_jobs))
