"""Words for people: keywords and labels of topics and themes.

Words describe a cluster, they never decide it. So a label parameter can change without a refit.
"""

import re
from collections import Counter
from collections.abc import Sequence, Set
from math import log
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


def theme_keywords(topics: Sequence[Sequence[tuple[str, Keywords]]], n: int) -> list[Keywords]:
    """Return the n keywords of each theme: words that many of its firms share and few other themes use.

    topics: for each theme, its topics as (firm_id, keywords). A firm has one vote a word, its strongest,
    relative to the heaviest word of the topic; so a firm with many topics, or a name that only one firm
    says, cannot lead a theme. The votes take the place of the term frequency in c-TF-IDF (Grootendorst
    2022, arXiv:2203.05794).
    """
    votes = [_votes(theme) for theme in topics]
    n_themes_with = Counter(word for theme in votes for word in theme)
    keywords = []
    for theme, words in zip(topics, votes, strict=True):
        n_firms = len({firm for firm, _ in theme})
        weighed = [
            (word, vote / n_firms * log(1 + len(votes) / n_themes_with[word])) for word, vote in words.items()
        ]
        weighed.sort(key=lambda pair: (-pair[1], pair[0]))
        keywords.append(tidy_keywords(tuple(weighed), frozenset(), n))
    return keywords


def _votes(theme: Sequence[tuple[str, Keywords]]) -> dict[str, float]:
    strongest: dict[tuple[str, str], float] = {}
    for firm, keywords in theme:
        heaviest = max((weight for _, weight in keywords), default=1.0) or 1.0
        for word, weight in keywords:
            strongest[firm, word] = max(strongest.get((firm, word), 0.0), weight / heaviest)
    votes: dict[str, float] = {}
    for (_, word), vote in strongest.items():
        votes[word] = votes.get(word, 0.0) + vote
    return votes


def theme_labels(keywords: Sequence[Keywords], max_words: int) -> list[str]:
    """Return a label for each theme, no two alike: as few of its keywords as tell it from the others.

    A theme without a keyword is called by its number. max_words: words a label has at most where that is
    enough to tell the themes apart.
    """
    labels: list[str] = []
    used: set[str] = set()
    for number, words in enumerate(keywords):
        parts: list[str] = []
        for word, _ in words:
            if parts and len(" ".join([*parts, word]).split()) > max_words and ", ".join(parts) not in used:
                break
            parts.append(word)
        label = ", ".join(parts) or f"theme {number + 1}"
        labels.append(label if label not in used else f"{label} ({number + 1})")
        used.add(labels[-1])
    return labels
