"""Fits which subject vectors are reporting, from labels and calls, and says how well it does on a provider it has not seen.

    python -m evaluation.fit_kinds --calls FOLDER [--cache FOLDER] [--out src/earnings_themes/speech/kinds.npz]

To be run after evaluation.fit_procedure and evaluation.learn_space, in whose vectors it is fitted. FOLDER holds
rev_large.csv.gz and maec_quarters.csv.gz; the labels (docs/labels) hold ids and digests. Vectors are made of whole calls,
because a sentence's vector depends on those around it. Held out means: fitted on one provider's labels, asked about the
other's.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from earnings_themes.embedding.space import SCALE, Vectors, load_space
from earnings_themes.speech.kinds import CONTENT, LENGTH, KindModel
from evaluation.learn_space import CALLS, Calls, read_calls

LABELS = Path("docs/labels/sentences.csv")
PROVIDERS = ("rev", "maec")
# Inverse of the penalty. .3 to 100 were tried: held-out AUCs of .3 to 3 lie within .012, those above fall.
C = 3.0
SAYS = ("subject", "reporting")
Names = NDArray[np.str_]


def read_labels(calls: Calls, labels: Path = LABELS) -> tuple[NDArray[np.int64], Names, Names]:
    """Find each label by digest within its call; return the row, the provider and the kind of those that are modelled."""
    where: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for (sentence_id, digest), row in calls.rows.items():
        call, position = sentence_id.rsplit("_", 1)
        where[call, digest].append((int(position), row))
    found = []
    with labels.open(encoding="utf-8", newline="") as file:
        for label in csv.DictReader(file):
            call, position = label["sentence_id"].rsplit("_", 1)
            if at := where.get((call, label["sha1_16"])):
                nearest = min(at, key=lambda place: abs(place[0] - int(position)))
                found.append((nearest[1], label["provider"], label["kind"]))
    rows, providers, kinds = zip(*found, strict=True)
    return np.array(rows, dtype=np.int64), np.array(providers), np.array(kinds)


def fit(rows: NDArray[np.int8], reporting: NDArray[np.bool_]) -> tuple[NDArray[np.int16], int]:
    """Return whole weights (d,) of length LENGTH and the bias: reporting against subject matter, of what has content."""
    model = LogisticRegression(C=C, max_iter=3000).fit(rows / SCALE, reporting)
    factor = LENGTH / float(np.linalg.norm(model.coef_[0]))
    return np.rint(model.coef_[0] * factor).astype(np.int16), round(
        float(model.intercept_[0]) * factor * SCALE
    )


def held_out(name: str, vectors: Vectors, providers: Names, kinds: Names) -> str:
    """Fit without each provider in turn and say what is right of the one left out: one table per provider."""
    lines = []
    content = np.isin(kinds, SAYS)
    for judged in PROVIDERS:
        other, own = (providers != judged) & content, providers == judged
        weights, bias = fit(vectors.rows[other], kinds[other] == "reporting")
        score = vectors.rows[own].astype(np.float64) @ weights + bias
        answer = np.where(vectors.content[own] >= CONTENT, np.where(score > 0, SAYS[1], SAYS[0]), "filler")
        truth, says = kinds[own], content[own]
        lines.append(
            f"{name}, fitted without {judged}, asked about its {own.sum()} labels: {(answer == truth).mean():.2f} right; "
            f"AUC of reporting against subject {roc_auc_score(truth[says] == 'reporting', score[says]):.3f}, "
            f"of the gate {roc_auc_score(says, vectors.content[own]):.3f}"
        )
        for kind in (*SAYS, "filler"):
            said, is_so = answer == kind, truth == kind
            counts = {each: int((said & (truth == each)).sum()) for each in np.unique(truth).tolist()}
            right = int((said & is_so).sum())
            lines.append(
                f"  said {kind:10} {counts}  precision {right / said.sum():.2f} recall {right / is_so.sum():.2f}"
            )
    return "\n".join(lines)


def _save(model: KindModel, path: Path) -> None:
    """Write the model and its provenance as .npz."""
    arrays: dict[str, Any] = {f"weights_{length}": row for length, row in model.weights.items()}
    arrays |= {f"bias_{length}": np.int64(bias) for length, bias in model.bias.items()}
    about = json.dumps(model.provenance | {"sha256": model.digest()}, sort_keys=True)
    with path.open("wb") as file:
        np.savez_compressed(file, provenance=np.frombuffer(about.encode(), dtype=np.uint8), **arrays)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures held out by provider; with --out, fit on both providers and write the weights."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.fit_kinds", description=__doc__)
    parser.add_argument("--calls", type=Path, required=True, help="folder of the calls' CSV files")
    parser.add_argument("--cache", default="results/.cache", help="where MiniLM's vectors are kept")
    parser.add_argument("--out", type=Path, help="where to write the weights fitted on both providers")
    given = parser.parse_args(arguments)
    threadpool_limits(1)  # two threads sum in another order, and the weights differ in their last digit
    calls = read_calls([given.calls / f"{name}.csv.gz" for name in CALLS], given.cache)
    rows, providers, kinds = read_labels(calls)
    space = load_space()
    views = {
        "both": space.vectors(calls.texts, calls.calls, calls.positions, calls.encoded),
        "static": space.vectors(calls.texts, calls.calls, calls.positions),
    }
    fitted = {}
    content = np.isin(kinds, SAYS)
    for name, vectors in views.items():
        labelled = Vectors(vectors.rows[rows], vectors.content[rows])
        print(held_out(name, labelled, providers, kinds))
        fitted[labelled.rows.shape[1]] = fit(labelled.rows[content], kinds[content] == "reporting")
    if given.out:
        about = {
            "labels": hashlib.sha256(LABELS.read_bytes()).hexdigest(),
            "sentences": {name: int((content & (providers == name)).sum()) for name in PROVIDERS},
            "space": space.digest,
        }
        model = KindModel(
            {length: weights for length, (weights, _) in fitted.items()},
            {length: bias for length, (_, bias) in fitted.items()},
            about,
        )
        _save(model, given.out)
        print(
            json.dumps({"file": str(given.out), "bytes": given.out.stat().st_size, "sha256": model.digest()})
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
