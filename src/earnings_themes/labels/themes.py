"""The words of themes, from the sentences of all their firms."""

from collections import Counter
from collections.abc import Collection, Sequence, Set
from sys import intern
from typing import Final, NamedTuple

from earnings_themes.abstractions.records import Keywords, Kind
from earnings_themes.labels.choose import choose_label, label_candidates, tidy
from earnings_themes.labels.keyness import keyness
from earnings_themes.labels.names import NameFinder, names_across_firms
from earnings_themes.labels.terms import TermCounts, plain
from earnings_themes.labels.word_roles import fold
from earnings_themes.text.words import words_of

# A firm's vote for a term is full once two of its sentences in the theme say it, and half for one.
_FULL_VOTE: Final = 2
# From this many firms on, a term that only one of them says is that firm's own.
_SHARED_FROM: Final = 3
# Terms that a topic hands on: all that it says twice, and the commonest of the others. Twice as many
# changed 1 of the first 50 labels of 56 real calls.
_TERMS_A_TOPIC: Final = 60

_WITHOUT_TERMS: Final[dict[Kind, str]] = {
    "subject": "various subjects",
    "reporting": "figures and outlook",
    "procedure": "call procedure",
    "filler": "general remarks",
}

# A term as `fold` writes it, as it is mostly written, and in how many sentences.
TopicTerms = tuple[tuple[str, str, int], ...]


class ThemeWords(NamedTuple):
    """What a theme is called, its keywords, heaviest first, and the same as `fold` writes them."""

    label: str
    keywords: Keywords
    terms: tuple[str, ...]


class FirmWords:
    """Collects what the themes need of each firm's words, one firm at a time.

    What it keeps grows with the number of different words, not of sentences.
    """

    def __init__(self) -> None:
        self._as_name: Counter[str] = Counter()
        self._as_word: Counter[str] = Counter()
        self._firm_names: set[str] = set()

    def add(self, firm_name: str, topics: Sequence[Sequence[str]]) -> tuple[list[TopicTerms], Set[str]]:
        """Take note of a firm's names; return the terms of each topic, and the firm's names.

        topics: the sentences of each topic, as said.
        """
        finder = NameFinder()
        for sentences in topics:
            finder.add(sentences)
        of_firm = {fold(plain(word)) for word in words_of(firm_name)}
        names = finder.names()
        self._as_name.update(map(intern, names))
        self._as_word.update(map(intern, finder.ordinary()))
        self._firm_names |= of_firm
        return [_terms(TermCounts(sentences)) for sentences in topics], names | of_firm

    def names(self) -> Set[str]:
        """Return the words that are names for the firms together."""
        # A firm's own name ("Target", "Gap") is only a name where most firms write it as one.
        names = names_across_firms(self._as_name, self._as_word)
        return names | {word for word in self._firm_names if not self._as_word[word]}


def _terms(counts: TermCounts) -> TopicTerms:
    ordered = sorted(counts.counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple((intern(term), intern(counts.written(term)), n) for term, n in ordered[:_TERMS_A_TOPIC])


def theme_words(
    themes: Sequence[Sequence[tuple[str, TopicTerms]]], names: Set[str], n: int, max_words: int
) -> list[ThemeWords]:
    """Return label and keywords of each theme; no two themes have one label.

    themes: the topics of each theme as (firm_id, terms), the theme to be named first first. names: words
    that name people, firms or products. A firm has one vote a term, so that one with many topics, or a
    product that only one firm sells, cannot lead a theme. A theme whose firms share no term that could name
    it has no keywords and the label "" (see `label_without_terms`).
    """
    votes = [_votes(topics) for topics in themes]
    written = [_written(topics) for topics in themes]
    labelled = []
    used: set[str] = set()
    for weights, said, forms in zip(keyness(votes), votes, written, strict=True):
        terms = tidy(weights, names, n)
        keywords = tuple((forms[term], weights[term]) for term in terms)
        label = choose_label(
            label_candidates(weights, said, names, max_words), used, forms.__getitem__, max_words
        )
        label = label or next((word for word, _ in keywords if word not in used), "")
        used.add(label)
        labelled.append(ThemeWords(label, keywords, tuple(terms)))
    return labelled


def label_without_terms(kind: Kind, used: Collection[str]) -> str:
    """Return what a theme is called whose firms share no term: by its kind, numbered from the second on."""
    label = _WITHOUT_TERMS[kind]
    return next(
        name
        for name in (label, *(f"{label} {number}" for number in range(2, len(used) + 3)))
        if name not in used
    )


def _votes(topics: Sequence[tuple[str, TopicTerms]]) -> dict[str, float]:
    said: dict[str, Counter[str]] = {}
    for firm, terms in topics:
        firm_said = said.setdefault(firm, Counter())
        for term, _, n in terms:
            firm_said[term] += n
    votes: Counter[str] = Counter()
    firms: Counter[str] = Counter()
    for firm_said in said.values():
        firms.update(firm_said.keys())
        for term, n in firm_said.items():
            votes[term] += min(_FULL_VOTE, n)
    least = 2 if len(said) >= _SHARED_FROM else 1
    return {term: n / _FULL_VOTE for term, n in votes.items() if firms[term] >= least}


def _written(topics: Sequence[tuple[str, TopicTerms]]) -> dict[str, str]:
    forms: dict[str, Counter[str]] = {}
    for _, terms in topics:
        for term, form, n in terms:
            forms.setdefault(term, Counter())[form] += n
    return {
        term: min(counted, key=lambda form: (-counted[form], len(form), form))
        for term, counted in forms.items()
    }
