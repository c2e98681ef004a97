"""Where the time of a run went, from what its steps recorded."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

ORDER: Final = ("ingest", "embed", "topics", "themes", "publish", "report")


@dataclass(slots=True)
class StepTime:
    """A step: number of runs, total and longest seconds, largest memory."""

    step: str
    n: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    memory_mb: float = 0.0

    def add(self, seconds: float, memory_mb: float = 0.0) -> None:
        """Count one more run of the step."""
        self.n += 1
        self.seconds += seconds
        self.longest = max(self.longest, seconds)
        self.memory_mb = max(self.memory_mb, memory_mb)


def add_seconds(times: dict[str, StepTime], stage: str, metadata: Mapping[str, Any]) -> None:
    """Add the timing in a result file's metadata; a file without it adds nothing."""
    timing = metadata.get("timing") or {}
    seconds, memory = timing.get("seconds"), timing.get("peak_memory_mb") or 0.0
    steps = seconds if isinstance(seconds, Mapping) else {"": seconds}
    for name, value in steps.items():
        if isinstance(value, int | float):
            step = f"{stage}: {name}" if name else stage
            times.setdefault(step, StepTime(step)).add(float(value), float(memory))


def benchmark_times(folder: Path) -> list[StepTime]:
    """Return the rules in Snakemake's benchmark files, by first folder or file name."""
    times: dict[str, StepTime] = {}
    for path in sorted(folder.rglob("*.tsv")):
        rule = path.relative_to(folder).parts[0].removesuffix(".tsv")
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, dialect="excel-tab"):
                seconds, memory = _number(row.get("s")), _number(row.get("max_rss"))
                if seconds is not None:
                    times.setdefault(rule, StepTime(rule)).add(seconds, memory or 0.0)
    return list(times.values())


def by_rule(jobs: Sequence[StepTime], inner: Iterable[StepTime]) -> list[StepTime]:
    """Return the jobs in the workflow's order, each followed by its steps ("topics: fit").

    A step named as its job is the job's work without the start of its process.
    """
    steps = [replace(time, step=f"{time.step}: work") if time.step in ORDER else time for time in inner]

    def place(time: StepTime) -> tuple[int, str]:
        rule = time.step.partition(":")[0]
        return ORDER.index(rule) if rule in ORDER else len(ORDER), rule

    return sorted([*jobs, *steps], key=place)


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
