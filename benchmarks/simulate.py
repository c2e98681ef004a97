"""A run of the workflow on the queue, second by second: how long it takes, what it pays for, where the time goes.

    python -m benchmarks.simulate             # the table of docs/contributing/benchmarks.md
    python -m benchmarks.simulate --firms 1000 --groups 1 20 --interrupted 0.2

It answers what no offline AWS can: how a thousand firms behave when machines boot for minutes, the head submits and
looks at a limited rate, and spot machines are taken away. What a step takes comes from PIECES, each with its source; an
assumption says that it is one. The head builds the DAG, then come two waves, encoding and topics: a firm's topics wait
for all shards, because a group's firms lie in many of them. A job whose machine is taken is tried again from its
start, which is pessimistic. The reduce and the report follow the waves and do not depend on the group size.
"""

import argparse
import functools
import math
import random
import statistics
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from earnings_themes.cloud import cost

_PAGE: Final = "docs/contributing/benchmarks.md"
_PROFILE: Final = "config/profiles/aws-basic-batch"
_MEASURED: Final = "src/earnings_themes/cloud/measured.json"
# name: (value, source)
PIECES: Final[dict[str, tuple[float, str]]] = {
    "dag_seconds": (1.3, f"{_PAGE}, The DAG: what does not depend on the number of firms"),
    "dag_seconds_a_firm": (0.0017, f"{_PAGE}, The DAG: 18.6 s at 10,000 firms, 2.9 s at 1,000"),
    "submits_a_second": (5, f"{_PROFILE}: max-jobs-per-timespan"),
    "looks_a_second": (10, f"{_PROFILE}: max-status-checks-per-second"),
    "seconds_between_looks": (10, f"{_PROFILE}: seconds-between-status-checks"),
    "jobs_at_once": (500, f"{_PROFILE}: jobs"),
    "vcpus": (cost.MAP_VCPUS, "terraform/environments/prod.tfvars"),
    "vcpus_a_job": (4, f"{_PROFILE}: cores"),
    "vcpus_a_machine": (16, "assumed: what Batch picks of the allowed families"),
    "machine_seconds": (cost.measured("machine_start_seconds"), "assumed: a machine boots and pulls the image"),
    "job_seconds": (cost.measured("job_overhead_seconds"), f"assumed, as in {_MEASURED}: a Batch job around its scripts"),
    "imports_seconds": (2.8, f"{_PAGE}, What each lever brings: a cold process, once a job"),
    "firm_seconds": (cost.measured("topics_cpu_seconds_a_firm"), f"{_MEASURED}: a firm's topics"),
    "encoding_seconds": (cost.measured("embed_cpu_seconds_a_firm"), f"{_MEASURED}: a firm's sentences on one core"),
    "spread": (0.5, "assumed: standard deviation of the log of the sentences a firm; .41 in 56 real calls"),
    "firms_a_shard": (50, "config/config.yaml: a shard for every 20 to 50 firms"),
    "interrupted_within_seconds": (
        600,
        "assumed: the share named is of machines taken within ten minutes, far more than AWS lists, so that it shows",
    ),
}  # fmt: skip

BEGIN: Final = "<!-- written by make simulate -->"
END: Final = "<!-- end of what make simulate writes -->"


@dataclass
class Outcome:
    """What a simulated run took. Seconds are wall seconds of the map; vcpu_hours are paid for, idle ones included."""

    firms: int
    group: int
    seconds: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)
    vcpu_hours: float = 0.0
    submitted: int = 0
    attempts: int = 0
    taken: int = 0
    done: int = 0
    most_vcpus: int = 0
    most_jobs: int = 0

    @property
    def dollars(self) -> float:
        """What the map's machines cost on spot."""
        return self.vcpu_hours * cost.price("ec2_vcpu_hour") * cost.price("ec2_spot_share")


@dataclass(eq=False)
class _Job:
    firms: int
    vcpus: int
    seconds: float


@dataclass(eq=False)
class _Machine:
    ready: float
    taken: float
    free: int
    running: dict[_Job, float] = field(default_factory=dict)


