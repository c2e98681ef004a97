"""Splits a sentence into words, folds plurals, and finds phrases that could name a subject."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

import simplemma

LONGEST: Final = 3  # words of a phrase

# A word, digits and inner hyphens included (U.S., glp-1, covid-19, 401k, at&t), or one sign, which ends a phrase.
_TOKEN: Final = re.compile(r"(?:[A-Z]\.){2,}|[^\W_]+(?:['’&.\-][^\W_]+)*|[^\w\s]")
_CONTRACTION: Final = re.compile(r".*(?:n't|'(?:re|ve|ll|d|m))$")
# Amounts and dates are no words: 37, 10.5, 2023, 20k, 30th, q3, 2h, fy24, 60-70, 100bps. Plans, drugs and chips
# are: 401k, h100, 5g, glp-1.
_FIGURE: Final = re.compile(
    r"\d[\d.,\-]*|\d*0k|\d+(?:st|nd|rd|th|x|m|mm|b|bn|t|bps|pm|am|s|yr|year|month|day|week|quarter)"
    r"|(?:year|quarter|month|week|day)-(?:on|over|to|by)-.*|q\d.*|\dq.*|[12]h\d*|h[12](?:-\d+)?|fy-?'?\d+|[\d.]+-(?:year|month|day|week|quarter|plus|ish|percent|point|basis|times?)s?.*"
)
_IRREGULAR: Final = ("men", "children", "people", "criteria", "phenomena")
_NOUNS_IN_LY: Final = frozenset(
    "supply assembly family italy july fly ally reply rally monopoly anomaly subassembly poly lily jelly belly bully"
    " resupply oversupply undersupply elderly".split()
)
# Words that may stand inside a phrase: "cost of capital", "oil and gas".
_JOINTS: Final = frozenset({"of", "and"})


def listed(name: str) -> frozenset[str]:
    """Return the words of a list beside this file."""
    lines = files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


NO_SUBJECT: Final = listed("stop_words.txt") | listed("no_subject.txt")
NOT_ALONE: Final = listed("not_alone.txt")


@dataclass(frozen=True, slots=True)
class Word:
    """A word as said.

    term: lower-case singular; "" for what ends a phrase (stop word, figure, sign). plain: lower case; "0" for
    a figure. form: as shown.
    """

    term: str
    plain: str
    form: str


@lru_cache(maxsize=200_000)
def word_of(token: str) -> Word:
    """Return a token as a Word. Plurals are folded for English only."""
    token = token.replace("’", "'")
    form = token[:-2] if token.lower().endswith("'s") else token
    plain = form.lower()
    if plain in "$€£¥" or _FIGURE.fullmatch(plain):
        return Word("", "0", form)
    if not plain[0].isalnum() or plain in NO_SUBJECT or len(plain) == 1 or _CONTRACTION.fullmatch(plain):
        return Word("", plain, form)
    term = plain
    if len(plain) > 3 and plain.endswith("s") and not plain.endswith("ss"):
        term = simplemma.lemmatize(plain, lang="en").lower()
        if form[-2].isupper() or form[-2].isdigit():  # APIs, GLP-1s: no dictionary has them
            term = plain[:-1]
    elif plain.endswith(_IRREGULAR):
        term = simplemma.lemmatize(plain, lang="en").lower()
    if plain.endswith("ly") and plain not in _NOUNS_IN_LY and "-" not in plain:
        return Word("", plain, form)
    return Word("" if term in NO_SUBJECT else term, plain, form)


def words_and_signs(text: str) -> list[Word]:
    """Return words and signs of a sentence; its first word is lower-cased unless it is an abbreviation."""
    tokens = _TOKEN.findall(text)
    if tokens and tokens[0][1:].islower():
        tokens[0] = tokens[0].lower()
    return [word_of(token) for token in tokens]


def phrases_of(words: list[Word]) -> Iterator[tuple[str, str]]:
    """Yield (phrase, as said) for each run of one to three words without a stop word or sign between."""
    n = len(words)
    for i, first in enumerate(words):
        if not first.term:
            continue
        yield first.term, first.form
        term, form = first.term, first.form
        for j in range(i + 1, min(i + LONGEST, n)):
            word = words[j]
            if word.term:
                term, form = f"{term} {word.term}", f"{form} {word.form}"
                yield term, form
            elif word.plain in _JOINTS and j == i + 1:
                term, form = f"{term} {word.plain}", f"{form} {word.form}"
            else:
                break
