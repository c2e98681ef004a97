"""Finds the people named in a call, so that keywords can leave their names out."""

import re
from collections.abc import Iterable, Sequence

from earnings_themes.text.words import is_stop_word

_NAME = r"((?:[A-Z][\w'’.\-]*\s?){1,3})"
_ADDRESSED = re.compile(
    r"(?:[Ll]ine\s+of|[Qq]uestion\s+(?:is|comes|will\s+come|today\s+is)\s+(?:\w+\s+)?from(?:\s+the\s+line\s+of)?"
    r"|[Tt]hank\s+you(?:\s+(?:very|so)\s+much)?,?|[Tt]hanks(?:\s+(?:so|very)\s+much|\s+a\s+lot)?,?"
    r"|[Gg]ood\s+(?:morning|afternoon|evening),?|\b[Hh]i,?|\b[Hh]ello,?|\b[Hh]ey,?|(?:turn|hand|pass)\w*\s[^.]{0,40}?(?:over|back)\s+to"
    r"|\b(?:Mr|Mrs|Ms|Dr)\.?|[Mm]y\s+name\s+is|[Gg]o\s+ahead,?|[Jj]oined\s+by|[Cc]ongratulations,?|[Ss]ure,?)"
    rf"\s+{_NAME}"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
# Whom and what thanks and greetings are for, and the titles of speakers: capital letters that name nobody.
_NOT_NAMES = frozenset(
    """
    everyone everybody ladies gentlemen guys sir madam folks team management shareholders investors
    good great morning afternoon evening day thanks thank welcome please question questions call conference
    mr mrs ms dr
    speaker operator unknown unidentified analyst analysts executive executives moderator participant attendee
    company representative corporate inc corp ltd llc bank capital securities research chief officer president
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december q1 q2 q3 q4 jr sr
    """.split()
)


def _could_be_name(word: str) -> bool:
    return len(word) > 1 and word not in _NOT_NAMES and not is_stop_word(word)


def introduced_names(call_sentences: Sequence[str], speaker_names: Iterable[str | None] = ()) -> set[str]:
    """Return lower-case words that name callers and speakers of the call.

    They come from speaker names and from introductions, greetings and thanks. A word that the call also
    writes in lower case ("mark", "bill", "will") is an ordinary word and is left out.
    """
    names: set[str] = set()
    for full_name in speaker_names:
        if isinstance(full_name, str):
            names.update(word.lower() for word in _WORD.findall(full_name))
    for sentence in call_sentences:
        for found in _ADDRESSED.finditer(sentence):
            names.update(word.lower() for word in _WORD.findall(found.group(1)) if not word[1:2].isupper())
    names = {name for name in names if _could_be_name(name)}
    if names:
        for sentence in call_sentences:
            names.difference_update(_WORD.findall(sentence))
    return names
