"""Places topics on a plane, near each other when they are about the same."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors

from earnings_themes.system.processes import one_thread

# t-SNE takes 0.5 s for 300 vectors and 1.9 s for 1,500, and grows a little faster than they do; so above this
# a sample is placed, and every other vector goes between its nearest neighbours of the sample.
MAX_PLACED: Final = 3_000
_NEIGHBOURS: Final = 3
_DIMENSIONS: Final = 50
# Below this there are no neighbourhoods to keep, and the two main directions say as much.
_FEW: Final = 12
# Six tenths of the time of 500 and .5 (scikit-learn's own angle), and as good a map. Measured on the topics of
# 24 calls, of 56, and of two halves of the 56's: the share of a topic's 10 nearest on the plane that are of
# its theme was .657, .210, .137, .134 and is .669, .203, .144, .131; trustworthiness (of 10 neighbours) was
# .947, .911, .891, .890 and is .948, .909, .891, .896. With 350 iterations, or an angle of .75, one of them
# fell by over .01.
_ITERATIONS: Final = 400
_ANGLE: Final = 0.7


@one_thread
def plane(vectors: NDArray[np.float32], seed: int = 42) -> NDArray[np.float32]:
    """Return (n, 2) positions in [−1, 1] of (n, dim) vectors; the same vectors give the same positions.

    t-SNE (van der Maaten and Hinton 2008) from the two main directions: of PCA, t-SNE and three graph layouts
    the one that kept the themes' topics together on two real runs. Near means similar; a distance across
    the plane means little. Fewer than three distinct vectors lie on a line.
    """
    n, dim = vectors.shape
    if n < 3 or dim < 2 or bool((vectors == vectors[0]).all()):
        return np.array([(place - (n - 1) / 2, 0.0) for place in range(n)], dtype=np.float32).reshape(n, 2)
    reduced = PCA(min(_DIMENSIONS, n, dim), svd_solver="covariance_eigh").fit_transform(vectors)
    if n < _FEW:
        return _scaled(reduced[:, :2])
    placed = np.arange(n)
    if n > MAX_PLACED:
        placed = np.sort(np.random.default_rng(seed).choice(n, MAX_PLACED, replace=False))
    sample = reduced[placed]
    start = sample[:, :2] / max(float(sample[:, 0].std()), 1e-9) * 1e-4
    model = TSNE(
        init=start,
        perplexity=min(20, (len(placed) - 1) / 3),
        max_iter=_ITERATIONS,
        angle=_ANGLE,
        random_state=seed,
        n_jobs=1,
    )
    positions = model.fit_transform(sample)
    if n == len(placed):
        return _scaled(positions)
    _, near = NearestNeighbors(n_neighbors=_NEIGHBOURS).fit(sample).kneighbors(reduced)
    found = positions[near].mean(axis=1)
    found[placed] = positions
    return _scaled(found)


def _scaled(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = positions - (positions.max(axis=0) + positions.min(axis=0)) / 2
    return np.asarray(centred / max(float(np.abs(centred).max()), 1e-9), dtype=np.float32)
