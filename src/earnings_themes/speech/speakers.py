"""Recognises by capital letters that a sentence presents a speaker: the caller, the next speaker, oneself.

Apart from `phrases.py`, whose phrases are matched in lower case: here the capital of a name is the sign.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

_NAMES = r"[A-Z][\w'’.\-]+(?: [A-Z][\w'’.\-]+)"

# "And next we have Jane Doe with Acme." A house behind a name is what an operator says.
_CALLER = re.compile(
    r"(?:(?:go|move|turn|going|moving)(?: now| next| over| back)* to"
    r"|[Nn]ext,? (?:we have|is|up is|we'll hear from)|we have|[Qq]uestion from|comes from|hear from)"
    rf" (?:the line of )?{_NAMES}{{0,3}},? (?:of|from|with|at) (?:the )?[A-Z]"
)
_CALLER_WORDS = frozenset("go move turn going moving next have from".split())

# "Martin will spend some time on the plan." An insurer may also "cover", an agency "review": not these.
_NEXT_SPEAKER = re.compile(
    r"\b(?!We|They|It|This|That|These|Which|There|You|And|But|So|He|She|Management)[A-Z][a-z]+,?"
    r" (?:will|is going to) (?:\w+ )?(?:present (?:our|the|to|you)|take you|walk you|inform you|give you"
    r"|review the (?:numbers|financials|results|quarter)|spend some time|kick off|elaborate|speak"
    r"|provide (?:you|more|an|additional|further) ?(?:details?|overview|update|colou?r)?)\b"
)

# "This is Ana Ruiz." "I'm Okada, corporate communications." "Lena speaking."
_SELF = re.compile(
    r"^(?:[Uu]h|[Uu]m|[Yy]es|[Yy]eah|[Hh]i|[Hh]ello|[Oo]kay|[Aa]nd|[Ss]o|[,. ])*"
    r"(?:(?:[Tt]his is|It's)(?: [A-Z][\w.'’\-]+){1,3} (?:here|speaking|from|with|of|at)\b"
    rf"|(?:[Tt]his is|I'm|I am)(?: Mr\.?| Ms\.?)? {_NAMES}{{1,2}}\s*[.,]"
    rf"|(?:I'm|I am) {_NAMES}{{0,2}}(?:\s*[.,]| (?:from|with|of|at|in charge)\b)"
    r"|(?:[A-Z][\w.'’\-]+ ){1,3}speaking\b)"
)
_SELF_WORDS = frozenset(("i'm", "am", "this", "it's", "speaking"))

# Longer sentences go on to say something, so that their speaker's name proves nothing.
MAX_WORDS_PRESENTING = 25


def presents_speaker(sentence: str, words: AbstractSet[str]) -> str | None:
    """The group ("queue", "hand-over", "opening") of a sentence that presents a speaker, else None.

    ``words`` are the words of ``sentence`` in lower case.
    """
    if not words.isdisjoint(_CALLER_WORDS) and _CALLER.search(sentence):
        return "queue"
    if len(words) > MAX_WORDS_PRESENTING:
        return None
    if ("will" in words or "going" in words) and _NEXT_SPEAKER.search(sentence):
        return "hand-over"
    if not words.isdisjoint(_SELF_WORDS) and _SELF.match(sentence):
        return "opening"
    return None
