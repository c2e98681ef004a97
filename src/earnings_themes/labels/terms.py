"""Finds the terms of sentences: words and contiguous phrases that can name what is talked about.

Stop words, hesitations and points end a phrase, they are never skipped inside one: "supply, uh, chain" and
"price of oil" hold no phrase of two words.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from earnings_themes.labels.word_roles import NOUN_LEADS, VERB_LEADS, can_be_verb, fold, word_role
from earnings_themes.text import clean

MAX_WORDS: Final = 3
_POINT: Final = re.compile(r"[^\w\s'’&-]+|\s-+\s")


# A firm's sentences are asked for several times in a row: for its topics' words, their kinds and examples.
@lru_cache(maxsize=4096)
def sentence_terms(text: str) -> Mapping[str, str]:
    """Return the terms of one sentence, each under the form that its singular and plural share (`fold`).

    The value is the term as it was said, in lower case.
    """
    found: dict[str, str] = {}
    if "<" in text or "[" in text or "(" in text:
        text = clean(text).model_text
    for clause in _POINT.split(text):
        run: list[str] = []
        lead = before = ""
        for raw in clause.split():
            word = plain(raw)
            # A hyphen at the end is a word that was broken off ("quar- quarter").
            if raw.endswith("-") or word_role(word) == "break":
                if run:
                    _add_run(found, lead, run)
                    run = []
            else:
                lead = lead if run else before
                run.append(word)
            before = word
        if run:
            _add_run(found, lead, run)
    return found


@lru_cache(maxsize=65536)
def plain(word: str) -> str:
    """Return a token of a sentence in lower case, without a possessive ending."""
    lowered = word.lower().replace("’", "'").strip("'&-_")
    for ending in ("'s", "s'"):
        if lowered.endswith(ending) and len(lowered) > 3:
            return lowered[:-2] if ending == "'s" else lowered[:-1]
    return lowered


def _add_run(found: dict[str, str], lead: str, run: list[str]) -> None:
    """Add the terms of words that stand together. lead: the word before them, "" at the start of a clause."""
    # "we supply chains": a verb. "the supply chain", and "Supply chains" at the start: a noun.
    if can_be_verb(run[0]) and lead not in NOUN_LEADS and (lead in VERB_LEADS or len(run) == 1):
        run = run[1:]
    folded = [fold(word) for word in run]
    for last, word in enumerate(run):
        role = word_role(word)
        if role == "modifier":
            continue
        if role not in ("generic", "part"):
            found[folded[last]] = word
        if role == "adjective":
            continue
        for first in range(last - 1, max(-1, last - MAX_WORDS), -1):
            # "the, the market" of a stutter is no phrase.
            if folded[first] in folded[first + 1 : last + 1]:
                break
            found[" ".join(folded[first : last + 1])] = " ".join(run[first : last + 1])


class TermCounts:
    """In how many sentences each term is said, and how it is mostly written."""

    def __init__(self, sentences: Iterable[str] = ()) -> None:
        self.counts: Counter[str] = Counter()
        self._said: Counter[tuple[str, str]] = Counter()
        self._forms: dict[str, list[tuple[int, int, str]]] = {}
        for sentence in sentences:
            self.add(sentence)

    def add(self, sentence: str) -> Iterable[str]:
        """Count the terms of one more sentence and return them."""
        terms = sentence_terms(sentence)
        self.counts.update(terms.keys())
        self._said.update(terms.items())
        self._forms = {}
        return terms.keys()

    def written(self, term: str) -> str:
        """Return a term as most sentences write it; the shorter, then the first in the alphabet, of equals."""
        if not self._forms:
            for (said, form), n in self._said.items():
                self._forms.setdefault(said, []).append((-n, len(form), form))
        return min(self._forms.get(term, [(0, 0, term)]))[-1]


class TopicTermAnalyzer:
    """The terms of a topic for scikit-learn's CountVectorizer, whose "document" is a topic.

    A topic's sentences come joined in one string; SENTENCE_END between them keeps phrases from crossing
    them, and makes counting by sentence possible. A phrase counts when two sentences of the topic say it:
    said once, its rarity would make it the topic's first keyword.
    """

    SENTENCE_END: Final = "\x1e"

    def __init__(self, max_words: int) -> None:
        self._max_words = max_words
        self._all = TermCounts()

    def __call__(self, topic: str) -> list[str]:
        """Return the topic's terms as `fold` writes them, each as often as sentences say it."""
        counts: Counter[str] = Counter()
        for sentence in topic.split(self.SENTENCE_END):
            counts.update(self._all.add(sentence))
        terms = [
            term
            for term, n in counts.items()
            if term.count(" ") < self._max_words and (n > 1 or " " not in term)
            for _ in range(n)
        ]
        # CountVectorizer refuses a firm of which no topic has a term.
        return terms or [""]

    def written(self, term: str) -> str:
        """Return a term as the topics so far mostly write it."""
        return self._all.written(term)
