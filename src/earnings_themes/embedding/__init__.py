"""Sentence → vector, each sentence once.

Three things make a vector the same whenever and wherever it is computed on one machine, which matters
because a difference of 1e-7 is enough to give a firm other topics (docs/validation.md):
the weights are checked by digest; a sentence is encoded by one thread, in a batch whose shape depends on that
sentence's length alone, so its neighbours, the number of threads and what the cache already holds change
nothing (bit for bit, tested); and vectors are kept, in a cache that all firms and runs share.

torch is imported only when there is something to encode. A job that clusters never pays for it.
"""

from earnings_themes.embedding.cache import EmbeddingCache, open_cache, text_digest
from earnings_themes.embedding.encoders import (
    PACKAGED_NAME,
    PACKAGED_SHA256,
    SentenceEncoder,
    TorchEncoder,
    Vectors,
    make_encoder,
)
from earnings_themes.embedding.shard import (
    STATIC,
    FirmVectors,
    embed,
    embed_shard,
    iter_vectors,
    modelled,
    read_vectors,
)

__all__ = [
    "PACKAGED_NAME",
    "PACKAGED_SHA256",
    "STATIC",
    "EmbeddingCache",
    "FirmVectors",
    "SentenceEncoder",
    "TorchEncoder",
    "Vectors",
    "embed",
    "embed_shard",
    "iter_vectors",
    "make_encoder",
    "modelled",
    "open_cache",
    "read_vectors",
    "text_digest",
]
