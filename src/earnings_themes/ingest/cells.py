"""Turns of a call that stand in one cell as a list: JSON's, Python's, or NumPy's, as pandas writes them into a CSV.

Read as one text, the list's marks hide where sentences end.
"""

import ast
import json
import re
from typing import Any, Final

from earnings_themes.errors import InputError

# What vendors and data sets call a turn's parts.
_SAID: Final = ("text", "content", "speech", "componenttext", "transcript", "paragraph", "sentence")
_SPEAKER: Final = ("speaker", "name", "speaker_name", "transcriptpersonname")
_ROLE: Final = ("role", "title", "speaker_type", "speakertypename")
_LIST: Final = re.compile(r"\s*(?:\[\s*[\[{'\"]|\{\s*['\"])")
# So begins a list of turns, which is no speech even where it cannot be read.
_TURNS: Final = re.compile(r"\s*\[\s*\{\s*['\"]")
# NumPy puts no comma between them.
_BETWEEN: Final = re.compile(r"\}\s+\{")


def turns_in(cell: str) -> list[tuple[str, str, str]]:
    """Return (speaker, role, text) of each turn of a list: of objects, pairs or texts; none where the cell is no list.

    An object may hold the lists of a call's sections, a text by speaker, or be one turn.

    Raises InputError where it begins as objects and cannot be read, to follow the cell's place in a message.
    """
    if not _LIST.match(cell):
        return []
    found = _read(cell.strip())
    is_turn = False
    listed = list(found) if isinstance(found, list | tuple) else []
    if isinstance(found, dict):
        listed = [turn for value in found.values() if isinstance(value, list) for turn in value]
        # Beside turns a list of texts is of names.
        listed = [turn for turn in listed if isinstance(turn, dict)] or listed
        if not any(_turn(turn)[2] for turn in listed):
            is_turn = not found.keys().isdisjoint((*_SAID, *_SPEAKER))
            is_by_speaker = not is_turn and all(isinstance(value, str) for value in found.values())
            listed = [*found.items()] if is_by_speaker else [found]
    if said := [turn for turn in map(_turn, listed) if turn[2]]:
        return said
    if not is_turn and not _TURNS.match(cell):
        return []
    names = f" of {sorted(map(str, listed[0]))}" if listed else " of turns that is cut or damaged"
    raise InputError(
        f"componenttext is a list{names}; expected a whole list, with text, and perhaps speaker, in each."
    )


def of_bytes(cell: str) -> str:
    """Return the text of a cell that Python wrote as bytes, b'We grew.' (pandas.read_sas); any other cell as it is."""
    try:
        written = ast.literal_eval(cell)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return cell
    if not isinstance(written, bytes):
        return cell
    try:
        return written.decode()
    except UnicodeDecodeError:
        return written.decode("cp1252", "replace")


def _read(cell: str) -> Any:
    with_commas = _BETWEEN.sub("}, {", cell)
    for read, text in ((json.loads, cell), (ast.literal_eval, cell), (ast.literal_eval, with_commas)):
        try:
            return read(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    return None


def _turn(turn: Any) -> tuple[str, str, str]:
    if isinstance(turn, str):
        return "", "", turn
    if isinstance(turn, list | tuple) and len(turn) in (2, 3):
        return str(turn[0]), str(turn[1]) if len(turn) > 2 else "", str(turn[-1])
    if not isinstance(turn, dict):
        return "", "", ""
    speaker, role, text = (
        next((_text(turn[name]) for name in names if turn.get(name)), "")
        for names in (_SPEAKER, _ROLE, _SAID)
    )
    return speaker, role, text


def _text(value: Any) -> str:
    """Return a part of a turn as text: sentences in a list are joined, and NaN is nothing."""
    if isinstance(value, list):
        return " ".join(map(_text, value))
    return str(value) if value == value else ""
