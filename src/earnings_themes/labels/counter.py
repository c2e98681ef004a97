"""Counts phrases by theme and firm in one pass and bounded memory."""

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.labels.words import Word, phrases_of, words_and_signs

# Lossy counting (Manku and Motwani 2002) by firms: after every _WINDOW firms of a theme, phrases that too few of them
# said are forgotten. What is kept is counted exactly, but for at most 1 of _WINDOW firms. Themes of fewer firms are exact.
_WINDOW: Final = 40
# What all themes say is a count-min sketch (Cormode and Muthukrishnan 2005): two rows of 2²² cells, 32 MB. A count is never
# too low; four million sentences lift it by some 40, a phrase that can name a theme is said thousands of times.
_CELLS: Final = 2**22
# After these a name is a place: "in Chile", not "in John".
_BEFORE_PLACES: Final = frozenset({"in", "across", "within", "outside", "throughout"})
# After these a word is a verb, a participle or a predicate: "to hire", "we hire", "is strong", "has grown".
_BEFORE_VERBS: Final = frozenset(
    "to will would can could should may might must we they i you he she it not also is are was were be been being am has have"
    " had very so more most too just really still now already as we're we've we'll i'm they're it's that's"
    " don't didn't can't won't".split()
)


@dataclass(slots=True)
class PhraseCount:
    """A phrase in a theme: number of firms, of sentences, and its commonest spelling."""

    firms: int
    sentences: int
    form: str
    _lead: int  # of the form over all others: majority vote (Boyer and Moore 1981)
    _missed: int  # firms that may have said it before it was kept

    def add(self, sentences: int, form: str, firms: int = 1) -> None:
        """Count more firms."""
        self.firms += firms
        self.sentences += sentences
        if form == self.form:
            self._lead += sentences
        elif sentences > self._lead:
            self.form, self._lead = form, sentences - self._lead
        else:
            self._lead -= sentences


@dataclass(slots=True)
class ThemeCount:
    """The counts of one theme."""

    firms: int = 0
    sentences: int = 0
    words: int = 0  # phrases of one word; a sentence counts each once
    last_firm: str = ""
    phrases: dict[str, PhraseCount] = field(default_factory=dict)

    @classmethod
    def together(cls, counts: Iterable["ThemeCount"]) -> "ThemeCount":
        """Return what several themes say together; a firm counts once for each of them that it speaks of.

        What a single firm says in a theme is left out, which is most phrases: it names nothing.
        """
        found = cls()
        for count in counts:
            found.firms += count.firms
            found.sentences += count.sentences
            found.words += count.words
            for phrase, said in count.phrases.items():
                if said.firms < 2:
                    continue
                if kept := found.phrases.get(phrase):
                    kept.add(said.sentences, said.form, said.firms)
                else:
                    found.phrases[phrase] = replace(said)
        return found


@dataclass(slots=True)
class WordUse:
    """How a word is used in all sentences: separates nouns from verbs, parts from wholes, names from words."""

    n: int = 0
    ends: int = 0  # neither a content word nor a figure follows ("totaled 30")
    begins: int = 0  # no content word precedes
    verb: int = 0  # preceded by a word of _BEFORE_VERBS
    place: int = 0  # preceded by a word of _BEFORE_PLACES
    inside: int = 0  # not the first word of its sentence
    capital: int = 0  # of these, written with a capital


class PhraseCounter:
    """Counts phrases of one to three words of each theme, by firms and sentences.

    Memory grows with themes, not with sentences. Each theme receives its firms in ascending order, so the
    result depends on the sentences alone.
    """

    def __init__(self) -> None:
        self.themes: dict[int, ThemeCount] = {}
        self.uses: dict[str, WordUse] = {}
        self.words = 0
        self._cells: NDArray[np.int32] = np.zeros((2, _CELLS), dtype=np.int32)

    def add(self, theme: int, firm_id: str, texts: Sequence[str]) -> None:
        """Count what one firm says in a theme.

        theme: negative for sentences without a theme, which count only towards all. Raises ValueError unless
        a theme's firms come once each in ascending order.
        """
        count = self.themes.setdefault(theme, ThemeCount())
        if count.firms and firm_id <= count.last_firm:
            raise ValueError(
                f"theme {theme}: firm {firm_id!r} after {count.last_firm!r}; expected ascending firm_ids."
            )
        said: Counter[str] = Counter()  # sentences by phrase
        forms: dict[str, str] = {}
        for text in texts:
            words = words_and_signs(text)
            self._watch(words)
            found = dict(phrases_of(words))
            said.update(found.keys())
            forms.update(found)
        n_words = sum(n for phrase, n in said.items() if " " not in phrase)
        count.firms += 1
        count.last_firm = firm_id
        count.sentences += len(texts)
        count.words += n_words
        self.words += n_words
        n = np.fromiter(said.values(), dtype=np.int32, count=len(said))
        for row, places in zip(self._cells, _places(said), strict=True):
            np.add.at(row, places, n)
        if theme >= 0:
            _keep(count, said, forms)

    def everywhere(self, phrases: Iterable[str]) -> NDArray[np.int64]:
        """Return in how many sentences of all themes each phrase is said, (n,), never too few."""
        counts = np.take_along_axis(self._cells, _places(phrases), axis=1)
        found: NDArray[np.int64] = counts.min(axis=0).astype(np.int64)
        return found

    def capitals_tell(self) -> bool:
        """Return whether capitals mark names, which they do not in German or in text without capitals."""
        inside = sum(use.inside for use in self.uses.values())
        return 0.01 < sum(use.capital for use in self.uses.values()) / max(inside, 1) < 0.3

    def _watch(self, words: list[Word]) -> None:
        for before, word, after in zip([None, *words], words, [*words[1:], None], strict=False):
            if not word.term:
                continue
            use = self.uses.get(word.term)
            if use is None:
                use = self.uses[word.term] = WordUse()
            use.n += 1
            use.ends += after is None or not (after.term or after.plain == "0")
            use.begins += before is None or not before.term
            if before is not None:
                use.verb += before.plain in _BEFORE_VERBS
                use.place += before.plain in _BEFORE_PLACES
                use.inside += 1
                use.capital += word.form[0].isupper()


def _places(phrases: Iterable[str]) -> NDArray[np.int64]:
    """Return cells (2, n) of the phrases in the sketch, by crc32, which is the same on every machine."""
    coded = [phrase.encode() for phrase in phrases]
    return np.array([[zlib.crc32(c, seed) % _CELLS for c in coded] for seed in (0, 1)], dtype=np.int64)


def _keep(count: ThemeCount, said: Mapping[str, int], forms: Mapping[str, str]) -> None:
    window = (count.firms - 1) // _WINDOW
    for phrase, n in said.items():
        if kept := count.phrases.get(phrase):
            kept.add(n, forms[phrase])
        else:
            count.phrases[phrase] = PhraseCount(1, n, forms[phrase], n, window)
    if count.firms % _WINDOW == 0:
        count.phrases = {p: s for p, s in count.phrases.items() if s.firms + s._missed > window + 1}
