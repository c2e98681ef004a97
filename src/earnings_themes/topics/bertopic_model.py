"""BERTopic on vectors that are already there.

BERTopic is the frame: it takes the clusters, orders the topics by size and finds their words (c-TF-IDF). The clusterer
inside it is a neighbour graph with Leiden's communities (clustering/graph.py), chosen by measurement
(docs/validation.md). Nothing is encoded here, so BERTopic is imported without torch, transformers and umap: 1 s instead
of 7 for every firm's job.
"""

import importlib
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

from earnings_themes.abstractions import Topic, TopicModelResult
from earnings_themes.clustering.graph import communities, nearest, neighbour_graph, numbered_by_size
from earnings_themes.clustering.light import light_imports
from earnings_themes.config.parameters import BERTopicParameters
from earnings_themes.topics.inputs import BuiltInModel

# Ten words are what topic diversity and coherence are measured on (Dieng et al. 2020, Röder et al. 2015).
_N_WORDS: Final = 10
# At this resolution of modularity a community of a graph of ten neighbours has about `topic_size` nodes: seen on 305 firms
# of 20 to 900 sentences.
_UNITS_A_TOPIC: Final = 6
# A word may begin with a digit or hold one: 5g, glp-1, 401k, covid-19; a bare number is no word.
_WORD: Final = r"(?u)\b(?=\w*[^\W\d_])\w[\w&'’-]*\w\b"


class BERTopicModel(BuiltInModel):
    """BERTopic with communities of a neighbour graph. seed: of Leiden."""

    parameters = BERTopicParameters
    _given: BERTopicParameters

    def fit(self, documents: list[str], embeddings: NDArray[np.float32] | None = None) -> TopicModelResult:
        """Cluster the embeddings, then find each cluster's words.

        documents: n distinct texts. embeddings: (n, dim) float32, whole numbers or not. Raises ModelError for embeddings
        that are missing, of another length, NaN or zero.
        """
        self._check(documents, embeddings)
        assert embeddings is not None
        self._embeddings = embeddings
        self._topics = []
        clusters = self._clusters(embeddings)
        if clusters.max(initial=-1) < 0:
            return TopicModelResult((), clusters, np.zeros(len(documents), dtype=np.float32))
        assignments, words = self._described(documents, embeddings, clusters)
        sizes = np.bincount(assignments[assignments >= 0])
        self._topics = [
            Topic(
                topic_id=number,
                label=", ".join(word for word, _ in words.get(number, [])[:3]),
                keywords=tuple((word, float(weight)) for word, weight in words.get(number, []) if word),
                size=int(size),
            )
            for number, size in enumerate(sizes.tolist())
        ]
        return TopicModelResult(tuple(self._topics), assignments, cosine_to_centroid(embeddings, assignments))

    def _clusters(self, embeddings: NDArray[np.float32]) -> NDArray[np.int64]:
        found, cosines = nearest(embeddings, self._given.neighbours)
        resolution = len(embeddings) / self._given.topic_size / _UNITS_A_TOPIC
        labels = communities(neighbour_graph(found, cosines), resolution, self.seed)
        sizes = np.bincount(labels)
        labels[sizes[labels] < self._given.min_topic_size] = -1
        return labels

    def _described(
        self, documents: list[str], embeddings: NDArray[np.float32], clusters: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], dict[int, list[tuple[str, float]]]]:
        part = importlib.import_module
        with light_imports():
            bertopic = part("bertopic")
        model = bertopic.BERTopic(
            # A backend of our own keeps BERTopic from looking for an embedding model to load.
            embedding_model=part("bertopic.backend").BaseEmbedder(),
            umap_model=part("bertopic.dimensionality").BaseDimensionalityReduction(),
            hdbscan_model=part("bertopic.cluster").BaseCluster(),
            vectorizer_model=CountVectorizer(
                ngram_range=self._given.ngram_range, stop_words="english", token_pattern=_WORD
            ),
            ctfidf_model=part("bertopic.vectorizers").ClassTfidfTransformer(
                bm25_weighting=True, reduce_frequent_words=True
            ),
            top_n_words=_N_WORDS,
            calculate_probabilities=False,
        )
        # Three sentences a topic, which nobody here asks for, take BERTopic 28 % of a firm's CPU time.
        model._save_representative_docs = lambda documents: None
        # It looks its words' weights up one by one in a sparse matrix: a third of what is left.
        model._top_n_values_sparse = _weights_of
        try:
            topics, _ = model.fit_transform(documents, embeddings=embeddings, y=clusters)
        except ValueError:
            # Texts of stop words alone have no words to be described by; the topics are the clusters, by size.
            return numbered_by_size(clusters), {}
        return np.asarray(topics, dtype=np.int64), model.get_topics()


def _weights_of(weights: csr_matrix, words: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return (k, n) the weights of n words of each of k topics, 0 where a word is None; weights: (k, v)."""
    dense = weights.toarray()
    pairs = zip(dense, words, strict=True)
    return np.array([[0.0 if word is None else row[word] for word in some] for row, some in pairs])


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
        centroid = embeddings[members].mean(axis=0)
        centroid = centroid / max(float(np.linalg.norm(centroid)), np.finfo(np.float32).tiny)
        probabilities[members] = unit[members] @ centroid
    return np.clip(probabilities, 0, 1)