def simulate(firms: int, group: int, interrupted: float, seed: int = 42, **changed: float) -> Outcome:
    """Simulate the map of so many firms, `group` of them a job.

    interrupted: the chance that a machine is taken away within `interrupted_within_seconds`. changed: pieces
    with another value. Raises ValueError for what is no number of firms, no group or no chance.
    """
    if firms < 1 or group < 1 or not 0 <= interrupted < 1:
        raise ValueError(
            f"firms {firms}, group {group}, interrupted {interrupted}: expected ≥ 1, ≥ 1 and 0 to 1"
        )
    of = {name: value for name, (value, _) in PIECES.items()} | changed
    draw = random.Random(seed)
    # One draw per firm: the same firms whatever the group, so that groups are compared and not luck.
    size = [math.exp(draw.gauss(0, of["spread"]) - of["spread"] ** 2 / 2) for _ in range(firms)]
    outcome = Outcome(firms, group)
    queue = _Queue(of, interrupted, draw, outcome)
    dag = of["dag_seconds"] + of["dag_seconds_a_firm"] * firms
    outcome.parts["DAG"] = dag
    queue.now = dag
    for name, seconds, a_job in (
        ("encoding", of["encoding_seconds"], round(of["firms_a_shard"])),
        ("topics", of["firm_seconds"], group),
    ):
        started = queue.now
        fixed = of["job_seconds"] + of["imports_seconds"]
        jobs = []
        for first in range(0, firms, a_job):
            members = size[first : first + a_job]
            vcpus = min(round(of["vcpus_a_job"]), len(members))
            # No job is faster than its largest firm, or its firms' work over its cores; an encoding job splits evenly.
            work = [seconds * one for one in members]
            longest = max(work) if name == "topics" else 0.0
            jobs.append(_Job(len(members), vcpus, fixed + max(longest, sum(work) / vcpus)))
        queue.run(jobs)
        outcome.parts[name] = queue.now - started
    outcome.seconds = queue.now
    return outcome


class _Queue:
    """The head, the queue and its machines; what has booted in one wave is there for the next."""

    def __init__(
        self, of: dict[str, float], interrupted: float, draw: random.Random, outcome: Outcome
    ) -> None:
        self.now = 0.0
        self._of = of
        self._hazard = -math.log1p(-interrupted) / of["interrupted_within_seconds"]
        self._draw = draw
        self._outcome = outcome
        self._machines: list[_Machine] = []

    def run(self, jobs: list[_Job]) -> None:
        """Go on, a second at a time, until the head has seen every job end."""
        to_submit, waiting = deque(jobs), deque[_Job]()
        unseen = in_flight = 0
        allowance = 0.0
        next_look = self.now + self._of["seconds_between_looks"]
        while to_submit or in_flight:
            self.now += 1.0
            allowance = min(allowance + self._of["submits_a_second"], self._of["submits_a_second"])
            while to_submit and allowance >= 1 and in_flight < self._of["jobs_at_once"]:
                waiting.append(to_submit.popleft())
                self._outcome.submitted += 1
                in_flight += 1
                allowance -= 1
            unseen += self._work(waiting)
            self._start(waiting)
            self._outcome.most_jobs = max(self._outcome.most_jobs, in_flight)
            if self.now >= next_look:
                # A look asks for every job that is not known to have ended; many jobs make it slower.
                pause = max(self._of["seconds_between_looks"], in_flight / self._of["looks_a_second"])
                in_flight -= unseen
                unseen = 0
                next_look = self.now + pause

    def _work(self, waiting: "deque[_Job]") -> int:
        """Let machines work for a second; return the number of jobs that ended."""
        ended = 0
        left = []
        for machine in self._machines:
            if self.now >= machine.taken:
                waiting.extendleft(machine.running)
                self._outcome.taken += 1
                continue
            for job in [job for job, end in machine.running.items() if end <= self.now]:
                del machine.running[job]
                machine.free += job.vcpus
                self._outcome.done += job.firms
                ended += 1
            # An idle machine is given back when nobody waits.
            if machine.running or waiting or machine.ready > self.now:
                left.append(machine)
                self._outcome.vcpu_hours += self._of["vcpus_a_machine"] / 3600
        self._machines = left
        return ended

    def _start(self, waiting: "deque[_Job]") -> None:
        """Put waiting jobs on machines that are up, and order machines for the rest."""
        a_machine = round(self._of["vcpus_a_machine"])
        for machine in self._machines:
            while waiting and machine.ready <= self.now and machine.free >= waiting[0].vcpus:
                job = waiting.popleft()
                machine.running[job] = self.now + job.seconds
                machine.free -= job.vcpus
                self._outcome.attempts += 1
        booting = sum(machine.free for machine in self._machines if machine.ready > self.now)
        wanted = sum(job.vcpus for job in waiting) - booting
        while wanted > 0 and (len(self._machines) + 1) * a_machine <= self._of["vcpus"]:
            ready = self.now + self._of["machine_seconds"]
            taken = ready + (self._draw.expovariate(self._hazard) if self._hazard else math.inf)
            self._machines.append(_Machine(ready, taken, a_machine))
            wanted -= a_machine
        used = sum(a_machine - machine.free for machine in self._machines)
        self._outcome.most_vcpus = max(self._outcome.most_vcpus, used)


