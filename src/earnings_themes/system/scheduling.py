"""Lets Snakemake schedule ten thousand jobs on one machine in time that grows with their number, not with its square.

Each time a job ends, Snakemake 9 works out the parameters and resources of every job that could start
(JobScheduler.schedule), to choose the few for which a core is free: with 10,000 waiting firms .4 s of CPU a firm. Here it is
shown a few of them at a time. Which of them start first says nothing about a result.
"""

import itertools
from typing import Any, Final

from snakemake.scheduling.job_scheduler import JobScheduler

# More than any machine has cores, so that none stays idle.
_SHOWN: Final = 256


def look_at_few() -> None:
    """Show the scheduler of this process at most so many of the jobs that could start."""
    JobScheduler.open_jobs = property(_some_open_jobs)


def _some_open_jobs(scheduler: Any) -> list[Any]:
    return list(itertools.islice(scheduler.workflow.dag.ready_jobs, _SHOWN))
