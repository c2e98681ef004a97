"""BERTopic on sentence embeddings that are already there.

BERTopic stays the frame (c-TF-IDF words, topics in order of size); the clusterer inside it is chosen by
measurement (docs/validation.md). Nothing is encoded here, so BERTopic is imported in its documented light
form, without torch, transformers and umap: 1 s instead of 7 for every firm's job.
"""

import importlib
from collections import Counter
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer

from earnings_themes.abstractions import Topic, TopicModelInterface, TopicModelResult
from earnings_themes.clustering.light import light_imports
from earnings_themes.errors import ModelError
from earnings_themes.labels import TopicTermAnalyzer
from earnings_themes.topics.inputs import check_embeddings

# Words a topic keeps for people and for labels: three times the ten that are shown, so that names can be left
# out later without leaving a topic short.
_N_CANDIDATES: Final = 30


class BERTopicModel(TopicModelInterface):
    """BERTopic with a clusterer by name.

    clusterer: "communities" (Leiden on a kNN graph, earnings_themes.clustering.communities) or "hdbscan".
    clusterer_params: its keyword arguments. umap: keyword arguments of UMAP before
    HDBSCAN, None for no reduction; communities need none.
    ngram_range, min_df: of the vectoriser, whose "document" is a topic; its terms are those of
    labels.TopicTermAnalyzer. min_df above 1 deletes every word that is in one topic only (38 % of the top
    words on real calls), so the default is 1.
    """

    def __init__(
        self,
        seed: int = 42,
        clusterer: str = "communities",
        clusterer_params: Mapping[str, Any] | None = None,
        umap: Mapping[str, Any] | None = None,
        ngram_range: Sequence[int] = (1, 3),
        min_df: int = 1,
    ) -> None:
        super().__init__(seed)
        if clusterer not in ("communities", "hdbscan"):
            raise ModelError(f"topics.params.clusterer is {clusterer!r}; expected communities or hdbscan.")
        self._clusterer = clusterer
        self._clusterer_params = dict(clusterer_params or {})
        self._umap = umap
        self._ngram_range = (int(ngram_range[0]), int(ngram_range[1]))
        self._min_df = min_df
        self._topics: list[Topic] = []
        self._embeddings: NDArray[np.float32] = np.empty((0, 0), dtype=np.float32)

    def fit(self, documents: list[str], embeddings: NDArray[np.float32] | None = None) -> TopicModelResult:
        """Cluster the embeddings, then find each cluster's words.

        documents: n distinct texts; embeddings: (n, dim) float32. Zero or one topic is a valid result.
        Raises ModelError for embeddings that are missing, of another length, NaN or zero.
        """
        if embeddings is None:
            raise ModelError("BERTopicModel needs one embedding a document; none were given.")
        check_embeddings(documents, embeddings)
        self._embeddings = embeddings
        self._topics = []
        clusters, stability = self._cluster(embeddings)
        if clusters.max(initial=-1) < 0:
            return TopicModelResult((), clusters, np.zeros(len(documents), dtype=np.float32))
        assignments, words = self._describe(documents, embeddings, clusters)
        self._topics = [
            Topic(
                topic_id=topic_id,
                label=", ".join(word for word, _ in words[topic_id][:3]),
                keywords=tuple((word, float(weight)) for word, weight in words[topic_id] if word),
                size=int((assignments == topic_id).sum()),
                stability=stability.get(int(clusters[assignments == topic_id][0])),
            )
            for topic_id in range(int(assignments.max()) + 1)
        ]
        return TopicModelResult(tuple(self._topics), assignments, cosine_to_centroid(embeddings, assignments))

    def get_topics(self) -> list[Topic]:
        """Return the topics of the last fit, largest first."""
        return list(self._topics)

    def get_embeddings(self) -> NDArray[np.float32]:
        """Return the (n, dim) embeddings of the last fit."""
        return self._embeddings

    def _cluster(self, embeddings: NDArray[np.float32]) -> tuple[NDArray[np.int64], dict[int, float]]:
        if self._clusterer == "hdbscan":
            from earnings_themes.clustering.density import density_clusters

            return density_clusters(embeddings, self._umap, self._clusterer_params, self.seed), {}
        from earnings_themes.clustering.communities import GraphCommunities

        found = GraphCommunities(random_state=self.seed, **self._clusterer_params).fit(embeddings)
        return found.labels_, dict(enumerate(found.stability_.tolist()))

    def _describe(
        self, documents: list[str], embeddings: NDArray[np.float32], clusters: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], dict[int, list[tuple[str, float]]]]:
        analyzer = TopicTermAnalyzer(self._ngram_range[1])
        ended = [f"{document}{analyzer.SENTENCE_END}" for document in documents]
        spread = _spread(ended, clusters, analyzer)
        if not spread:
            return np.full(len(documents), -1, dtype=np.int64), {}
        bertopic = light_bertopic()
        vectorizer = CountVectorizer(analyzer=analyzer, min_df=min(self._min_df, spread))
        model = bertopic.BERTopic(
            embedding_model=_no_embedder(),
            umap_model=importlib.import_module("bertopic.dimensionality").BaseDimensionalityReduction(),
            hdbscan_model=importlib.import_module("bertopic.cluster").BaseCluster(),
            vectorizer_model=vectorizer,
            # Both are BERTopic's own options. A firm's topics then share fewer words: diversity of the topics of
            # 12 and 14 real calls .82 -> .85 and .80 -> .83 (each alone gives less).
            ctfidf_model=importlib.import_module("bertopic.vectorizers").ClassTfidfTransformer(
                bm25_weighting=True, reduce_frequent_words=True
            ),
            top_n_words=_N_CANDIDATES,
            calculate_probabilities=False,
        )
        # Three sentences a topic, which nobody here asks for, take BERTopic 28 % of a firm's CPU time.
        model._save_representative_docs = lambda documents: None
        topics, _ = model.fit_transform(ended, embeddings=embeddings, y=clusters)
        words = {
            topic: [(analyzer.written(word), weight) for word, weight in found]
            for topic, found in model.get_topics().items()
        }
        return np.asarray(topics, dtype=np.int64), words


