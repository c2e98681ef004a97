"""What the static encoder loses beside MiniLM, on rated pairs: AUC of the cosine, with a paired bootstrap over firms.

    python -m evaluation.judged --calls FOLDER    # holds rev_large.csv.gz and maec_quarters.csv.gz

Cross-fitted by provider: what is asked of one provider's pairs was learned from the other's calls and ratings.
docs/validation.md, "MiniLM or static?", has the figures.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from earnings_themes.embedding.space import SCALE, SubjectSpace
from earnings_themes.embedding.student import Floats
from earnings_themes.quality.ruler.figures import interval
from evaluation.learn_space import CALLS, Calls, learn_space, rated, read_calls, read_ratings

DRAWS: Final = 500
_SEED: Final = 1


def cosines(space: SubjectSpace, calls: Calls, pairs: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return the cosine of each pair: MiniLM and static encoder side by side, and static alone."""
    about = (calls.texts, calls.calls, calls.positions.tolist())
    views = {"MiniLM": space.rows(*about, encoded=calls.encoded), "static": space.rows(*about)}
    a, b = pairs[:, 0].astype(int), pairs[:, 1].astype(int)
    found = {}
    for name, rows in views.items():
        one, other = (rows[own].astype(np.float32) / SCALE for own in (a, b))
        found[name] = np.einsum("ij,ij->i", one, other).astype(np.float64)
    return found


def in_draws(clusters: list[str], draws: int = DRAWS) -> Iterator[NDArray[np.int64]]:
    """Yield the pairs as they are, and then the pairs of firms drawn with replacement, as often as drawn."""
    code = np.unique(clusters, return_inverse=True)[1]
    n = int(code.max()) + 1
    yield np.arange(len(code))
    for times in np.random.default_rng(_SEED).multinomial(n, np.full(n, 1 / n), size=draws):
        yield np.repeat(np.arange(len(code)), times[code])


def compare(scores: Floats, seen: dict[str, NDArray[np.float64]], clusters: list[str]) -> str:
    """Return a line for each threshold of the score: both AUCs, and what static loses, with its 90 % interval."""
    lines = []
    for least in (1, 2):
        right = scores >= least
        aucs = np.array(
            [[roc_auc_score(right[own], said[own]) for said in seen.values()] for own in in_draws(clusters)]
        )
        lost, low, high = interval(aucs[:, 0] - aucs[:, 1])
        both = ", ".join(f"{name} {auc:.3f}" for name, auc in zip(seen, aucs[0], strict=True))
        lines.append(f"  score >= {least}: {both}; static loses {lost:.3f} [{low:.3f} {high:.3f}]")
    return "\n".join(lines)


def ask(space: SubjectSpace, calls: Calls, ratings: pd.DataFrame) -> str:
    """Return what the space's two views say of the ratings' pairs, as text."""
    pairs, _ = rated(calls, ratings)
    firm = {row: sentence_id.partition("_")[0] for (sentence_id, _), row in calls.rows.items()}
    # A pair belongs to one of its two firms, by chance, as in the ruler.
    clusters = [firm[int(pair[index % 2])] for index, pair in enumerate(pairs)]
    return f"{len(pairs):,} pairs\n" + compare(pairs[:, 2], cosines(space, calls, pairs), clusters)


def main() -> None:
    """Print both directions."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=Path, required=True)
    parser.add_argument("--cache", default="results/.cache", help="where MiniLM's vectors are kept")
    given = parser.parse_args()
    calls = {name: read_calls([given.calls / f"{name}.csv.gz"], given.cache) for name in CALLS}
    ratings = read_ratings()
    for learned, asked in (CALLS, CALLS[::-1]):
        space = learn_space(calls[learned], ratings[ratings["calls"] == learned])
        said = ask(space, calls[asked], ratings[ratings["calls"] == asked])
        print(f"{learned} -> {asked}: {said}", flush=True)


if __name__ == "__main__":
    main()
