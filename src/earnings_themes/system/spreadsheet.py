"""Keeps text from a transcript from running as a formula when a CSV of ours is opened in a spreadsheet."""

from typing import Final

# What spreadsheets read as the start of a formula, full-width forms and control characters included
# (OWASP, "CSV Injection").
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(text: str) -> str:
    """Return the text as a spreadsheet shows it: one that would run as a formula gets an apostrophe first."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
