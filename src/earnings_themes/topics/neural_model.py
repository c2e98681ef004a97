"""A neural topic model: topics as points in the space of the sentence vectors, fitted by optimal transport.

FASTopic (Wu, Nguyen, Zhang, Wang & Luu 2024, arXiv:2405.17978): sentences, topics and words are vectors of one
space. A transport plan between sentences and topics gives each sentence its shares, one between topics and
words gives each topic its words; both, multiplied, must give back the words that were said.

It was chosen against the autoencoders ProdLDA (Srivastava & Sutton 2017, arXiv:1703.01488) with sentence
vectors as input, CombinedTM and ZeroShotTM (Bianchi, Terragni & Hovy 2021), on four samples of 400 sentences
of banking77 and six real calls: AMI .50 and .74 (77 and 25 intents) against .34 and .57, agreement of two
seeds .48 ARI against .10. Hundreds of sentences are too few for an encoder with 10⁵ weights; here only the
topics' and words' own vectors are learned.

Differences from the paper, each measured: topics start at k-means centres and words at the mean of their
sentences, not at random (AMI .37 → .50, .63 → .74; seeds .34 → .48 ARI), and with such a start 100 epochs
instead of 200 are enough (.51 and .75).

It adds no accuracy to k-means on the same vectors (.51 and .78); it adds words learned with the topics, shares,
and topics that come back more often (.39 → .48).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csr_array

from earnings_themes.config.parameters import NeuralParameters
from earnings_themes.topics.mixture import Floats, MixtureModel

if TYPE_CHECKING:
    from torch import Tensor

# The paper's settings: the sharpness of the two plans, and Adam's step.
_SENTENCE_SHARPNESS: Final = 3.0
_WORD_SHARPNESS: Final = 2.0
_LEARNING_RATE: Final = 2e-3
# Sinkhorn's loop ends when the plan's margins are this close, as in the paper; it rarely needs 20 turns.
_TOLERANCE: Final = 5e-3
_MOST_TURNS: Final = 100
# A call has 400 to 900 words that are said in two sentences; more than this only cost time and memory.
_MOST_WORDS: Final = 2_000
_TINY: Final = 1e-12


class NeuralModel(MixtureModel):
    """FASTopic on sentence embeddings that are already there; it needs them.

    On one thread, whatever the process is set to, because a sum's order would change its last digit; the setting is given
    back.
    """

    parameters = NeuralParameters
    needs_embeddings = True
    _given: NeuralParameters

    def _shares(self, bags: list[list[str]], counts: csr_array, embeddings: Floats | None, k: int) -> Floats:
        import torch

        assert embeddings is not None  # fit refuses to go on without them
        often = np.argsort(-counts.sum(axis=0), kind="stable")[:_MOST_WORDS]
        sentences = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
        topics = _centres(sentences, min(k, len(np.unique(sentences, axis=0))), self.seed)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return _train(counts[:, np.sort(often)].toarray(), sentences, topics, self._given.epochs)
        finally:
            torch.set_num_threads(threads)


def _centres(sentences: Floats, k: int, seed: int) -> Floats:
    from sklearn.cluster import KMeans

    centres = KMeans(k, n_init=3, random_state=seed).fit(sentences).cluster_centers_
    return np.asarray(centres, dtype=np.float32)


def _train(counts: Floats, sentences: Floats, topics: Floats, epochs: int) -> Floats:
    """Return shares (n, k). counts: (n, v); sentences: (n, dim), norm 1; topics: (k, dim)."""
    import torch
    from torch.nn.functional import normalize

    n, v, k = *counts.shape, len(topics)
    said, points = torch.from_numpy(counts), torch.from_numpy(sentences)
    topic = normalize(torch.from_numpy(topics), dim=1).requires_grad_()
    word = normalize(said.T @ points, dim=1).requires_grad_()
    topic_weight, word_weight = (torch.zeros(size, requires_grad=True) for size in (k, v))
    optimizer = torch.optim.Adam([topic, word, topic_weight, word_weight], lr=_LEARNING_RATE)
    even_sentences, even_topics = torch.full((n,), 1 / n), torch.full((k,), 1 / k)
    for _ in range(epochs):
        far, away = _distances(points, topic), _distances(topic, word)
        to_topics = _transport(far, even_sentences, topic_weight.softmax(0), _SENTENCE_SHARPNESS)
        to_words = _transport(away, even_topics, word_weight.softmax(0), _WORD_SHARPNESS)
        shares, words = to_topics * n, to_words * k
        reconstruction = -(said * (shares @ words + _TINY).log()).sum(dim=1).mean()
        loss = reconstruction + (to_topics * far).sum() + (to_words * away).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.asarray(shares.detach().numpy(), dtype=np.float32)


def _distances(left: Tensor, right: Tensor) -> Tensor:
    """Squared Euclidean distances (a, b) of rows (a, dim) and (b, dim)."""
    return (left**2).sum(dim=1, keepdim=True) + (right**2).sum(dim=1) - 2 * left @ right.T


def _transport(cost: Tensor, rows: Tensor, columns: Tensor, sharpness: float) -> Tensor:
    """The plan (a, b) with these margins that moves mass cheaply: Sinkhorn's algorithm (Cuturi 2013).

    cost: (a, b); rows: (a,) and columns: (b,), each with sum 1. A sharper plan is nearer to the cheapest one.
    """
    import torch

    kernel = torch.exp(-sharpness * cost)
    left = torch.full_like(rows, 1 / len(rows))
    for turn in range(_MOST_TURNS):
        right = columns / (kernel.T @ left + _TINY)
        left = rows / (kernel @ right + _TINY)
        if turn % 10 == 9:
            with torch.no_grad():
                if (right * (kernel.T @ left) - columns).abs().sum() < _TOLERANCE:
                    break
    return left[:, None] * kernel * right
