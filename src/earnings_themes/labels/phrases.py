"""Phrases of a text: up to three words that could stand for a subject, singular and plural as one.

A phrase begins and ends with a word that says something ("cost of capital", never "of capital"). A word may hold digits
(glp-1, covid-19, 401k); a bare number is none.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import simplemma
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

_WORD: Final = re.compile(r"[^\W_]+(?:['’&.\-][^\W_]+)*")
_LETTER: Final = re.compile(r"[^\W\d_]")
# What ends a phrase: words across it are not one.
_BREAK: Final = re.compile(r"[.,;:!?()\[\]\"“”<>…–—]+(?=\s|$)|\s[–—-]\s")
_LONGEST: Final = 3
# Sentences of one firm on one theme that are counted: a talkative firm names no theme, and 10,000 firms stay countable.
_OF_A_FIRM: Final = 5
# Phrases of a theme that are held; beyond, those that one firm alone said are forgotten.
_MOST: Final = 20_000


@cache
def stop_words() -> frozenset[str]:
    """Return the words that no phrase begins or ends with, lower case."""
    text = (files("earnings_themes.labels") / "stop_words.txt").read_text(encoding="utf-8")
    own = {word for line in text.splitlines() if not line.startswith("#") for word in line.split()}
    return frozenset(own | set(ENGLISH_STOP_WORDS))


@lru_cache(maxsize=200_000)
def singular(word: str) -> str:
    """Return a word's dictionary form: flows → flow, companies → company."""
    return simplemma.lemmatize(word, lang="en").lower()


def phrases(text: str) -> Iterator[tuple[str, str]]:
    """Yield each phrase of a text as (key, as it was said in lower case); the key is the same for singular and plural."""
    stop = stop_words()
    for part in _BREAK.split(text.replace("’", "'")):
        words = [word.lower().removesuffix("'s") for word in _WORD.findall(part)]
        holds = [bool(_LETTER.search(word)) and word not in stop and len(word) > 1 for word in words]
        for start, first in enumerate(holds):
            if not first:
                continue
            for end in range(start + 1, min(start + _LONGEST, len(words)) + 1):
                inside = words[start:end]
                # In the middle one small word is allowed, such as "of"; numbers never.
                if holds[end - 1] and all(_LETTER.search(word) for word in inside):
                    yield " ".join(map(singular, inside)), " ".join(inside)


class PhraseCounter:
    """Counts the phrases of themes, firm by firm; a few numbers a phrase, whatever the number of firms.

    Attributes
    ----------
    sentences, firms : theme → phrase → in how many sentences, of how many firms
    n_firms : theme → firms
    surface : phrase → how it was said, with counts
    capital : word → (times in a sentence's middle with a capital, times in all, firms)
    """

    def __init__(self) -> None:
        self.sentences: dict[int, Counter[str]] = defaultdict(Counter)
        self.firms: dict[int, Counter[str]] = defaultdict(Counter)
        self.n_firms: Counter[int] = Counter()
        self.surface: dict[str, Counter[str]] = defaultdict(Counter)
        self.capital: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])

    def add(self, theme: int, firm_id: str, texts: Sequence[str]) -> None:
        """Count what one firm says on one theme; once a theme and firm, the surest sentences first."""
        of_firm: Counter[str] = Counter()
        seen: set[str] = set()
        for text in texts[:_OF_A_FIRM]:
            of_text = dict(phrases(text))
            of_firm.update(of_text.keys())
            for key, said in of_text.items():
                self.surface[key][said] += 1
            for word in _WORD.findall(text)[1:]:
                counts = self.capital[word.lower()]
                counts[0] += word[0].isupper()
                counts[1] += 1
                if word.lower() not in seen:
                    seen.add(word.lower())
                    counts[2] += 1
        self.sentences[theme].update(of_firm)
        self.firms[theme].update(of_firm.keys())
        self.n_firms[theme] += 1
        if len(self.firms[theme]) > _MOST:
            self._forget(theme)

    def _forget(self, theme: int) -> None:
        for phrase in [phrase for phrase, n in self.firms[theme].items() if n == 1]:
            del self.firms[theme][phrase], self.sentences[theme][phrase]

    def said(self, phrase: str) -> str:
        """Return how a phrase was said most often; of equals the first by letters."""
        return min(self.surface[phrase].items(), key=lambda pair: (-pair[1], pair[0]))[0]
