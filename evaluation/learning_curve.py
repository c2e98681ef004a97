"""What more ratings would teach: AUC of the static encoder's cosine, by how many rated pairs its metric was learned from.

    python -m evaluation.learning_curve --calls FOLDER --ask FOLDER/quarter305.csv.gz

Space and student are the packaged ones, learned without ratings; the metric is fitted anew on shares of the pairs of Rev and
MAEC, and asked about the pairs of `ratings/reported.csv.gz`. docs/validation.md, "Vectors, on judged pairs", has the figures.
"""

import argparse
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from earnings_themes.embedding.context import in_context
from earnings_themes.embedding.space import load_space
from earnings_themes.embedding.student import Floats, unit
from evaluation.learn_space import CALLS, RATINGS, Calls, fit_metric, ingested, rated, read_ratings, text_key

SHARES: Final = (0, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1)
DRAWS: Final = 3
_SEED: Final = 1


def read(files: list[Path], ratings: pd.DataFrame) -> tuple[Floats, Floats, NDArray[np.float64]]:
    """Return the vectors (n, k) of both sentences of each rated pair, in context and before any metric, and its score (n,)."""
    frame = pd.concat([ingested(file).assign(file=file.name) for file in files], ignore_index=True)
    texts, positions = frame["model_text"].tolist(), frame["position"].to_numpy(dtype=np.int64)
    calls = (frame["file"] + ":" + frame["transcript_id"]).tolist()
    keys = zip(frame["sentence_id"], map(text_key, frame["text"]), strict=True)
    known = Calls(
        texts, calls, positions, np.empty((0, 0), np.float32), {key: row for row, key in enumerate(keys)}
    )
    rows = in_context(load_space().student.encode(texts), calls, positions)
    pairs, _ = rated(known, ratings)
    return rows[pairs[:, 0].astype(int)], rows[pairs[:, 1].astype(int)], pairs[:, 2]


def aucs(a: Floats, b: Floats, scores: NDArray[np.float64], metric: Floats) -> list[float]:
    """Return the AUC of the cosine under a metric, for scores of at least 1 and of 2."""
    cosine = (unit(a @ metric) * unit(b @ metric)).sum(axis=1)
    return [float(roc_auc_score(scores >= least, cosine)) for least in (1, 2)]


def main() -> None:
    """Print one line per share: pairs, and both AUCs, means of some draws of the pairs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=Path, required=True, help="folder of the calls' CSV files")
    parser.add_argument("--ask", type=Path, required=True, help="the calls of the reported pairs")
    given = parser.parse_args()
    a, b, scores = read([given.calls / f"{name}.csv.gz" for name in CALLS], read_ratings())
    asked = read([given.ask], pd.read_csv(RATINGS / "reported.csv.gz", dtype=str))
    draw = np.random.default_rng(_SEED)
    for share in SHARES:
        n = round(share * len(scores))
        found = []
        for _ in range(DRAWS if 0 < share < 1 else 1):
            some = draw.permutation(len(scores))[:n]
            metric = fit_metric(a[some], b[some], scores[some]) if n else np.eye(a.shape[1], dtype=np.float32)
            found.append(aucs(*asked, metric))
        least, both = np.mean(found, axis=0)
        print(f"{n:,} pairs: {least:.3f} / {both:.3f}, of {len(asked[2]):,} pairs asked", flush=True)


if __name__ == "__main__":
    main()
