"""Says whether a firm's calls are English, by the share of English function words: no model, nothing to fetch.

Labels, names and phrases of procedure know English alone. Half of the words of an English call are stop words of our
list; of a German, Spanish or Portuguese one few, and of one in another script none.
"""

from collections.abc import Sequence

from earnings_themes.text.words import STOP_WORDS, words_of

# Of 979 English calls each has 0.40 to 0.71 such words (median 0.52); of four German ones the most has 0.03.
ENGLISH_SHARE = 0.25
# Below, a share says nothing: a greeting and a thank you.
_FEWEST_WORDS = 100
_FEWEST_LETTERS = 400
# Sentences looked at: 200 of 15 words tell a share to within 0.02 (two standard errors).
_LOOKED_AT = 200


def is_english(texts: Sequence[str]) -> bool:
    """Return whether texts are English, by every n-th of many; true as well where there are too few words to tell."""
    n_words = n_english = n_letters = 0
    for text in texts[:: max(1, len(texts) // _LOOKED_AT)]:
        words = words_of(text)
        n_words += len(words)
        n_letters += len(text)
        n_english += sum(map(STOP_WORDS.__contains__, words))
    if n_words < _FEWEST_WORDS:
        # Japanese writes no spaces, so that a clause is a word.
        return not (n_letters >= _FEWEST_LETTERS and n_letters > 12 * n_words)
    return n_english >= ENGLISH_SHARE * n_words
