"""Fits the procedure model from labels and calls, and says how well it does on a provider it has not seen.

    python -m evaluation.fit_procedure --calls FOLDER [--out src/earnings_themes/speech/procedure.npz]

FOLDER holds rev_large.csv and maec_quarters.csv (or .csv.gz) in the input's shape. The labels (docs/labels) hold
ids and digests, never the text of a call, so whoever has the calls gets the same weights and the same
figures. Held out means: fitted on one provider's labels and the invented sentences, asked about the other's. The
fresh labels are only asked, never learned from.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from earnings_themes.speech.features import PLACE, ngrams, place_features
from earnings_themes.speech.procedure import PLACE_SCALE, ProcedureModel, loudness, surroundings
from earnings_themes.text import clean, split_sentences

FILES = {"rev": "rev_large.csv", "maec": "maec_quarters.csv"}
# A word run counts if it stands in so many of the sentences that are learned from.
MIN_SENTENCES = 3
# Sentences on which the former phrase lists and a first model agreed: they teach words, at a quarter of a label's weight.
AGREED_WEIGHT = 0.25
# Inverse of the penalty. .7, 2 and 6 were tried: held-out best F .84 / .87, .85 / .88, .86 / .88.
C_WORDS = 6.0
C_AROUND = 0.1
# The word runs that weigh most are packaged, with which the figures are measured; 12,000 are some 60 kB.
MAX_RUNS = 12_000
FOLDS = 5
# The interval of a share: calls drawn anew so often, since a call's sentences are no independent evidence.
DRAWS = 1000
Flags = NDArray[np.bool_]


@dataclass
class CallSentences:
    """One call's sentences. runs: word runs of each. seen: its place. digests: of its letters and digits."""

    texts: list[str]
    speakers: list[str]
    runs: list[set[str]]
    seen: NDArray[np.float32]
    digests: list[str]


@dataclass
class Learned:
    """What is learned from: one row per sentence."""

    runs: list[set[str]] = field(default_factory=list)
    seen: list[NDArray[np.float32]] = field(default_factory=list)
    truth: list[bool] = field(default_factory=list)
    weight: list[float] = field(default_factory=list)

    def add(self, runs: set[str], seen: NDArray[np.float32], truth: bool, weight: float = 1.0) -> None:
        """One sentence more."""
        self.runs.append(runs)
        self.seen.append(seen)
        self.truth.append(truth)
        self.weight.append(weight)


@dataclass(frozen=True)
class Label:
    """A label found in its call. stands_for: how many sentences of its provider it was drawn to stand for, 0: none."""

    call: str
    position: int
    kind: str
    drawn: str
    stands_for: float


@dataclass
class Provider:
    """One provider's calls and labels. agreed: (call, position, procedure). fresh: never learned from."""

    calls: dict[str, CallSentences]
    labels: list[Label]
    agreed: list[tuple[str, int, bool]]
    fresh: list[Label]
    lost: int


def letters_digest(text: str) -> str:
    """SHA-1 of a sentence's letters and digits, lower case: the same whatever is done about points and blanks."""
    return hashlib.sha1("".join(filter(str.isalnum, text.lower())).encode()).hexdigest()


def read_provider(calls_file: Path, labels: Path, provider: str) -> Provider:
    """Read the calls that have labels, and find each label: by id, else by digest within its call.

    Raises:
        FileNotFoundError: neither the file nor the same with .gz is there.
    """
    rows, fresh_rows, agreed_rows = (
        _read_rows(labels / f"{name}.csv", provider) for name in ("sentences", "fresh", "agreed")
    )
    wanted = {row["sentence_id"].rsplit("_", 1)[0] for row in rows + fresh_rows}
    calls = _read_calls(calls_file, wanted | {row["call"] for row in agreed_rows})
    where = {call: _positions(sentences.digests) for call, sentences in calls.items()}
    found, fresh = _find(rows, where), _find(fresh_rows, where)
    lost = len(rows) + len(fresh_rows) - len(found) - len(fresh)
    by_hand = {(label.call, label.position) for label in found}
    agreed = []
    for row in agreed_rows:
        short = {digest[:8]: at for digest, at in where.get(row["call"], {}).items()}
        for digest in row["sha1_8"].split("+"):
            if digest in short and (row["call"], short[digest][0]) not in by_hand:
                agreed.append((row["call"], short[digest][0], row["label"] == "procedure"))
            lost += digest not in short
    return Provider(calls, found, agreed, fresh, lost)


