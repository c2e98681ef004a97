"""From a speaker's turn to sentences that are split, cleaned and flagged.

Rules only: nothing is fetched, nothing is trained, and importing it takes milliseconds.
"""

from earnings_themes.text.cleaning import Cleaned, clean, dominant_script, has_content
from earnings_themes.text.filler import is_filler
from earnings_themes.text.kinds import Kind, sentence_kind
from earnings_themes.text.names import introduced_names
from earnings_themes.text.procedure import flag_procedural, is_procedural
from earnings_themes.text.reporting import is_reporting, reporting_score
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
    "Kind",
    "clean",
    "dominant_script",
    "flag_procedural",
    "has_content",
    "introduced_names",
    "is_filler",
    "is_procedural",
    "is_reporting",
    "reporting_score",
    "sentence_kind",
    "split_long",
    "split_sentences",
    "split_sentences_counted",
]
