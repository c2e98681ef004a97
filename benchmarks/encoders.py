"""What another encoder does to topics and themes: the whole workflow with each, compared sentence by sentence.

    python -m benchmarks.encoders data/sample_calls.csv other.csv --backends torch openvino

The first backend is the reference. The ARI (Hubert and Arabie 1985) of topics is the mean over firms. Sentences
that either run leaves without a topic, or theme, are left out, or count as groups of one each: both are shown, because
each flatters something else. The default stays the reference unless the themes' ARI is .95 or more on three real files.
"""

import argparse
import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path

from sklearn.metrics import adjusted_rand_score

from benchmarks.bench import snakemake, timed
from earnings_themes.results.run_files import open_run

Group = tuple[str, str]


def groups(folder: Path) -> dict[str, dict[str, tuple[Group | None, str | None]]]:
    """Return of each firm's modelled sentences the topic and the theme, None where there is none."""
    run = open_run(folder)
    themes = run.theme_of()
    found: dict[str, dict[str, tuple[Group | None, str | None]]] = {}
    for row in run.read_firms:
        firm = run.topics(row)
        of = found[row.firm_id] = {sentence.sentence_id: (None, None) for sentence in firm.outliers}
        for topic in firm.topics:
            theme = themes.get((row.firm_id, topic.topic_id))
            of |= {
                sentence.sentence_id: ((row.firm_id, str(topic.topic_id)), theme)
                for sentence in topic.sentences
            }
    return found


def agreement(one: Mapping[str, object], other: Mapping[str, object]) -> tuple[float, float]:
    """Return the ARI of two groupings of the same sentences: the ungrouped left out, and each a group of its own."""
    both = [name for name in one if one[name] is not None and other.get(name) is not None]
    left_out = adjusted_rand_score([str(one[name]) for name in both], [str(other[name]) for name in both])
    alone = [
        [str(grouping.get(name) or f"alone {name}") for name in sorted(one)] for grouping in (one, other)
    ]
    return float(left_out), float(adjusted_rand_score(*alone))


def compare(folders: list[Path]) -> dict[str, tuple[float, float]]:
    """Return the agreement of two finished runs' topics, and of their themes."""
    first, second = map(groups, folders)
    of_firms = [
        agreement(
            {name: found[0] for name, found in first[firm].items()},
            {name: found[0] for name, found in second[firm].items()},
        )
        for firm in first
        if firm in second and first[firm]
    ]
    themes = [
        {name: found[1] for firm in run.values() for name, found in firm.items()} for run in (first, second)
    ]
    left_out, alone = (statistics.mean(values) for values in zip(*of_firms, strict=True))
    return {"topics": (left_out, alone), "themes": agreement(themes[0], themes[1])}


def main() -> None:
    """Run the workflow on each file with each backend, and print a table of how far they agree."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, nargs="+", help="CSV files of transcripts")
    parser.add_argument("--backends", nargs=2, default=["torch", "openvino"])
    given = parser.parse_args()
    print(
        "| file | backend | its themes | topics' ARI | alone | themes' ARI | alone |\n|---|---|---|---|---|---|---|"
    )
    for data in given.data:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for backend in given.backends:
                settings: dict[str, object] = {
                    "run": backend,
                    "source": {"path": str(data.resolve())},
                    "embedding": {"backend": backend, "cache": None},
                    "report": {"labels": None},
                }
                timed(snakemake(folder, settings, "--until", "themes"), folder)
            runs = [folder / "results" / backend for backend in given.backends]
            found = compare(runs)
            cells = [f"{value:.3f}" for pair in (found["topics"], found["themes"]) for value in pair]
            n_themes = [len(open_run(run).themes.themes) for run in runs]
            print(
                f"| {data.stem} | {given.backends[1]} | {n_themes[1]} (was {n_themes[0]}) |",
                " | ".join(cells),
                "|",
                flush=True,
            )


if __name__ == "__main__":
    main()
