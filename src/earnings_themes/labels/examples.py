"""Chooses the sentences that show a reader what a topic or theme is about."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from earnings_themes.labels.terms import sentence_terms
from earnings_themes.text import is_filler, is_procedural
from earnings_themes.text.words import HESITATIONS, words_of

# (sentence_id, text)
Sentence = tuple[str, str]

# Words an example should have: shorter ones say little, longer ones nobody reads (the real sentences of the
# validation have 21 words on average).
_READABLE: Final = range(8, 46)
# An example is looked for among a topic's best fitting sentences, and as many of them kept as candidates.
_LOOKED_AT: Final = 15
_KEPT: Final = 5
# Fillers, restarts ("it's, it's", "be- because") and gaps that an example may have.
_STUMBLES: Final = 1
_RESTART: Final = re.compile(r"\w-(?=[\s,])|<[a-z ]+>|\b(\w+),? \1\b", re.IGNORECASE)


def stumbles(text: str) -> int:
    """Return how often the speaker of a sentence hesitates, starts again or is not understood."""
    return sum(word in HESITATIONS for word in words_of(text)) + len(_RESTART.findall(text))


def example_candidates(sentences: Iterable[Sentence]) -> tuple[Sentence, ...]:
    """Return the sentences that may stand for a topic, given best fitting first; one at least where there is one."""
    near = [sentence for sentence, _ in zip(sentences, range(_LOOKED_AT), strict=False)]
    good = [sentence for sentence in near if _speaks_for_itself(sentence[1])]
    clean = [sentence for sentence in good if stumbles(sentence[1]) <= _STUMBLES]
    ordered = [*clean, *(sentence for sentence in good if sentence not in clean)]
    return tuple((ordered or near)[:_KEPT])


def _speaks_for_itself(text: str) -> bool:
    return len(text.split()) in _READABLE and not is_filler(text) and not is_procedural(text)


def best_example(candidates: Sequence[Sentence], terms: Sequence[str]) -> tuple[Sentence, int]:
    """Return the candidate that says most of a theme's terms, and how many; the best fitting of equals.

    terms: the theme's, as `terms.fold` writes them, heaviest first.
    """
    said = [
        sum(term in found for term in terms) for found in (sentence_terms(text) for _, text in candidates)
    ]
    best = max(range(len(candidates)), key=lambda place: (min(said[place], 2), -place))
    return candidates[best], said[best]
