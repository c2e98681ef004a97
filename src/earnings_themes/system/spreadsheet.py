"""Prevents text of a transcript from running as a formula when one of our CSV files is opened in a spreadsheet."""

from typing import Final

# What spreadsheets read as the start of a formula, full-width forms and control characters included
# (OWASP, "CSV Injection").
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(text: str) -> str:
    """Return the text; one that would run as a formula gets an apostrophe in front."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
