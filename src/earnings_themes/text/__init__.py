"""From a speaker's turn to sentences that are split and cleaned.

Rules only: nothing is fetched, nothing is trained, and importing it takes milliseconds: alike.py, which needs
numpy, is imported by its own name, because the process that plans a run reads names with this room.
"""

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
