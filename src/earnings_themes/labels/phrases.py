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
# Words that may stand in a phrase's middle: "cost of capital", "oil and gas".
_JOINTS: Final = frozenset({"of", "and"})
# Whole phrases whose first word alone says nothing.
_WHOLE: Final = frozenset(
    {
        ("big", "data"),
        ("call", "center"),
        ("new", "home"),
        ("open", "source"),
        ("order", "backlog"),
        ("order", "book"),
        ("per", "capita"),
        ("per", "diem"),
        ("real", "estate"),
        ("third", "party"),
    }
)
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


def _words(text: str) -> list[str]:
    return [plain(word) for word in _WORD.findall(text)]


def _opens(words: Sequence[str], at: int) -> bool:
    return at + 1 < len(words) and (words[at], singular(words[at + 1])) in _WHOLE


def plain(word: str) -> str:
    """Return a word in lower case, without the 's of an owner."""
    return word.lower().replace("’", "'").removesuffix("'s")


def name_words(name: str) -> list[str]:
    """Return the words of a firm's or person's name, as they are in phrases."""
    return _words(name)


def phrases(text: str) -> Iterator[tuple[str, str]]:
    """Yield each phrase of a text as (key, as it was said in lower case); the key is the same for singular and plural."""
    stop = stop_words()
    for part in _BREAK.split(text):
        words = _words(part)
        holds = [bool(_LETTER.search(word)) and word not in stop and len(word) > 1 for word in words]
        for start, first in enumerate(holds):
            if not first and not _opens(words, start):
                continue
            for end in range(start + 1, min(start + _LONGEST, len(words)) + 1):
                inside = words[start:end]
                # In the middle "of" and "and" are allowed, and what belongs to a whole phrase; other small words never.
                joined = all(
                    holds[at] or words[at] in _JOINTS or _opens(words, at) for at in range(start + 1, end)
                )
                if holds[end - 1] and joined:
                    yield " ".join(map(singular, inside)), " ".join(inside)


class PhraseCounter:
    """Counts the phrases of themes, firm by firm; a few numbers a phrase, whatever the number of firms.

    Attributes
    ----------
    sentences, firms : theme → phrase → in how many sentences, of how many firms
    n_firms : theme → firms
    surface : phrase → how it was said, with counts
    capital : word → (times in a sentence's middle with a capital, times there in all, firms)
    """

    def __init__(self) -> None:
        self.sentences: dict[int, Counter[str]] = defaultdict(Counter)
        self.firms: dict[int, Counter[str]] = defaultdict(Counter)
        self.n_firms: Counter[int] = Counter()
        self.surface: dict[str, Counter[str]] = defaultdict(Counter)
        self.capital: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        self._firm: str | None = None
        self._said_by_firm: set[str] = set()

    def add(self, theme: int, firm_id: str, texts: Sequence[str]) -> None:
        """Count what one firm says on one theme; once a theme and firm, all themes of a firm in a row."""
        of_firm: Counter[str] = Counter()
        if firm_id != self._firm:
            self._firm, self._said_by_firm = firm_id, set()
        for text in texts[:_OF_A_FIRM]:
            of_text = dict(phrases(text))
            of_firm.update(of_text.keys())
            for key, said in of_text.items():
                self.surface[key][said] += 1
            for word in _WORD.findall(text)[1:]:
                key = plain(word)
                counts = self.capital[key]
                counts[0] += word[0].isupper()
                counts[1] += 1
                if key not in self._said_by_firm:
                    self._said_by_firm.add(key)
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