def _read_rows(path: Path, provider: str) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["provider"] == provider]


def _find(rows: Sequence[dict[str, str]], where: dict[str, dict[str, list[int]]]) -> list[Label]:
    found = []
    for row in rows:
        call, position = row["sentence_id"].rsplit("_", 1)
        if at := where.get(call, {}).get(row["sha1_16"]):
            nearest = min(at, key=lambda place: abs(place - int(position)))
            found.append(Label(call, nearest, row["kind"], row["drawn"], float(row["stands_for"] or 0)))
    return found


def _positions(digests: Sequence[str]) -> dict[str, list[int]]:
    where: dict[str, list[int]] = defaultdict(list)
    for position, digest in enumerate(digests):
        where[digest].append(position)
    return where


def _read_calls(path: Path, wanted: set[str]) -> dict[str, CallSentences]:
    turns: dict[str, list[dict[str, str]]] = defaultdict(list)
    packed = path.with_name(path.name + ".gz")
    with (
        gzip.open(packed, "rt", encoding="utf-8", newline="")
        if packed.exists()
        else path.open(encoding="utf-8", newline="") as file
    ):
        for row in csv.DictReader(file):
            call = f"{row['companyid']}_{row['transcriptid']}"
            if call in wanted:
                turns[call].append(row)
    return {
        call: _sentences(sorted(rows, key=lambda row: float(row["componentorder"])))
        for call, rows in turns.items()
    }


def _sentences(turns: list[dict[str, str]]) -> CallSentences:
    cleaned, speakers, sections = [], [], []
    for turn in turns:
        found = [clean(sentence) for sentence in split_sentences(turn["componenttext"])]
        cleaned += found
        speakers += [turn.get("speakertypename") or ""] * len(found)
        sections += [turn.get("componenttypename") or ""] * len(found)
    texts = [each.model_text for each in cleaned]
    return CallSentences(
        texts,
        speakers,
        [ngrams(text) for text in texts],
        place_features(texts, speakers, sections),
        [letters_digest(each.text)[:16] for each in cleaned],
    )


def read_invented(labels: Path) -> Learned:
    """The invented sentences: what every call says, in words that belong to nobody."""
    learned = Learned()
    with (labels / "invented.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            learned.add(
                ngrams(row["text"]),
                place_features([row["text"]], [None], [None])[0],
                row["kind"] == "procedure",
            )
    return learned


def _fold(call: str) -> int:
    return zlib.crc32(call.encode()) % FOLDS


def fit_first(
    providers: Sequence[Provider], invented: Learned, without_fold: int | None = None
) -> ProcedureModel:
    """Fit the regression on words and place; without_fold leaves a fifth of the calls out."""
    learned = Learned(list(invented.runs), list(invented.seen), list(invented.truth), list(invented.weight))
    for provider in providers:
        rows = [(each.call, each.position, each.kind == "procedure", 1.0) for each in provider.labels]
        rows += [(*each, AGREED_WEIGHT) for each in provider.agreed]
        for call, position, truth, weight in rows:
            if _fold(call) != without_fold:
                sentences = provider.calls[call]
                learned.add(sentences.runs[position], sentences.seen[position], truth, weight)
    counts = Counter(run for runs in learned.runs for run in runs)
    known = {run: i for i, run in enumerate(sorted(run for run, n in counts.items() if n >= MIN_SENTENCES))}
    regression = LogisticRegression(C=C_WORDS, solver="liblinear", random_state=0)
    regression.fit(_matrix(learned, known), learned.truth, sample_weight=learned.weight)
    weights = regression.coef_[0]
    heard = weights[: len(known)]
    floor = np.sort(np.abs(heard))[-min(MAX_RUNS, len(known))]
    return ProcedureModel(
        {run: float(np.float16(heard[i])) for run, i in known.items() if abs(heard[i]) >= floor},
        weights[len(known) :].astype(np.float32),
        float(regression.intercept_[0]),
        np.zeros(0, dtype=np.float32),
        0.0,
        {},
    )


