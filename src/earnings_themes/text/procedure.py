"""Recognises the procedure of a call: operator, greetings, introductions, hand-overs, safe harbour, closing.

Procedure is the same at every firm, so unflagged it becomes the largest themes. The phrases are in
`phrases.py`. Speaker types help but don't decide: in real transcripts they are guessed and sometimes wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from earnings_themes.text.phrases import COURTESY_WORDS, GROUPS
from earnings_themes.text.words import is_stop_word

_WORD = re.compile(r"[^\W_]+(?:['’&\-][^\W_]+)*")
_TRIGGERS = frozenset().union(*(group.triggers for group in GROUPS))

# How many words of content may be left beside a courtesy phrase.
MAX_LEFT = 1
MAX_LEFT_OPERATOR = 4
# Shorter than this, a sentence between two procedural ones belongs to them if it holds nothing but names.
MAX_FRAGMENT = 6


class _Verdict(NamedTuple):
    decisive: bool
    courtesy: bool
    left: int  # content words outside the matched phrases
    n_words: int


def _content_left(cased: str) -> int:
    left = 0
    for word in _WORD.findall(cased):
        if word[0].isupper():
            continue
        lowered = word.replace("’", "'")
        if lowered.isdecimal() or is_stop_word(lowered) or lowered in COURTESY_WORDS:
            continue
        left += 1
    return left


def _judge(sentence: str) -> _Verdict:
    lowered = sentence.lower()
    if "’" in lowered:
        lowered = lowered.replace("’", "'")
    words = _WORD.findall(lowered)
    if _TRIGGERS.isdisjoint(words):
        return _Verdict(False, False, len(words), len(words))
    present = set(words)
    cased = sentence if len(sentence) == len(lowered) else lowered
    courtesy = False
    for group in GROUPS:
        if group.triggers.isdisjoint(present):
            continue
        if group.decisive:
            if group.pattern.search(lowered):
                return _Verdict(True, False, 0, len(words))
            continue
        for found in group.pattern.finditer(lowered):
            courtesy = True
            cased = cased[: found.start()] + " " * (found.end() - found.start()) + cased[found.end() :]
    left = _content_left(cased) if courtesy else len(words)
    return _Verdict(False, courtesy, left, len(words))


def _is_operator(speaker_type: str | None, section: str | None) -> bool:
    return bool(speaker_type and "operator" in speaker_type.lower()) or bool(
        section and "operator" in section.lower()
    )


def is_procedural(sentence: str, speaker_type: str | None = None, section: str | None = None) -> bool:
    """Whether a sentence, seen alone, is procedure. `flag_procedural` also looks at its neighbours."""
    verdict = _judge(sentence)
    if verdict.decisive:
        return True
    if _is_operator(speaker_type, section):
        if verdict.courtesy:
            return verdict.left <= MAX_LEFT_OPERATOR
        return verdict.n_words <= MAX_FRAGMENT or _content_left(sentence) <= MAX_LEFT_OPERATOR
    return verdict.courtesy and verdict.left <= MAX_LEFT


def flag_procedural(
    sentences: Sequence[str], speaker_types: Sequence[str | None], sections: Sequence[str | None]
) -> list[bool]:
    """For each sentence of a whole call, in its order, whether it is procedure.

    Raises:
        ValueError: the three sequences differ in length.
    """
    if not len(sentences) == len(speaker_types) == len(sections):
        raise ValueError(
            "sentences, speaker_types and sections must have one length, got "
            f"{len(sentences)}, {len(speaker_types)}, {len(sections)}"
        )
    flags = [is_procedural(*each) for each in zip(sentences, speaker_types, sections, strict=True)]
    for i in range(1, len(flags) - 1):
        if not flags[i] and flags[i - 1] and flags[i + 1] and speaker_types[i - 1] == speaker_types[i]:
            words = _WORD.findall(sentences[i])
            flags[i] = len(words) <= MAX_FRAGMENT and _content_left(sentences[i]) == 0
    return flags
