"""The paragraph that a call of the workflow ends with: what was made, what was left out and why, what failed, what to read.

It is made from small files of the run, on a disk or in S3, by the process that builds the DAG: nothing here loads Arrow.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from earnings_themes.errors import EarningsThemesError
from earnings_themes.results.firms import FirmRow, decode_firm, first_few, parse_firms
from earnings_themes.system.folders import Folder, folder_at

# More messages than these nobody reads in a terminal.
_NAMED: Final = 5
# Above, the subject space was learned from other texts: calls of three sources have .01 to .03, news .15 to .22.
_ALIKE: Final = 0.1
# A step that runs once a run, and the file that it leaves.
_STEPS: Final = {
    "ingest": "transcripts.parquet",
    "themes": "themes.json",
    "panel": "panel.parquet",
    "publish": "published.json",
    "report": "report.html",
}
# One that runs once a shard or firm: its folder of logs, the folder and the ending of its files.
_MANY: Final = {"embed": ("embeddings", ".parquet"), "topics": ("topics", ".json")}


def succeeded(where: str) -> str:
    """Return what a finished run has to say. where: the run's folder, on a disk or s3://."""
    folder = folder_at(where)
    firms = _firms(folder)
    metrics = _json(folder, "quality.json").get("metrics", {})

    def number(name: str) -> int:
        return int(metrics.get(name, {}).get("value") or 0)

    covered = metrics.get("coverage_content", {}).get("value")
    held = "" if covered is None else f", with {covered:.0%} of the sentences that have a subject"
    calls = sum(row.n_calls for row in firms.values())
    alike = metrics.get("alike", {}).get("value") or 0.0
    foreign = (
        f"These texts are unlike the calls that the subject space was learned from: any two sentences have a cosine of "
        f"{alike:.2f} (calls: below {_ALIKE}), so themes are few and mixed. Learn a space from them: "
        f"earnings-themes fit --space mine.npz --from {where}; then run again with embedding: {{space: mine.npz}}"
    )
    return "\n".join(
        [
            f"Done: {_count(len(firms), 'firm')}, {_count(calls, 'call')}, {_count(number('sentences'), 'sentence')}; "
            f"{_count(number('themes'), 'theme')} in {_count(number('broad'), 'broad theme')}{held}.",
            _left_out(folder, firms),
            *([foreign] if alike > _ALIKE else []),
            f"Panel: {where}/panel.parquet, explained in {where}/codebook.md",
            f"Report: {where}/report.html",
        ]
    )


def failed(where: str, since: float) -> str:
    """Return what a call that failed has to say. since: when it began, in seconds since 1970."""
    folder = folder_at(where)
    firms = _firms(folder)
    failures = list(_failures(folder, firms, since))
    lines = [f"Not finished: {where}."]
    if firms:
        there = folder.child("topics").list()
        n_topics = sum(name.endswith(".json") for name in there)
        lines[0] += f" {n_topics:,} of {_count(len(firms), 'firm')} have topics."
    lines += [f"Failed: {what}: {why}\n  log: {log}" for what, why, log in failures[:_NAMED]]
    if len(failures) > _NAMED:
        lines.append(f"Failed too: {len(failures) - _NAMED:,} more; their logs are in {where}/logs")
    if not failures:
        lines.append("No step left a message: Snakemake's own log, named above, has what happened.")
    return "\n".join([*lines, "What is done stays. The same command goes on from here."])


def _failures(folder: Folder, firms: Mapping[str, FirmRow], since: float) -> Iterator[tuple[str, str, str]]:
    """Give the steps that this call tried and whose file is not there: what, why, and its log."""
    made, logs = folder.list(), folder.child("logs")
    tried = logs.list()
    for step, file in _STEPS.items():
        log = f"{step}.log"
        if file not in made and log in tried and tried[log].modified >= since:
            yield step, last_error(logs, log), f"{logs}/{log}"
    for step, (name, ending) in _MANY.items():
        below, there = logs.child(step), folder.child(name).list()
        for log, info in below.list().items():
            job = log.removesuffix(".log")
            if f"{job}{ending}" not in there and info.modified >= since:
                yield _named(step, job, firms), last_error(below, log), f"{below}/{log}"


def _named(step: str, job: str, firms: Mapping[str, FirmRow]) -> str:
    if step == "embed":
        return f"embeddings of shard {job}"
    firm = firms.get(decode_firm(job))
    return f"topics of {firm.firm_name} ({firm.firm_id})" if firm else f"topics of {decode_firm(job)}"


def last_error(logs: Folder, name: str) -> str:
    """Return the last error of a log, or of a traceback in it the last line; what no message means where there is none."""
    try:
        lines = logs.read(name).decode("utf-8", "replace").splitlines()
    except (OSError, EarningsThemesError):
        lines = []
    places = [place for place, line in enumerate(lines) if " ERROR " in line]
    if not places:
        return "it ended without a message; the machine may have stopped it (memory, time)"
    said = lines[places[-1]].partition(" ERROR ")[2]
    return lines[-1] if "Traceback" in "".join(lines[places[-1] :]) else said


def _left_out(folder: Folder, firms: Mapping[str, FirmRow]) -> str:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for skipped in _json(folder, "reduce.json").get("skipped_firms", []):
        row = firms.get(skipped["firm_id"])
        by_reason[skipped["reason"]].append(row.firm_name if row else skipped["firm_id"])
    parts = []
    for reason, names in sorted(by_reason.items()):
        parts.append(f"{_count(len(names), 'firm')} ({_plain(reason)}: {first_few(names)})")
    rows = _json(folder, "ingest.json").get("skipped_rows", {})
    if rows:
        why = ", ".join(f"{_plain(reason)} {n:,}" for reason, n in sorted(rows.items()))
        parts.append(f"{_count(sum(rows.values()), 'row')} of the input ({why})")
    return f"Left out: {'; '.join(parts)}." if parts else "Nothing was left out."


def _plain(reason: str) -> str:
    return reason if " " in reason else reason.replace("_", " ")


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _firms(folder: Folder) -> dict[str, FirmRow]:
    try:
        return {row.firm_id: row for row in parse_firms(folder.read("firms.tsv"), f"{folder}/firms.tsv")}
    except (OSError, EarningsThemesError):
        return {}


def _json(folder: Folder, name: str) -> dict[str, Any]:
    """A file that may be missing: what it tells is left unsaid then."""
    try:
        found = json.loads(folder.read(name))
    except (OSError, ValueError, EarningsThemesError):
        return {}
    return found if isinstance(found, dict) else {}