def _spread(documents: Sequence[str], clusters: NDArray[np.int64], analyzer: TopicTermAnalyzer) -> int:
    """Return in how many clusters the second most widespread term is, 0 where there are not two terms.

    c-TF-IDF needs two words; a min_df above this would leave it fewer.
    """
    held = {
        (term, c) for text, c in zip(documents, clusters.tolist(), strict=True) for term in analyzer(text)
    }
    widespread = Counter(term for term, _ in held).most_common(2)
    return widespread[1][1] if len(widespread) == 2 else 0


def cosine_to_centroid(
    embeddings: NDArray[np.float32], assignments: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return (n,) float32: each document's cosine to its topic's mean, clipped to [0, 1]; 0 for outliers.

    One product instead of BERTopic's approximate_distribution, which encodes every window of words again
    (45 s of CPU a firm).
    """
    norms = np.linalg.norm(embeddings, axis=1, keepdims=True)
    unit = embeddings / np.maximum(norms, np.finfo(np.float32).tiny)
    probabilities = np.zeros(len(embeddings), dtype=np.float32)
    for topic in range(int(assignments.max(initial=-1)) + 1):
        members = assignments == topic
        if not members.any():
            continue
        centroid = embeddings[members].mean(axis=0)
        centroid = centroid / max(float(np.linalg.norm(centroid)), np.finfo(np.float32).tiny)
        probabilities[members] = unit[members] @ centroid
    return np.clip(probabilities, 0, 1)


def light_bertopic() -> ModuleType:
    """Import BERTopic without the libraries that nothing here uses."""
    with light_imports():
        return importlib.import_module("bertopic")


def _no_embedder() -> Any:
    # Handing over a backend of our own keeps BERTopic from looking for an embedding model to load.
    return importlib.import_module("bertopic.backend").BaseEmbedder()
