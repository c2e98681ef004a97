"""Chooses the sentences that show a reader what a topic or theme is about."""

import json
import re
import zlib
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from earnings_themes.labels.terms import sentence_terms
from earnings_themes.speech import is_filler, is_procedural
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
    near = list(islice(sentences, _LOOKED_AT))
    readable = [sentence for sentence in near if len(sentence[1].split()) in _READABLE]
    # Sorting is stable: the best fitting stay first among those that stumble as much.
    readable.sort(key=lambda sentence: stumbles(sentence[1]) > _STUMBLES)
    telling = (
        sentence for sentence in readable if not is_filler(sentence[1]) and not is_procedural(sentence[1])
    )
    return tuple(islice(telling, _KEPT)) or tuple(near[:_KEPT])


def pack(sentences: Sequence[Sentence]) -> bytes:
    """Return sentences as few bytes: those that may stand for 280,000 topics would take half a GB as they are."""
    return zlib.compress(json.dumps(sentences).encode(), level=1)


def unpack(packed: bytes) -> list[Sentence]:
    """Return what `pack` was given."""
    return [(sentence_id, text) for sentence_id, text in json.loads(zlib.decompress(packed))]


def best_example(candidates: Sequence[Sentence], terms: Sequence[str]) -> tuple[Sentence, int]:
    """Return the candidate that says most of a theme's terms, and how many; the best fitting of equals.

    terms: the theme's, as `fold` writes them, heaviest first.
    """
    said = [
        sum(term in found for term in terms) for found in (sentence_terms(text) for _, text in candidates)
    ]
    best = max(range(len(candidates)), key=lambda place: (min(said[place], 2), -place))
    return candidates[best], said[best]
