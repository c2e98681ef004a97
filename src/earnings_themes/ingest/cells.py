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
# NumPy puts no comma between them.
_BETWEEN: Final = re.compile(r"\}\s+\{")


def turns_in(cell: str) -> list[tuple[str, str, str]]:
    """Return (speaker, role, text) of each turn of a list of turns; none where the cell is no such list.

    Raises InputError where it begins as one and cannot be read, to follow the cell's place in a message.
    """
    cell = cell.strip()
    if not re.match(r"\[\s*\{\s*['\"]", cell):
        return []
    for read in (json.loads, ast.literal_eval):
        try:
            turns = read(_BETWEEN.sub("}, {", cell))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        found = [(_first(turn, _SPEAKER), _first(turn, _ROLE), _first(turn, _SAID)) for turn in turns]
        if all(text for _, _, text in found):
            return found
        raise InputError(
            f"componenttext is a list of {sorted(map(str, turns[0]))}; expected text, and perhaps speaker, in each."
        )
    raise InputError("componenttext is a list of turns that is cut or damaged; expected JSON, a whole list.")


def _first(turn: Any, names: tuple[str, ...]) -> str:
    return next((str(turn[name]) for name in names if isinstance(turn, dict) and turn.get(name)), "")
