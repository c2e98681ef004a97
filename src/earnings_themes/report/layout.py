"""Places topics on a plane, near each other when they are about the same."""

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA


def plane(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n, 2) positions in [−1, 1] of (n, dim) vectors: their two main directions.

    The same vectors give the same positions. Fewer than three vectors lie on a line.
    """
    n = len(vectors)
    if n < 3 or vectors.shape[1] < 2:
        return np.array([(place - (n - 1) / 2, 0.0) for place in range(n)], dtype=np.float32).reshape(n, 2)
    found = PCA(n_components=2, svd_solver="covariance_eigh").fit_transform(vectors)
    return np.asarray(found / max(float(np.abs(found).max()), 1e-9), dtype=np.float32)
