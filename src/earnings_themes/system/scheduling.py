"""Lets Snakemake schedule ten thousand jobs on one machine in time that grows with their number, not with its square.

Two things in Snakemake 9's scheduler grow with the square, and neither changes a result:

* When a job ends, it works out the parameters and resources of every job that could start, to choose the few for which a
  core is free. Here it is shown a few of them at a time.
* Its limit of jobs a second (100, which no single machine reaches) makes it look again a second after each look, and each
  of these looks orders another: after 1,000 jobs it looks 1,000 times a second. Here it has no such limit.
"""

import itertools
from typing import Any, Final

from snakemake.scheduling.job_scheduler import JobScheduler

# More than most machines have cores, so that none stays idle.
_SHOWN: Final = 128


def grow_with_jobs(settings: Any) -> None:
    """Keep the scheduler of this process from looking at all jobs for each. settings: the workflow's scheduling_settings."""
    settings.max_jobs_per_timespan = None
    JobScheduler.open_jobs = property(_some_open_jobs)


def _some_open_jobs(scheduler: Any) -> list[Any]:
    return list(itertools.islice(scheduler.workflow.dag.ready_jobs, _SHOWN))