@functools.cache
def medians(firms: int, group: int, interrupted: float, repeats: int = 5) -> tuple[float, float, float]:
    """Return the medians of minutes, dollars and jobs' attempts over so many seeds."""
    runs = [simulate(firms, group, interrupted, seed) for seed in range(repeats)]
    return (
        statistics.median(run.seconds / 60 for run in runs),
        statistics.median(run.dollars for run in runs),
        statistics.median(run.attempts for run in runs),
    )


def best_group(firms: int, interrupted: float, groups: list[int], repeats: int = 5) -> int:
    """Return the smallest group that is within 5 % of the fastest one's time.

    The smallest, because a job that is taken away, or fails, repeats its whole group.
    """
    minutes = {group: medians(firms, group, interrupted, repeats)[0] for group in groups}
    return min(group for group in groups if minutes[group] <= 1.05 * min(minutes.values()))


def page(sizes: list[int], groups: list[int], shares: list[float], repeats: int) -> str:
    """Return the table of docs/contributing/benchmarks.md."""
    lines = [
        f"Medians of {repeats} seeds: minutes of the map, dollars for its machines. In bold: the smallest group within "
        "5 % of the fastest.",
        "",
        "| firms | machines taken | " + " | ".join(f"{group} a job" for group in groups) + " |",
        "|---|---|" + "---|" * len(groups),
    ]
    for firms in sizes:
        for share in shares:
            best = best_group(firms, share, groups, repeats)
            cells = []
            for group in groups:
                minutes, dollars, _ = medians(firms, group, share, repeats)
                cell = f"{minutes:.1f} min, ${dollars:.2f}"
                cells.append(f"**{cell}**" if group == best else cell)
            lines.append(f"| {firms:,} | {share:.0%} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def minutes_of_parts(sizes: list[int]) -> str:
    """Return where the minutes go at 20 firms a job and 5 % of machines taken, one line per size."""
    lines = []
    for firms in sizes:
        run = simulate(firms, 20, 0.05)
        parts = ", ".join(f"{name} {run.parts[name] / 60:.1f} min" for name in ("DAG", "encoding", "topics"))
        lines.append(f"{firms:,} firms, 20 a job: {parts}; {run.submitted:,} jobs, {run.attempts:,} attempts")
    return "\n".join(lines)


def main() -> None:
    """Parse the command line and print, or write, the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--firms", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--groups", type=int, nargs="+", default=[1, 20, 50, 100])
    parser.add_argument("--interrupted", type=float, nargs="+", default=[0.05, 0.2])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--page", type=Path, help="the document whose simulation is rewritten")
    given = parser.parse_args()
    text = page(given.firms, given.groups, given.interrupted, given.repeats)
    if given.page:
        before, rest = given.page.read_text(encoding="utf-8").split(BEGIN)
        after = rest.split(END)[1]
        given.page.write_text(f"{before}{BEGIN}\n{text}{END}{after}", encoding="utf-8")
    print(text)
    print(minutes_of_parts(given.firms))


if __name__ == "__main__":
    main()
