"""What kind of speech a topic or theme is: subject matter, financial reporting, procedure or filler.

Real calls are full of speech that every firm has in common and that is no theme: thanks, hedging, plain
results language. It is found by the rules of earnings_themes.text, sentence by sentence, and a topic is
what most of its sentences are. Nothing is deleted: the kind decides the rank, not the membership.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from earnings_themes.abstractions.records import Kind
from earnings_themes.text import is_filler, is_reporting


def topic_kind(sentences: Sequence[str], procedural: Sequence[bool]) -> Kind:
    """Return the kind of a topic from its sentences (as said) and which of them are procedural."""
    n = len(sentences)
    if 2 * sum(procedural) > n:
        return "procedure"
    if 2 * sum(map(is_filler, sentences)) > n:
        return "filler"
    if 2 * sum(map(is_reporting, sentences)) > n:
        return "reporting"
    return "subject"


def theme_kind(topics: Iterable[tuple[Kind, int]]) -> Kind:
    """Return the kind that most sentences of a theme's topics have; topics are (kind, size)."""
    votes: Counter[Kind] = Counter()
    for kind, size in topics:
        votes[kind] += size
    return max(sorted(votes), key=lambda kind: votes[kind])
