"""From a speaker's turn to sentences that are split and cleaned.

Rules only: nothing is fetched, nothing is trained, and importing it takes milliseconds.
"""

from earnings_themes.text.alike import Sketch, likeness, near_equal, same_words, sketch
from earnings_themes.text.cleaning import Cleaned, clean, dominant_script, has_content
from earnings_themes.text.encoding import has_lost_letters, repaired
from earnings_themes.text.language import is_english
from earnings_themes.text.sentences import (
    MAX_CHARACTERS,
    MAX_WORDS,
    lacks_ends,
    points_are_rare,
    split_long,
    split_sentences,
    split_sentences_counted,
)
from earnings_themes.text.unsaid import repeated_lines, without_pages, without_unsaid

__all__ = [
    "MAX_CHARACTERS",
    "MAX_WORDS",
    "Cleaned",
    "Sketch",
    "clean",
    "dominant_script",
    "has_content",
    "has_lost_letters",
    "is_english",
    "lacks_ends",
    "likeness",
    "near_equal",
    "points_are_rare",
    "repaired",
    "repeated_lines",
    "same_words",
    "sketch",
    "split_long",
    "split_sentences",
    "split_sentences_counted",
    "without_pages",
    "without_unsaid",
]
