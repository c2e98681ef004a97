"""Input checks that all topic models share, and the words that word-based models read."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from earnings_themes.errors import ModelError
from earnings_themes.text.words import is_stop_word, words_of


def check_embeddings(documents: Sequence[str], embeddings: NDArray[np.float32]) -> None:
    """Raise ModelError unless there is one finite vector, not of length zero, a document.

    documents: n texts. embeddings: (n, dim). The message names the rows, from 0, and the first one's text.
    """
    if embeddings.ndim != 2 or len(embeddings) != len(documents):
        raise ModelError(
            f"{len(documents)} documents have embeddings of shape {embeddings.shape}; "
            f"expected ({len(documents)}, dim), one row a document."
        )
    norms = np.linalg.norm(embeddings, axis=1)
    bad = np.flatnonzero(~(np.isfinite(norms) & (norms > 0)))
    if len(bad):
        raise ModelError(
            f"The embeddings of {len(bad)} of {len(documents)} documents hold NaN or are zero: rows "
            f"{', '.join(map(str, bad[:5]))}; the first is {documents[bad[0]][:60]!r}. Embed them again."
        )


def bags_of_words(documents: Sequence[str], min_df: int) -> list[list[str]]:
    """Return each document's words, lower case, in order, as often as they are said.

    Left out are stop words, single letters, and words that fewer than `min_df` documents hold. Words of any
    script count; one written without spaces makes a sentence one word.
    """
    bags = [[w for w in words_of(text) if len(w) > 1 and not is_stop_word(w)] for text in documents]
    df = Counter(word for bag in bags for word in set(bag))
    return [[word for word in bag if df[word] >= min_df] for bag in bags]
