"""python -m evaluation --data FOLDER --out docs/validation.md

FOLDER holds banking77_labelled.csv (columns label, text) and rev_small.csv, rev_medium.csv (earnings calls in the
shape of docs/data.md); where these come from stands on the page. About half an hour on two cores; sentences are
encoded once and kept. `--only` makes some of the headings, for a quick look, into another file.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from earnings_themes.config import Embedding, ThemeSettings, TopicSettings
from earnings_themes.embedding import EmbeddingCache, TorchEncoder, text_digest
from evaluation import fit_procedure, kinds_evaluation, page, production, trial
from evaluation.clusterers import (
    DEFAULT,
    MODELS,
    THEME_CLUSTERERS,
    THEME_SETTINGS,
    TOPIC_CLUSTERERS,
    TOPIC_SETTINGS,
)
from evaluation.data import Encode, Sentences, intent_sample, planted_firms, read_calls, read_labelled

Floats = NDArray[np.float32]
Tables = list[tuple[str, pd.DataFrame]]
FirmsMaker = Callable[[], list[Sentences]]

_VERSIONS = (
    "earnings-themes",
    "igraph",
    "numpy",
    "scikit-learn",
    "sentence-transformers",
    "torch",
    "umap-learn",
)
# From METHOD: the figure's name in "End to end" or "Stability", what it is called here, and the aim.
_AIMS = {
    "theme ARI, unassigned left out": ("theme ARI, unassigned left out", "≥ .90"),
    "theme ARI, unassigned alone": ("theme ARI, unassigned alone", "≥ .90"),
    "theme AMI, unassigned left out": ("theme AMI, unassigned left out", "≥ .95"),
    "theme AMI, unassigned alone": ("theme AMI, unassigned alone", "≥ .95"),
    "row orders, raw": ("ARI of topics over row orders, raw", "≥ .75"),
    "10 % dropped, raw": ("ARI of topics over 10 % drops, raw", "≥ .65"),
    "10 % dropped, filled": ("ARI of topics over 10 % drops, filled", "≥ .65"),
    "outliers": ("raw outliers", "≤ .15"),
    "topics in a theme": ("topics in a theme", "≥ .80"),
    "firms with a theme": ("firms with a theme", "≥ .95"),
    "procedure in the ten largest themes": ("procedure in the ten largest themes", "0"),
    "subject matter of the ten listed first": ("subject matter of the ten listed first", "1"),
    "topic diversity": ("topic diversity", "≥ .85"),
}
_PLANTED = (12, 24, 56, 200, 500)
_STABILITY_FIRMS = 4


class Trial:
    """The data, read once, and the sections of the page by heading."""

    def __init__(self, data: Path, sample: Path, encode: Encode, seeds: int = 3) -> None:
        self.banking = read_labelled(data / "banking77_labelled.csv", encode)
        self.sample = read_calls(sample / "sample_calls.csv", encode, sample / "sample_labels.csv")
        self.real = {name: read_calls(data / f"rev_{name}.csv", encode) for name in ("small", "medium")}
        self.intents = {
            f"banking77, {n} intents": [
                intent_sample(self.banking, n, 400 // n, seed) for seed in range(seeds)
            ]
            for n in (40, 20, 10)
        }
        self._topics: dict[str, trial.Topics] = {}

    def topics_of_one_firm(self) -> Tables:
        """The methods of the map on labelled data."""
        return [("", self._agreement(trial.by_context(TOPIC_CLUSTERERS)))]

    def stability(self) -> Tables:
        """The methods of the map on real calls."""
        methods = trial.by_context(TOPIC_CLUSTERERS)
        return [("", trial.stability_of_topics(methods, self.real["small"][:_STABILITY_FIRMS]))]

    def models(self) -> Tables:
        """The models behind the interface, on labelled data and on real calls."""
        real = trial.stability_of_topics(MODELS, self.real["small"][:_STABILITY_FIRMS], orders=False)
        return [("", self._agreement(MODELS).join(real))]

    def aims(self, figures: Mapping[str, Mapping[str, str]]) -> Tables:
        """The aims of the project beside what is reached: figures are those of "End to end" by file."""
        default = trial.by_context({DEFAULT: TOPIC_CLUSTERERS[DEFAULT]})
        files = {
            "sample": self.sample,
            "12 real calls": self.real["small"],
            "56 real calls": self.real["medium"],
        }
        rows: dict[str, dict[str, str]] = {}
        for name, firms in files.items():
            stable = trial.stability_of_topics(default, firms[:_STABILITY_FIRMS]).loc[DEFAULT]
            reached = dict(figures[name]) | {key: str(value) for key, value in stable.items()}
            for key, (title, aim) in _AIMS.items():
                rows.setdefault(title, {"aim": aim})[name] = reached[key]
        intents = trial.agreement_of_topics(default, self.intents).loc[DEFAULT]
        banking = {title: {"aim": "≥ .74", "banking77": str(value)} for title, value in intents.items()}
        return [
            ("Files", pd.DataFrame.from_dict(rows, orient="index")),
            ("AMI of one firm's topics, filled / alone", pd.DataFrame.from_dict(banking, orient="index")),
        ]

    def _agreement(self, methods: Mapping[str, trial.Labeller]) -> pd.DataFrame:
        return trial.agreement_of_topics(methods, {**self.intents, "sample": self.sample})

    def context(self) -> Tables:
        """Shares of the neighbouring sentences."""
        real = self.real["small"][:_STABILITY_FIRMS]
        return [("", trial.effect_of_context(self.sample, real, (0.0, 0.25, 0.5, 1.0)))]

    def topic_setting(self, heading: str) -> Tables:
        """One setting of the map."""
        methods = trial.by_context(TOPIC_SETTINGS[heading])
        planted = self._agreement(methods)
        real = trial.stability_of_topics(methods, self.real["small"][:_STABILITY_FIRMS], orders=False)
        return [("", planted.join(real))]

    def themes(self) -> Tables:
        """The methods of the reduce on planted firms."""
        return [("", trial.agreement_of_themes(THEME_CLUSTERERS, self.planted(_PLANTED)))]

    def themes_of_real_calls(self) -> Tables:
        """The methods of the reduce on real calls."""
        return [("", trial.themes_of_real_calls(THEME_CLUSTERERS, self.real_topics()))]

    def theme_setting(self, heading: str) -> Tables:
        """One setting of the reduce."""
        methods = THEME_SETTINGS[heading]
        return [
            ("Planted firms", trial.agreement_of_themes(methods, self.planted((12, 24, 200)))),
            ("Real calls", trial.themes_of_real_calls(methods, self.real_topics())),
        ]

    def size(self) -> Tables:
        """The reduce at 1,000 and 10,000 firms."""
        topics = self.real_topics()["56 real calls"]
        return [
            ("", pd.concat([trial.size_of_the_reduce(topics, n) for n in (1_000, 10_000)], ignore_index=True))
        ]

    def planted(self, counts: Sequence[int]) -> dict[str, trial.Topics]:
        """Topics of the planted firms, and of the sample."""
        sets: dict[str, FirmsMaker] = {
            f"{n} planted firms": partial(planted_firms, self.banking, n, 40, 0) for n in counts
        }
        return self._made(sets | {"sample, 24 firms": lambda: self.sample})

    def real_topics(self) -> dict[str, trial.Topics]:
        """Topics of the real calls."""
        return self._made(
            {"12 real calls": lambda: self.real["small"], "56 real calls": lambda: self.real["medium"]}
        )

    def _made(self, sets: dict[str, FirmsMaker]) -> dict[str, trial.Topics]:
        for name, firms in sets.items():
            if name not in self._topics:
                self._topics[name] = trial.topics_of(firms(), TOPIC_CLUSTERERS[DEFAULT])
        return {name: self._topics[name] for name in sets}


def end_to_end(
    data: Path, sample: Path, encoder: TorchEncoder, cache: Path
) -> tuple[Tables, dict[str, list[str]]]:
    """Production on the sample and on the real calls: figures, and the themes of each that are listed first."""
    topics = TopicSettings(model="bertopic", min_sentences=20, keep_procedural=False)
    themes = ThemeSettings(min_firms=2, max_firm_share=0.4, stability_runs=5)
    files = {
        "sample": (sample / "sample_calls.csv", sample / "sample_labels.csv"),
        "12 real calls": (data / "rev_small.csv", None),
        "56 real calls": (data / "rev_medium.csv", None),
    }
    figures, lists = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (calls, labels) in files.items():
            run = Path(folder) / name.replace(" ", "-")
            figures[name], lists[name] = production.run(calls, run, encoder, topics, themes, labels, cache)
    tables: Tables = [("", pd.DataFrame(figures).fillna("–"))]
    return tables + [(name, pd.DataFrame()) for name in lists], lists


def encode_with(encoder: TorchEncoder, cache: EmbeddingCache) -> Encode:
    """A function from texts to vectors that encodes a text once."""

    def encode(texts: Sequence[str]) -> Floats:
        digests = [text_digest(text) for text in texts]
        known = cache.get(set(digests))
        missing = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in known}
        if missing:
            new = dict(zip(missing, encoder.encode(list(missing.values())), strict=True))
            cache.put(new)
            known |= new
        return np.stack([known[digest] for digest in digests])

    return encode


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the trial and write the page; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m evaluation", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled and real CSV files")
    parser.add_argument("--out", type=Path, required=True, help="the page to write")
    parser.add_argument("--sample", type=Path, default=Path("data"), help="folder of sample_calls.csv")
    parser.add_argument(
        "--labels", type=Path, default=Path("docs/labels"), help="folder of the labels given by hand"
    )
    parser.add_argument("--cache", type=Path, default=Path("results/.cache"), help="folder of kept vectors")
    parser.add_argument("--date", default=time.strftime("%Y-%m-%d"), help="the date on the page")
    parser.add_argument("--only", nargs="*", help="headings to make; all without it")
    given = parser.parse_args(arguments)
    started = time.perf_counter()
    encoder = TorchEncoder(Embedding("packaged", "torch", "cpu", 16, cache=None, shards=1), threads=1)
    with contextlib.closing(EmbeddingCache(given.cache, encoder.sha256)) as cache:
        run = Trial(given.data, given.sample, encode_with(encoder, cache))
    sections: dict[str, Callable[[], Tables]] = {
        "Topics of one firm": run.topics_of_one_firm,
        "Stability": run.stability,
        "Models": run.models,
        "Context": run.context,
        **{name: partial(run.topic_setting, name) for name in TOPIC_SETTINGS},
        "Themes": run.themes,
        "Themes of real calls": run.themes_of_real_calls,
        **{name: partial(run.theme_setting, name) for name in THEME_SETTINGS},
        "Size": run.size,
    }
    by_hand: dict[str, Callable[[], str]] = {
        "Kinds against labels given by hand": partial(
            kinds_evaluation.report, given.labels / "kinds_real.csv", given.data
        ),
        "Procedure against labels given by hand": lambda: fit_procedure.held_out(
            fit_procedure.read_providers(given.data, given.labels), fit_procedure.read_invented(given.labels)
        ),
    }
    tables: dict[str, Tables] = {}
    lists: dict[str, list[str]] = {}
    reports: dict[str, str] = {}
    for heading in given.only if given.only is not None else [*sections, *by_hand, "End to end"]:
        print(f"{time.perf_counter() - started:6.0f} s  {heading}", file=sys.stderr, flush=True)
        if heading == "End to end":
            tables[heading], lists = end_to_end(given.data, given.sample, encoder, given.cache)
            tables["Aims"] = run.aims(_by_file(tables[heading][0][1]))
        elif heading in by_hand:
            reports[heading] = by_hand[heading]()
        else:
            tables[heading] = sections[heading]()
    minutes = (time.perf_counter() - started) / 60
    page.write(given.out, tables, _about(given.date, minutes), lists, reports)
    return 0


def _by_file(figures: pd.DataFrame) -> dict[str, dict[str, str]]:
    return {
        str(file): {str(name): str(value) for name, value in column.items()}
        for file, column in figures.items()
    }


def _about(date: str, minutes: float) -> list[str]:
    versions = ", ".join(f"{name} {version(name)}" for name in _VERSIONS)
    return [
        f"Made on {date} in {minutes:.0f} minutes with `make evaluate DATA=FOLDER`; {versions}; "
        f"{os.cpu_count()} cores.",
        "",
        "Data: banking77 (PolyAI-LDN/task-specific-datasets, CC BY 4.0); the calls of Earnings-21 and Earnings-22 "
        "(revdotcom/speech-datasets, CC BY-SA 4.0) in the CSV shape of this project; the sample in `data/`.",
    ]


if __name__ == "__main__":
    sys.exit(main())
