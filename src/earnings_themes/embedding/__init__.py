"""Sentence → vector, each sentence once.

Differences of 1e-7 can give a firm other topics, so vectors must not depend on
circumstances: weights are checked by digest; a sentence is encoded by one thread, in a batch whose shape
depends on its length alone, so neighbours, threads and cache change no bit (tested); and vectors are kept in
a cache that all firms and runs share.

torch is imported only when there is something to encode.
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
