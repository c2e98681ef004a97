"""How the prototype made themes, for the baseline that a run is compared with: it clustered words.

A topic's first five words, joined as the prototype joined them, are encoded as if they were a sentence, and the
vectors are reduced by UMAP and clustered by HDBSCAN. The words are the keywords of topics/{firm}.json: BERTopic's
with the preset's min_df, but without names and filler, which the prototype left in. docs/validation.md has what
comes of it; the default clusters centroids.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earnings_themes.clustering.density import density_clusters
from earnings_themes.config import Embedding
from earnings_themes.embedding import SentenceEncoder, TorchEncoder

Rows = NDArray[np.int64]


def label_clusterer(
    labels: Sequence[str],
    *,
    umap: Mapping[str, Any],
    hdbscan: Mapping[str, Any],
    random_state: int = 42,
    encoder: SentenceEncoder | None = None,
) -> Callable[[Rows], Rows]:
    """Return a function from rows of topics (m,) to their themes (m,), -1 for none.

    labels: of all n topics, encoded once however often the function is called. umap, hdbscan: keyword arguments
    of either. encoder: the packaged MiniLM unless given. Raises ModelError where that cannot be loaded.
    """
    vectors = np.empty((0, 0), dtype=np.float32)
    if labels:
        encoder = encoder or TorchEncoder(Embedding("packaged", "torch", "cpu", 16, cache=None, shards=1))
        vectors = encoder.encode(labels)

    def cluster(rows: Rows) -> Rows:
        return density_clusters(vectors[rows], umap, hdbscan, random_state)

    return cluster
