"""Words for people: keywords and labels of topics and themes.

Words describe a cluster, they never decide it. So a label parameter can change without a refit.
"""

import re
from collections.abc import Set
from typing import Final

from earnings_themes.abstractions.records import Keywords
from earnings_themes.text import has_content, is_filler

_MONTHS_AND_DAYS: Final = frozenset(
    """january february march april june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday today tomorrow yesterday""".split()
)
_DIGIT: Final = re.compile(r"\d")
# A word is said by its phrase when the phrase weighs at least this share of it: "supply" is left out
# beside "supply chain".
_ABSORBED_AT: Final = 0.5


def tidy_keywords(candidates: Keywords, excluded: Set[str], n: int) -> Keywords:
    """Return up to n keywords, heaviest first, without names, numbers, months, filler and repetition.

    candidates: (word or phrase, weight), heaviest first. excluded: lower-case words, such as names.
    """
    kept = [(word, weight) for word, weight in candidates if _is_telling(word, excluded)]
    phrases = [(set(word.split()), weight) for word, weight in kept if " " in word]
    tidy: list[tuple[str, float]] = []
    used: set[str] = set()
    for word, weight in kept:
        parts = set(word.split())
        if len(parts) == 1 and any(parts < phrase and w >= _ABSORBED_AT * weight for phrase, w in phrases):
            continue
        if parts <= used:
            continue
        tidy.append((word, weight))
        used |= parts
    return tuple(tidy[:n])


def _is_telling(word: str, excluded: Set[str]) -> bool:
    parts = word.lower().split()
    return not (
        any(part in excluded or part in _MONTHS_AND_DAYS or _DIGIT.search(part) for part in parts)
        or len(set(parts)) < len(parts)
        or not has_content(word)
        or is_filler(word)
    )


def topic_label(keywords: Keywords) -> str:
    """Return a firm topic's label: its three heaviest keywords."""
    return ", ".join(word for word, _ in keywords[:3])
