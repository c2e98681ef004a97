"""Says of what kind a sentence is: procedure, filler, reporting or subject matter, asked in that order."""

from __future__ import annotations

from typing import Literal

from earnings_themes.speech.filler import is_filler
from earnings_themes.speech.reporting import is_reporting

Kind = Literal["subject", "reporting", "procedure", "filler"]


def sentence_kind(model_text: str, procedural: bool) -> Kind:
    """The kind of a sentence that `flag_procedural` has flagged as ``procedural`` or not."""
    if procedural:
        return "procedure"
    if is_filler(model_text):
        return "filler"
    return "reporting" if is_reporting(model_text) else "subject"
