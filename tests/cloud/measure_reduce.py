"""Makes a synthetic run and measures its reduce: CPU seconds and peak memory by step.

    python -m tests.cloud.measure_reduce 1000 /tmp/run-1000 --stability-runs 1

A firm has 28 topics of 15 sentences and 384 dimensions, 190 KB, of 150 subjects that all firms share. CPU time,
because it does not depend on what else the machine does; memory is Linux's VmHWM, set back before each step. A step
inside another is part of it, in both figures.
"""

import argparse
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from earnings_themes.abstractions import SCHEMA_VERSION, FirmTopic, FirmTopics, TopicSentence
from earnings_themes.config import parse_config
from earnings_themes.results.artifacts import write_firm_topics
from earnings_themes.results.topics_reader import TopicsReader
from earnings_themes.system.folders import LocalFolder
from earnings_themes.themes import aggregate as theme_aggregator
from earnings_themes.themes.run import reduce_run
from tests.conftest import REPO
from tests.small_run import RUN, list_firms

N_SUBJECTS, N_TOPICS, N_SENTENCES, N_WORDS, DIM = 150, 28, 15, 9, 384
ABOUT = {
    "model": "made", "params": {}, "embedding_model": "made", "embedding_sha256": "0", "versions": {}, "seed": 1,
    "n_sentences": N_TOPICS * N_SENTENCES, "n_procedural": 0, "timing": {},
}  # fmt: skip


def make_run(folder: Path, n_firms: int) -> list[str]:
    """Write the run, unless it is there, and return its firms."""
    firms = [f"{number:06d}" for number in range(n_firms)]
    if (folder / "firms.tsv").exists():
        return firms
    draw, choose = np.random.default_rng(0), random.Random(0)
    syllables = "ba ce di fo gu la me ni po ru sa te".split()
    words = ["".join(choose.choices(syllables, k=3)) for _ in range(3000)]
    subjects = _unit(draw.normal(size=(N_SUBJECTS, DIM)))
    for firm in firms:
        about = draw.choice(N_SUBJECTS, N_TOPICS, replace=False)
        centroids = _unit(subjects[about] + draw.normal(scale=0.04, size=(N_TOPICS, DIM)))
        topics = tuple(_topic(firm, number, words, choose) for number in range(N_TOPICS))
        rows = tuple(tuple(row) for row in centroids.tolist())
        write_firm_topics(
            folder / f"topics/{firm}.json",
            FirmTopics(SCHEMA_VERSION, RUN, firm, f"Firm {firm}", "ok", N_TOPICS, topics, rows, (), ABOUT),
        )
    list_firms(folder, firms)
    return firms


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _topic(firm: str, number: int, words: list[str], choose: random.Random) -> FirmTopic:
    sentences = tuple(
        TopicSentence(
            f"{firm}_1_{N_SENTENCES * number + n:04d}",
            " ".join(choose.choices(words, k=N_WORDS)).capitalize() + ".",
            "Executives",
            choose.random(),
        )
        for n in range(N_SENTENCES)
    )
    keywords = tuple((word, choose.random()) for word in choose.choices(words, k=10))
    return FirmTopic(number, keywords[0][0], keywords, N_SENTENCES, "subject", 0.9, sentences)


_PEAKS: list[float] = []


def _peak_since() -> float:
    """Return the highest memory in MB since the last call, and start anew."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    Path("/proc/self/clear_refs").write_text("5")
    return int(status["VmHWM"].split()[0]) / 1024


def measured(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
    """Return the step with a line that says what it took."""

    def run(*args: Any, **kwargs: Any) -> Any:
        before = _peak_since()
        _PEAKS[:] = [max(peak, before) for peak in _PEAKS] + [0.0]
        started = time.process_time()
        result = step(*args, **kwargs)
        inside = _peak_since()
        _PEAKS[:] = [max(peak, inside) for peak in _PEAKS]
        print(f"{name}: {time.process_time() - started:.1f} s CPU, peak {_PEAKS.pop():.0f} MB", flush=True)
        return result

    return run


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("n_firms", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stability-runs", type=int, default=1)
    parser.add_argument("--read-only", action="store_true", help="the reader alone")
    given = parser.parse_args()
    firms = make_run(given.folder, given.n_firms)
    topics = LocalFolder(given.folder / "topics")
    measured("reader alone", lambda: sum(firm.n_topics for firm in TopicsReader(topics, firms, RUN)))()
    if given.read_only:
        return
    raw = yaml.safe_load((REPO / "config/config.yaml").read_text(encoding="utf-8"))
    raw["run"] = RUN
    raw["themes"]["stability_runs"] = given.stability_runs
    for name in ("theme_stability", "_describe", "aggregate", "write_themes"):
        setattr(theme_aggregator, name, measured(name, getattr(theme_aggregator, name)))
    clusterer = theme_aggregator.theme_clusterer
    theme_aggregator.theme_clusterer = lambda *args: measured("cluster", clusterer(*args))
    output = given.folder / "themes.json"
    whole = measured("the whole reduce", reduce_run)
    done = whole(parse_config(raw), LocalFolder(given.folder), output, given.folder / "reduce.json")
    print(f"{done.n_themes} themes of {done.n_topics} topics; wall seconds {done.seconds}")


if __name__ == "__main__":
    main()
