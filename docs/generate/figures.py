"""The measured figures, as docs/measured.json has them: nothing here measures."""

import json
from functools import cache
from typing import Any

from docs.generate.markdown import block, table
from docs.generate.measure import MEASURED
from earnings_themes.cloud.cost import estimate


@cache
def measured() -> dict[str, Any]:
    """Return what `python -m docs.generate measure` found."""
    found: dict[str, Any] = json.loads(MEASURED.read_text(encoding="utf-8"))
    return found


def machine() -> str:
    """What the figures were measured on."""
    found = measured()
    on, firms = found["machine"], found["firms"]
    return (
        f"Measured on {found['date']} at commit {found['commit']}: run `{found['run']}`, {firms['n']} firms, "
        f"{firms['sentences']:,} sentences ({firms['median_sentences']:g} a firm), on {on['cores']} cores "
        f"({on['cpu']}), {on['memory_gib']} GiB, Python {on['python']}."
    )


def a_firm() -> str:
    """Memory, seconds and file size of one firm's job."""
    job, files = measured()["jobs"]["topics"], measured()["files"]
    rows = [
        ["memory of the process, largest", f"{job['memory_mb']} MB"],
        ["wall of the job, median / longest", f"{job['wall']:.1f} s / {job['wall_max']:.1f} s"],
        ["of it work; the rest is handing the firm to the warm process", f"{job['work']:.1f} s"],
        ["`topics/{firm}.json`, median / largest",
         f"{_kb(files['topics/{firm}.json (median)'])} / {_kb(files['topics/{firm}.json (largest)'])}"],
    ]  # fmt: skip
    return table(["a firm", ">measured"], rows)


def jobs() -> str:
    """Every rule's jobs; a topics job has no CPU seconds, because its work is done in the warm process."""
    rows = []
    for rule, job in _ordered(measured()["jobs"]):
        seconds = [f"{job[name]:.1f}" if name in job else "–" for name in ("wall", "wall_max", "cpu")]
        rows.append([rule, str(job["n"]), *seconds, str(job["memory_mb"])])
    return table(
        ["rule", ">jobs", ">wall s, median", ">longest", ">CPU s, median", ">memory MB, largest"], rows
    )


def files() -> str:
    """The size of every file of the run."""
    rows = [[f"`{name}`", _kb(size)] for name, size in measured()["files"].items()]
    return table(["file", ">size"], rows)


def cold_start() -> str:
    """What of a job a firm is not work, now that firms share a process."""
    job = measured()["jobs"]["topics"]
    return (
        f"A firm's job took {job['wall']:.1f} s (median; the first one, which starts the process, "
        f"{job['wall_max']:.1f} s), of which {job['work']:.1f} s are work."
    )


def one_machine() -> str:
    """Time of 1,000 firms like the run's, divided evenly among cores: computed from the jobs, not measured."""
    found = measured()["jobs"]
    encoding = found["embed"]["cpu"] * found["embed"]["n"] / measured()["firms"]["n"] * 1000
    rows = [
        [name, *(f"{seconds / 60 / cores:.1f} min" for cores in (1, 2, 16))]
        for name, seconds in (("encoding", encoding), ("topics", found["topics"]["work"] * 1000))
    ]
    return table(["1,000 firms", ">core time", ">on 2 cores", ">on 16"], rows)


# all-MiniLM-L6-v2 on one V100, sentences a second: the table of pretrained models in sentence-transformers' own
# documentation (docs/_static/html/models_en_sentence_embeddings.html, read 2026-11-25). Its CPU figure is 750.
_V100_SENTENCES_A_SECOND = 14_200


def gpu() -> str:
    """Encoding on a published GPU's speed beside what was measured here, and what no GPU shortens."""
    found = measured()
    jobs, firms = found["jobs"], found["firms"]["n"]
    encoding = jobs["embed"]["cpu"] * jobs["embed"]["n"] / firms
    topics = jobs["topics"]["work"]
    rows = []
    for n in (1_000, 10_000):
        sentences = n * found["firms"]["sentences"] / firms
        on_gpu = sentences / _V100_SENTENCES_A_SECOND
        rest = n * topics / 16
        rows.append(
            [
                f"{n:,}",
                f"{sentences:,.0f}",
                f"{n * encoding / 16 / 60:.1f} min",
                f"{on_gpu / 60:.1f} min",
                f"{rest / 60:.1f} min",
            ]
        )
    return table(
        [">firms", ">sentences", ">encoding, 16 cores", ">encoding, one V100", ">topics, 16 cores"], rows
    )


def theme_size() -> str:
    """How large the theme is that was asked for."""
    found = measured()["dynamodb"]
    sizes = found["published"]
    return (
        f"{sizes['themes']} themes, {sizes['topics']} topics and {sizes['sentences']:,} sentences; the theme asked for "
        f"has {found['n_topics']} topics:"
    )


def queries() -> str:
    """Requests a question."""
    rows = []
    for name, asked in measured()["dynamodb"]["queries"].items():
        sent = ", ".join(f"{n} {operation}" for operation, n in asked["requests"].items())
        rows.append([f"`{name}`", sent, str(sum(asked["requests"].values()))])
    return table(["question", "requests", ">in all"], rows)


def answers() -> str:
    """What the command prints from the table."""
    parts = []
    for command, lines in measured()["dynamodb"]["answers"].items():
        parts.append(block([f"$ earnings-themes --store dynamodb:earnings-themes {command}", *lines]))
    return "\n\n".join(parts)


def items() -> str:
    """The kinds of item in the table with their attributes."""
    rows = [
        [f"`{kind['pk']}`", f"`{kind['sk']}`", str(kind["n"]), ", ".join(f"`{name}`" for name in kind["attributes"])]
        for kind in measured()["dynamodb"]["items"]
    ]  # fmt: skip
    return table(["pk begins", "sk begins", ">items", "attributes (type)"], rows)


def cost() -> str:
    """The estimate for the measured run, and for a quarter of 1,000 firms."""
    estimates = [estimate(n) for n in (measured()["firms"]["n"], 1000)]
    rows = [
        [line.name, *(f"{e.lines[number].usd:.4f}" for e in estimates), estimates[1].lines[number].how]
        for number, line in enumerate(estimates[0].lines)
    ]
    rows.append(["together", *(f"{e.total:.2f}" for e in estimates), ""])
    rows.append(["minutes", *(f"{e.minutes:.0f}" for e in estimates), ""])
    heads = [f">{e.n_firms:,} firms" for e in estimates]
    return table(["dollars", *heads, "what is paid for, at 1,000"], rows)


def log() -> str:
    """The run's own log."""
    return block(measured()["log"])


def _ordered(jobs: dict[str, Any]) -> list[tuple[str, Any]]:
    order = ["ingest", "embed", "topics", "themes", "publish", "report"]
    return sorted(jobs.items(), key=lambda job: order.index(job[0]))


def _kb(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB"