def _matrix(learned: Learned, known: dict[str, int]) -> sparse.csr_matrix:
    rows, columns, values = [], [], []
    for i, runs in enumerate(learned.runs):
        found = sorted(known[run] for run in runs if run in known)
        rows += [i] * len(found)
        columns += found
        values += [loudness(len(runs))] * len(found)
    words = sparse.csr_matrix((values, (rows, columns)), shape=(len(learned.runs), len(known)))
    return sparse.hstack([words, sparse.csr_matrix(PLACE_SCALE * np.array(learned.seen))]).tocsr()


def fit(providers: Sequence[Provider], invented: Learned) -> ProcedureModel:
    """Fit both regressions. The second learns from first scores of calls that the first had not seen."""
    rows, truth = [], []
    for fold in range(FOLDS):
        first = fit_first(providers, invented, without_fold=fold)
        for provider in providers:
            for call in sorted({each.call for each in provider.labels if _fold(each.call) == fold}):
                sentences = provider.calls[call]
                seen = surroundings(
                    first.first(sentences.texts, sentences.seen), sentences.seen, sentences.speakers
                )
                of_call = [each for each in provider.labels if each.call == call]
                rows += [seen[each.position] for each in of_call]
                truth += [each.kind == "procedure" for each in of_call]
    second = LogisticRegression(C=C_AROUND, solver="liblinear", random_state=0).fit(np.array(rows), truth)
    first = fit_first(providers, invented)
    return ProcedureModel(
        first.weights,
        first.place,
        first.bias,
        np.round(second.coef_[0], 4).astype(np.float32),
        round(float(second.intercept_[0]), 4),
        {},
    )


def flags_of(model: ProcedureModel, provider: Provider) -> dict[str, Flags]:
    """What the model says of every sentence of the provider's labelled calls."""
    labelled = {each.call for each in provider.labels + provider.fresh}
    return {
        call: model.second(model.first(each.texts, each.seen), each.seen, each.speakers) > 0
        for call, each in provider.calls.items()
        if call in labelled
    }


def table(name: str, provider: Provider, flags: dict[str, Flags]) -> str:
    """Counts, precision and recall by how the labels were drawn, with 95 % intervals over calls.

    "judged" and "fresh" were drawn at random within bands of a held-out model's score, so weighted by what each label
    stands for they say what holds of the provider's sentences; the others hold more doubtful sentences than a call does.
    A label that was read again counts as it was read then.
    """
    again = {(each.call, each.position): each.kind for each in provider.fresh if each.drawn == "read again"}
    judged = [each for each in provider.labels if each.drawn == "judged"]
    fresh = [each for each in provider.fresh if each.drawn == "fresh"]
    groups = {
        "all labels, each once": [(each, 1.0) for each in provider.labels],
        "judged": _shares(judged),
        "fresh": _shares(fresh),
        "judged and fresh": _shares(judged) + _shares(fresh),
    }
    lines = [
        f"{name}: right, missed, wrongly flagged, rightly left; precision, recall (95 % of draws of calls)"
    ]
    for title, of_group in groups.items():
        cells: defaultdict[str, NDArray[np.float64]] = defaultdict(lambda: np.zeros((2, 2)))
        counts: Counter[tuple[bool, bool]] = Counter()
        for each, weight in of_group:
            truth = again.get((each.call, each.position), each.kind) == "procedure"
            said = bool(flags[each.call][each.position])
            cells[each.call][int(truth), int(said)] += weight
            counts[truth, said] += 1
        n = [counts[True, True], counts[True, False], counts[False, True], counts[False, False]]
        lines.append(
            f"  {title:24}{n[0]:6}{n[1]:6}{n[2]:6}{n[3]:6}   {_rates(np.array(list(cells.values())))}"
        )
    return "\n".join(lines)


