"""From a speaker's turn to sentences that are split and cleaned.

Rules only: nothing is fetched, nothing is trained, and importing it takes milliseconds.
"""

from earnings_themes.text.cleaning import Cleaned, clean, dominant_script, has_content
from earnings_themes.text.sentences import (
    MAX_CHARACTERS,
    MAX_WORDS,
    split_long,
    split_sentences,
    split_sentences_counted,
)

__all__ = [
    "MAX_CHARACTERS",
    "MAX_WORDS",
    "Cleaned",
    "clean",
    "dominant_script",
    "has_content",
    "split_long",
    "split_sentences",
    "split_sentences_counted",
]
