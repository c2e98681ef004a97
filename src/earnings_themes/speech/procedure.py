"""Recognises the procedure of a call: operator, greetings, introductions, hand-overs, safe harbour, closing.

Procedure is the same at every firm, so unflagged it becomes the largest themes. What counts as such is
written in `phrases.py`. A sentence is judged by its phrases first and by its neighbours second. The speaker
type helps but never decides alone: in real transcripts it is guessed, and answers stand under "Operator".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from earnings_themes.speech.filler import is_filler
from earnings_themes.speech.phrases import COURTESY_WORDS, GROUPS
from earnings_themes.speech.speakers import presents_speaker
from earnings_themes.text.cleaning import clean
from earnings_themes.text.words import fluent, is_stop_word, may_stumble

_WORD = re.compile(r"[^\W_]+(?:['’&\-][^\W_]+)*|\*")
# The same but for points at a word's edge, and three times as fast: enough to look for triggers.
_ROUGH_WORD = re.compile(r"[\w'&*\-]+")
_TRIGGERS = frozenset().union(*(group.triggers for group in GROUPS))

# How many words of content may be left beside a courtesy phrase, chosen on the dev half of docs/labels:
# 1 for a speaker ("Thank you for the colour, very granular."), 4 for an operator, who says nothing else.
MAX_LEFT = 1
MAX_LEFT_OPERATOR = 4
# A decisive phrase at the end of a long answer ("I'll provide more details on this shortly") does not make
# the answer procedure; what is read out is long by nature and exempt.
MAX_BESIDE_DECISIVE = 12
_LONG_BY_NATURE = ("legal", "housekeeping")
# A sentence without a phrase belongs to its procedural neighbours if it is this short and holds no content.
MAX_FRAGMENT = 6
# The safe-harbour text is read as a block; this many sentences without a phrase may stand inside it.
MAX_LEGAL_GAP = 4


class _Verdict(NamedTuple):
    group: str | None  # the decisive group, "courtesy", "ritual", or None
    left: int  # content words outside the matched phrases


_NOTHING = _Verdict(None, 0)


def _content_left(rest: str, names_count: bool) -> int:
    """Words of content in ``rest``; a word with one capital, at its front, is taken for a name."""
    left = 0
    for word in _WORD.findall(rest):
        if word[0].isupper() and not names_count and (word[1:].islower() or len(word) == 1):
            continue
        lowered = word.lower().replace("’", "'")
        if lowered.isdecimal() or lowered == "*" or is_stop_word(lowered) or lowered in COURTESY_WORDS:
            continue
        left += 1
    return left


def _judge(sentence: str) -> _Verdict:
    if "<" in sentence or "[" in sentence:
        sentence = clean(sentence).model_text
    lowered = sentence.lower()
    if "’" in lowered:
        lowered = lowered.replace("’", "'")
    words = _ROUGH_WORD.findall(lowered)
    present = set(words)
    if may_stumble(lowered, words):
        sentence = fluent(sentence)
        lowered = sentence.lower().replace("’", "'")
    presented = presents_speaker(sentence, present)
    if presented:
        return _Verdict(presented, 0)
    if _TRIGGERS.isdisjoint(present):
        return _NOTHING
    rest = sentence if len(sentence) == len(lowered) else lowered
    strongest: str | None = None
    for group in GROUPS:
        if group.triggers.isdisjoint(present):
            continue
        if group.strength == "decisive":
            if group.pattern.search(lowered) and (
                group.name in _LONG_BY_NATURE or _content_left(rest, names_count=False) <= MAX_BESIDE_DECISIVE
            ):
                return _Verdict(group.name, 0)
            continue
        for found in group.pattern.finditer(lowered):
            start, end = found.span()
            rest = f"{rest[:start]}{' ' * (end - start)}{rest[end:]}"
            if strongest != "courtesy":
                strongest = group.strength
    if strongest is None:
        return _NOTHING
    return _Verdict(strongest, _content_left(rest, names_count=strongest == "ritual"))


def _is_operator(speaker_type: str | None, section: str | None) -> bool:
    return bool(speaker_type and "operator" in speaker_type.lower()) or bool(
        section and "operator" in section.lower()
    )


def _alone(verdict: _Verdict, operator: bool) -> bool:
    if verdict.group is None:
        return False
    if operator:
        return verdict.left <= MAX_LEFT_OPERATOR
    return verdict.left <= (0 if verdict.group == "ritual" else MAX_LEFT)


def is_procedural(sentence: str, speaker_type: str | None = None, section: str | None = None) -> bool:
    """Whether a sentence, seen alone, is procedure. `flag_procedural` also looks at its neighbours."""
    return _alone(_judge(sentence), _is_operator(speaker_type, section))


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
    verdicts = [_judge(sentence) for sentence in sentences]
    operators = [_is_operator(*each) for each in zip(speaker_types, sections, strict=True)]
    flags = [_alone(*each) for each in zip(verdicts, operators, strict=True)]
    _join_fragments(sentences, speaker_types, operators, flags)
    _close_legal_gaps(sentences, verdicts, speaker_types, flags)
    return flags


def _join_fragments(
    sentences: Sequence[str], speaker_types: Sequence[str | None], operators: list[bool], flags: list[bool]
) -> None:
    """Flags what is short and empty of content next to procedure: "From.", "Mr. Kim, ABC Securities."

    Beside an operator's procedural sentence one such neighbour is enough; elsewhere both are needed.
    """
    n = len(flags)
    found = flags.copy()
    for i, sentence in enumerate(sentences):
        if flags[i] or sentence.count(" ") > MAX_FRAGMENT:
            continue
        before = i > 0 and found[i - 1] and speaker_types[i - 1] == speaker_types[i]
        after = i + 1 < n and found[i + 1] and speaker_types[i + 1] == speaker_types[i]
        if (before or after) if operators[i] else (before and after):
            flags[i] = not is_filler(sentence) and _content_left(sentence, names_count=False) == 0


def _close_legal_gaps(
    sentences: Sequence[str],
    verdicts: list[_Verdict],
    speaker_types: Sequence[str | None],
    flags: list[bool],
) -> None:
    """Flags what stands inside a safe-harbour text: "Changes in exchange rates." A figure is never legal."""
    last = None
    for i, verdict in enumerate(verdicts):
        if verdict.group != "legal":
            continue
        if last is not None and i - last <= MAX_LEGAL_GAP + 1 and len(set(speaker_types[last : i + 1])) == 1:
            for j in range(last + 1, i):
                flags[j] = flags[j] or not any(letter.isdigit() for letter in sentences[j])
        last = i