def _shares(labels: Sequence[Label]) -> list[tuple[Label, float]]:
    """Each label with the share of the provider's sentences that it stands for: two drawings together count alike."""
    total = sum(each.stands_for for each in labels)
    return [(each, each.stands_for / total) for each in labels]


def _rates(cells: NDArray[np.float64]) -> str:
    """Precision and recall of cells (calls, truth, said), with intervals of calls drawn anew."""
    drawn = np.random.default_rng(0).integers(0, len(cells), (DRAWS, len(cells)))
    sums = np.vstack([cells.sum(axis=0)[None], cells[drawn].sum(axis=1)])
    said = []
    for of in (sums[:, :, 1], sums[:, 1, :]):
        share = sums[:, 1, 1] / of.sum(axis=1)
        low, high = np.percentile(share[1:], [2.5, 97.5])
        said.append(f"{share[0]:.3f} ({low:.2f} to {high:.2f})")
    return " ".join(said)


def read_providers(calls: Path, labels: Path) -> dict[str, Provider]:
    """Read each provider's labelled calls from the folder of calls.

    Raises:
        FileNotFoundError: a provider's file is missing.
    """
    return {name: read_provider(calls / file, labels, name) for name, file in FILES.items()}


def held_out(providers: dict[str, Provider], invented: Learned) -> str:
    """Fit without each provider in turn and return the figures of the one left out."""
    lines = [
        f"{name}: {len(each.labels)} labels, {len(each.fresh)} fresh and {len(each.agreed)} agreed found, {each.lost} lost"
        for name, each in providers.items()
    ]
    for judged, provider in providers.items():
        model = fit([each for name, each in providers.items() if name != judged], invented)
        lines.append(
            table(f"fitted without {judged}, asked about {judged}", provider, flags_of(model, provider))
        )
    return "\n".join(lines)


def _save(model: ProcedureModel, path: Path) -> None:
    """Write the model as .npz: word runs as text, their weights in half precision, and where they come from."""
    about = json.dumps(model.provenance | {"sha256": model.digest()}, sort_keys=True)
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            words=np.frombuffer("\n".join(model.weights).encode(), dtype=np.uint8),
            weights=np.array(list(model.weights.values()), dtype=np.float16),
            place=model.place,
            around=model.around,
            biases=np.array([model.bias, model.around_bias], dtype=np.float32),
            provenance=np.frombuffer(about.encode(), dtype=np.uint8),
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures held out by provider; with --out, fit on both providers and write the weights."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.fit_procedure", description=__doc__)
    parser.add_argument(
        "--calls", type=Path, required=True, help="folder with rev_large.csv and maec_quarters.csv"
    )
    parser.add_argument("--labels", type=Path, default=Path("docs/labels"), help="folder of the labels")
    parser.add_argument("--out", type=Path, help="where to write the weights fitted on both providers")
    given = parser.parse_args(arguments)
    threadpool_limits(1)  # two threads sum in another order, and the weights differ in their last digit
    invented = read_invented(given.labels)
    providers = read_providers(given.calls, given.labels)
    print(held_out(providers, invented))
    if given.out:
        model = fit(list(providers.values()), invented)
        digests = {
            name: hashlib.sha256((given.labels / name).read_bytes()).hexdigest()
            for name in ("sentences.csv", "agreed.csv", "invented.csv")
        }
        model.provenance.update(
            labels=digests,
            sentences={name: len(each.labels) for name, each in providers.items()},
            sources="Earnings-21 and Earnings-22 (revdotcom/speech-datasets), MAEC; CC BY-SA 4.0",
            place=list(PLACE),
        )
        _save(model, given.out)
        print(
            json.dumps({"file": str(given.out), "bytes": given.out.stat().st_size, "sha256": model.digest()})
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
