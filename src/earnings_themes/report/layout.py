"""Places themes on a plane so that similar themes are near each other."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from earnings_themes.system.processes import one_thread

_DIMENSIONS: Final = 50
# Below this there are no neighbourhoods to keep, and the two main directions say as much.
_FEW: Final = 12


@one_thread
def plane(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return positions (n, 2) in [−1, 1] for vectors (n, dim); deterministic.

    t-SNE (van der Maaten and Hinton 2008), started from the two main directions. Short distances mean
    similarity; long ones mean little. Fewer than three distinct vectors lie on a line.
    """
    n, dim = vectors.shape
    if n < 3 or dim < 2 or bool((vectors == vectors[0]).all()):
        return np.array([(place - (n - 1) / 2, 0.0) for place in range(n)], dtype=np.float32).reshape(n, 2)
    reduced = PCA(min(_DIMENSIONS, n, dim), svd_solver="covariance_eigh").fit_transform(vectors)
    if n < _FEW:
        return _scaled(reduced[:, :2])
    start = reduced[:, :2] / max(float(reduced[:, 0].std()), 1e-9) * 1e-4
    model = TSNE(init=start, perplexity=min(20, (n - 1) / 3), random_state=42, n_jobs=1)
    return _scaled(model.fit_transform(reduced))


def _scaled(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the positions scaled to fill [−1, 1] in both directions."""
    least, most = positions.min(axis=0), positions.max(axis=0)
    return np.asarray(2 * (positions - least) / np.maximum(most - least, 1e-9) - 1, dtype=np.float32)
