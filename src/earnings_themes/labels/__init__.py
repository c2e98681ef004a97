"""Words for people: keywords and labels of topics and themes.

Words describe a cluster, they never decide it, so a label parameter can change without a refit. Both come
from terms (terms.py): words and contiguous phrases that could be a noun phrase, by a dictionary of word
classes (word_roles.py), without names (names.py), weighed by how much more a cluster says them than the
clusters beside it (keyness.py).
"""

from earnings_themes.labels.examples import best_example, example_candidates, pack, unpack
from earnings_themes.labels.names import NameFinder
from earnings_themes.labels.terms import TopicTermAnalyzer, sentence_terms
from earnings_themes.labels.themes import (
    FirmWords,
    ThemeWords,
    TopicTerms,
    WordsOfFirm,
    label_without_terms,
    theme_words,
    words_of_firm,
)
from earnings_themes.labels.topics import TopicWords, topic_words
from earnings_themes.labels.vocabulary import Vocabulary

__all__ = [
    "FirmWords",
    "NameFinder",
    "ThemeWords",
    "TopicTermAnalyzer",
    "TopicTerms",
    "TopicWords",
    "Vocabulary",
    "WordsOfFirm",
    "best_example",
    "example_candidates",
    "label_without_terms",
    "pack",
    "sentence_terms",
    "theme_words",
    "topic_words",
    "unpack",
    "words_of_firm",
]
