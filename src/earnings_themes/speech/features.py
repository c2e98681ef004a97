"""Features of the procedure model: a sentence's runs of one to three words, and its place in the call.

Separate from the model because fitting and predicting must use the same features.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MAX_WORDS = 3
_TOKEN = re.compile(r"[^\W_]+(?:['’&\-][^\W_]+)*|\*")
# Sounds of hesitation stand anywhere and would tear phrases apart ("turn it, uh, over to").
_HESITATIONS = frozenset({"uh", "um", "uhm", "er", "eh"})
PLACE: tuple[str, ...] = (
    "operator",
    "among the first 3",
    "among the first 8",
    "among the first 16",
    "among the last 3",
    "among the last 8",
    "among the last 16",
    "up to 3 words",
    "4 to 6 words",
    "7 to 12 words",
    "more than 25 words",
    "holds a figure",
)
# The opening and the closing are each at most an eighth of what there is: half of MAEC's calls have fewer than 116
# sentences, some 11. Held-out precision there rose from .932 to .940.
_SHARE_OF_CALL = 8
# Columns of `place` that say how long a sentence is, and which of them are short.
SHORT = (7, 8)


def tokens(sentence: str) -> list[str]:
    """Return lower-case words of the sentence between "^" and "$".

    A word with a digit becomes "0". A capitalised word inside a sentence becomes "Name": the model must learn
    that somebody is named, not who. Immediate repetitions ("the, the", "Jane Doe") are collapsed.
    """
    found = ["^"]
    for word in _TOKEN.findall(sentence.replace("’", "'") if "’" in sentence else sentence):
        if not word.isalpha() and any(letter.isdigit() for letter in word):
            token = "0"
        elif len(found) > 1 and word[0].isupper() and word != "I" and not word.startswith("I'"):
            token = "Name"
        else:
            token = word.lower()
        if token != found[-1] and token not in _HESITATIONS:
            found.append(token)
    found.append("$")
    return found


def ngrams(sentence: str) -> set[str]:
    """Return all runs of one to `MAX_WORDS` tokens, separated by blanks; "^" and "$" only within longer runs."""
    words = tokens(sentence)
    found = set(words[1:-1])
    for n in range(2, MAX_WORDS + 1):
        found.update(" ".join(words[i : i + n]) for i in range(len(words) - n + 1))
    return found


def place(
    sentences: Sequence[str], speaker_types: Sequence[str | None], sections: Sequence[str | None]
) -> NDArray[np.float32]:
    """Return position and length indicators of each sentence of a whole call: (sentences, len(PLACE)), 0 or
    1.
    """
    n = len(sentences)
    seen = np.zeros((n, len(PLACE)), dtype=np.float32)
    for i, sentence in enumerate(sentences):
        seen[i, 7:] = _length(sentence)
        seen[i, 0] = "operator" in f"{speaker_types[i]} {sections[i]}".lower()
    for column, limit in zip((1, 2, 3), (3, 8, 16), strict=True):
        # A piece of a call is not all opening and closing.
        few = min(limit, n // _SHARE_OF_CALL)
        seen[:few, column] = 1
        seen[n - few :, column + 3] = 1
    return seen


def place_alone(sentence: str) -> NDArray[np.float32]:
    """Return the same for one sentence without its call: only its length is known."""
    seen = np.zeros(len(PLACE), dtype=np.float32)
    seen[7:] = _length(sentence)
    return seen


def _length(sentence: str) -> tuple[bool, bool, bool, bool, bool]:
    words = sentence.count(" ") + 1
    figure = any(letter.isdigit() for letter in sentence)
    return words <= 3, 3 < words <= 6, 6 < words <= 12, words > 25, figure
