"""The words of themes, from the sentences of all their firms."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Mapping, Sequence, Set
from sys import intern
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from earnings_themes.abstractions.records import Keywords, Kind
from earnings_themes.labels.choose import choose_label, label_candidates, tidy
from earnings_themes.labels.keyness import group_weights
from earnings_themes.labels.names import NameFinder, names_across_firms
from earnings_themes.labels.terms import TermCounts, plain
from earnings_themes.labels.vocabulary import Vocabulary
from earnings_themes.labels.word_roles import fold
from earnings_themes.text.words import words_of

# A firm's vote for a term is full once two of its sentences in the theme say it, and half for one.
_FULL_VOTE: Final = 2
# From this many firms on, a term that only one of them says is that firm's own.
_SHARED_FROM: Final = 3
# A label is said by this share of a theme's firms at least, by votes; where no term is, the theme has no subject
# that could name it. Read on the themes of 56 real calls: "images and uk" (3 of 15 firms) named nothing.
_LABEL_SHARE: Final = 0.2
# Terms that a topic hands on: all that it says twice, and the commonest of the others. Twice as many
# changed 1 of the first 50 labels of 56 real calls.
_TERMS_A_TOPIC: Final = 60

_WITHOUT_TERMS: Final[dict[Kind, str]] = {
    "subject": "various subjects",
    "reporting": "figures and outlook",
    "procedure": "call procedure",
    "filler": "general remarks",
}


class TopicTerms(NamedTuple):
    """A topic's terms: the number of each, as the firm mostly writes it, and in how many sentences (255 at most)."""

    numbers: array[int]
    n_sentences: bytes


class ThemeWords(NamedTuple):
    """What a theme is called, its keywords, heaviest first, and the same as `fold` writes them."""

    label: str
    keywords: Keywords
    terms: tuple[str, ...]


class WordsOfFirm(NamedTuple):
    """What the themes need of one firm's words: its topics' terms, and its names and ordinary words as `fold` has them.

    terms: of each topic, as the firm mostly writes them, and in how many sentences. own: the words of its name.
    """

    terms: list[dict[str, int]]
    names: Set[str]
    ordinary: Set[str]
    own: Set[str]


def words_of_firm(firm_name: str, topics: Sequence[Sequence[str]]) -> WordsOfFirm:
    """Return a firm's words. topics: the sentences of each topic, as said."""
    finder = NameFinder()
    for sentences in topics:
        finder.add(sentences)
    return WordsOfFirm(
        [_commonest(TermCounts(sentences)) for sentences in topics],
        finder.names(),
        finder.ordinary(),
        {fold(plain(word)) for word in words_of(firm_name)},
    )


class FirmWords:
    """Collects what the themes need of each firm's words, one firm at a time.

    What it keeps grows with the number of different words, not of sentences.
    """

    def __init__(self) -> None:
        self.vocabulary = Vocabulary()
        self._as_name: Counter[str] = Counter()
        self._as_word: Counter[str] = Counter()
        self._firm_names: set[str] = set()

    def add(self, firm: WordsOfFirm) -> list[TopicTerms]:
        """Take note of one more firm's words; return the terms of each of its topics."""
        self._as_name.update(map(intern, firm.names))
        self._as_word.update(map(intern, firm.ordinary))
        self._firm_names |= firm.own
        self.vocabulary.add_firm({term: None for of_topic in firm.terms for term in of_topic})
        return [_numbered(of_topic, self.vocabulary) for of_topic in firm.terms]

    def names(self) -> Set[str]:
        """Return the words that are names for the firms together."""
        # A firm's own name ("Target", "Gap") is only a name where most firms write it as one.
        names = names_across_firms(self._as_name, self._as_word)
        return names | {word for word in self._firm_names if not self._as_word[word]}


def _commonest(counts: TermCounts) -> dict[str, int]:
    ordered = sorted(counts.counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return {counts.written(term): n for term, n in ordered[:_TERMS_A_TOPIC]}


def _numbered(terms: Mapping[str, int], vocabulary: Vocabulary) -> TopicTerms:
    return TopicTerms(array("I", map(vocabulary.number, terms)), bytes(min(n, 255) for n in terms.values()))


def theme_words(
    themes: Sequence[Sequence[tuple[str, TopicTerms]]],
    vocabulary: Vocabulary,
    names: Set[str],
    n: int,
    max_words: int,
) -> list[ThemeWords]:
    """Return label and keywords of each theme; no two themes have one label.

    themes: the topics of each theme as (firm_id, terms), the theme to be named first first. vocabulary: what
    the terms are numbered by. names: words that name people, firms or products. A firm has one vote a term, so
    that one with many topics, or a product that only one firm sells, cannot lead a theme. A theme whose firms
    share no term that could name it has the label "" (see `label_without_terms`).
    """
    forms = vocabulary.terms()
    terms = _FoldedTerms(forms)
    votes = [_votes(topics, terms.of_form) for topics in themes]
    totals = np.zeros(len(terms.written))
    for said in votes:
        totals[said.terms] += said.votes
    labelled = []
    used: set[str] = set()
    for topics, said in zip(themes, votes, strict=True):
        names_of = [terms.written[term] for term in said.terms.tolist()]
        voted = dict(zip(names_of, said.votes.tolist(), strict=True))
        weights = group_weights(
            voted, dict(zip(names_of, totals[said.terms].tolist(), strict=True)), float(totals.sum())
        )
        written = _Written(topics, forms)
        shown = tidy(weights, names, n)
        keywords = tuple((written(term), weights[term]) for term in shown)
        least = _LABEL_SHARE * len({firm for firm, _ in topics})
        candidates = [
            (term, score)
            for term, score in label_candidates(weights, voted, names, max_words)
            if voted[term] >= least
        ]
        label = ""
        if candidates:
            label = choose_label(candidates, used, written, max_words)
            label = label or next((word for word, _ in keywords if word not in used), "")
        else:
            shown = []
        used.add(label)
        labelled.append(ThemeWords(label, keywords, tuple(shown)))
    return labelled


def label_without_terms(kind: Kind, used: Collection[str]) -> str:
    """Return what a theme is called whose firms share no term: by its kind, numbered from the second on."""
    label = _WITHOUT_TERMS[kind]
    return next(
        name
        for name in (label, *(f"{label} {number}" for number in range(2, len(used) + 3)))
        if name not in used
    )


class _FoldedTerms:
    """The terms as `fold` writes them: `written` by their own number, `of_form` (n_forms,) −1 for a forgotten form."""

    def __init__(self, forms: Sequence[str | None]) -> None:
        number: dict[str, int] = {}
        self.of_form = np.array(
            [-1 if form is None else number.setdefault(_folded(form), len(number)) for form in forms],
            dtype=np.int64,
        )
        self.written = list(number)


def _folded(form: str) -> str:
    return " ".join(map(fold, form.split()))


class _Votes(NamedTuple):
    """How many firms (n_terms,) say each of the `terms` (n_terms,) of a theme."""

    terms: NDArray[np.int64]
    votes: NDArray[np.float64]


def _votes(topics: Sequence[tuple[str, TopicTerms]], term_of_form: NDArray[np.int64]) -> _Votes:
    firms = {firm: number for number, firm in enumerate(dict.fromkeys(firm for firm, _ in topics))}
    term = term_of_form[_joined([of_topic.numbers for _, of_topic in topics])]
    n_sentences = np.frombuffer(b"".join(of_topic.n_sentences for _, of_topic in topics), dtype=np.uint8)
    firm = np.repeat([firms[firm] for firm, _ in topics], [len(t.numbers) for _, t in topics])
    known = term >= 0
    pairs, pair = np.unique(term[known] * len(firms) + firm[known], return_inverse=True)
    said = np.bincount(pair, weights=n_sentences[known], minlength=len(pairs))
    terms, start, n_firms = np.unique(pairs // len(firms), return_index=True, return_counts=True)
    votes = np.add.reduceat(np.minimum(said, _FULL_VOTE), start) if len(start) else np.zeros(0)
    shared = n_firms >= (2 if len(firms) >= _SHARED_FROM else 1)
    return _Votes(terms[shared], votes[shared] / _FULL_VOTE)


class _Written:
    """How the firms of a theme mostly write a term."""

    def __init__(self, topics: Sequence[tuple[str, TopicTerms]], forms: Sequence[str | None]) -> None:
        self._said: dict[str, Counter[str]] = {}
        numbers = _joined([of_topic.numbers for _, of_topic in topics])
        weights = np.frombuffer(b"".join(of_topic.n_sentences for _, of_topic in topics), dtype=np.uint8)
        different, place = np.unique(numbers, return_inverse=True)
        n_sentences = np.bincount(place, weights=weights, minlength=len(different))
        for number, n in zip(different.tolist(), n_sentences.tolist(), strict=True):
            form = forms[number]
            if form is not None:
                self._said.setdefault(_folded(form), Counter())[form] += n

    def __call__(self, term: str) -> str:
        counted = self._said[term]
        return min(counted, key=lambda form: (-counted[form], len(form), form))


def _joined(numbers: Sequence[array[int]]) -> NDArray[np.int64]:
    return np.fromiter((number for of_topic in numbers for number in of_topic), dtype=np.int64)
