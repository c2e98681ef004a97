"""Ids and names as programs write them: missing values, numbers, two spellings of one id.

Separate from the connector because these are rules about a cell of any table.
"""

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from typing import Final

from earnings_themes.results.firms import id_fault, one_line
from earnings_themes.text.encoding import INVISIBLE, repaired

# What R, pandas, SQL and spreadsheets write where there is nothing.
_MISSING: Final = frozenset(
    ("", "na", "n/a", "n.a.", "#n/a", "<na>", "nan", "-nan", "nat", "none", "null", "(null)", "[null]", "nil", "\\n",
     "#value!", "#ref!", "#name?", "#div/0!", "#null!", "#num!", "undefined", "missing", "(blank)", "[]", "{}", "-", "--",
     "---", ".", "..", "...", "…", "–", "—", "?")
)  # fmt: skip
# An id that was a number with a gap in its column: pandas writes 1000.0.
POINT_ZERO: Final = re.compile(r"\d+\.0+")
# What programs write for nothing and is a firm's ticker too, where the others are tickers.
TICKERS: Final = frozenset(("NA", "NAN", "NIL"))
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:,\d{3})+")
# A spreadsheet keeps an id from being made a number so: ="001000", '001000.
_WRAPPED: Final = re.compile(r"=?\"(\w[\w.\-/:& ]*)\"|'(\w[\w.\-/:& ]*)'?")
_SHORTENED: Final = re.compile(r"\d(?:\.\d+)?E\+\d+")
# Excel makes days of tickers such as MAR.
_DATED: Final = re.compile(
    r"\d\d?-(?:{0})|(?:{0})-\d\d".format("Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec")
)
# R writes 100000 so, and no other number.
_R_SHORT: Final = re.compile(r"[1-9]e\+\d\d")


def is_missing(text: str) -> bool:
    """Return whether a cell holds nothing, or what programs write for nothing (NA, nan, NULL)."""
    return (len(text) < 12 and text.strip().lower() in _MISSING) or not text.strip()


def present(text: str) -> str:
    """Return a name or an id of a column that may lack it: mended, and empty where it is missing."""
    return "" if is_missing(text) else repaired(text)


# Names come again in every row of a call.
@lru_cache(maxsize=4096)
def name_of(text: str) -> str:
    """Return the name in a cell on one line, without blanks around it, empty where it is missing."""
    return one_line(present(text)).strip()


@lru_cache(maxsize=4096)
def firm_of(headline: str) -> str:
    """Return the firm's name in a headline: "Ashquill, Inc., Q1 2023 Earnings Call", "Q1 2023 Ashquill Inc Earnings Call"."""
    found = re.match(
        r"(?:[QH][1-4]|FY|(?:Full|Half).Year) ?\d{4} (.{2,100}?),? (?:Earnings|Results|Sales|Trading|Conference|Call)\b",
        headline,
    )
    found = found or re.match(
        r"(.{2,100}?),? (?:-+ )?(?:[QH][1-4]|FY|\d{4} |Full.Year|First|Second|Third|Fourth)", headline
    )
    return found.group(1).rstrip(",- ") if found else ""


# Nearly every row has the id of the row before.
@lru_cache(maxsize=4096)
def source_id_fault(text: str) -> str | None:
    """Return what is wrong with an id of a source, where programs write something for nothing or shorten numbers."""
    if text not in TICKERS and is_missing(text) and any(map(str.isalpha, text)):
        return f"{text!r}, which programs write where there is nothing; expected an id."
    if is_shortened(text):
        return f"{text!r}: Excel, and Stata's float, shorten long numbers so, and the id is lost. Take the file from before that."
    if _DATED.fullmatch(text):
        return f"{text!r}, which Excel makes of a ticker such as MAR or DEC. Take the file from before that."
    return (
        "empty; expected an id. Give these rows their id, or leave them out." if not text else id_fault(text)
    )


def is_shortened(text: str) -> bool:
    """Return whether an id is a long number that was shortened, 1.2E+10, so that the id is lost."""
    return bool(_SHORTENED.fullmatch(text))


def plain_ids(ids: Collection[str]) -> dict[str, str]:
    """Return the id that each is used as: 1000.0 is 1000 where 1000 is there too, or where all ids end so.

    So are "1,000", and 1000 beside 001000, which lost its zeros on the way, and among numbers 1e+05, as R writes 100000.
    So is " 1000" beside 1000. Of "'1000" and '="1000"', which spreadsheets write, the quotes go, as do invisible letters.
    """
    same: dict[str, list[str]] = {}
    for firm in ids:
        same.setdefault(_plain_id(firm), []).append(firm)
    numbers = all(map(str.isdecimal, same))
    every = all(map(POINT_ZERO.fullmatch, ids))
    every |= (
        numbers and all(_THOUSANDS.fullmatch(firm) or len(firm) < 4 for firm in ids) and "," in "".join(ids)
    )
    used = {}
    for alike in same.values():
        # The id as it was before anything was added to it, or cut from its front.
        best = max(alike, key=lambda firm: (firm.isascii() and firm.isalnum(), len(firm), firm))
        if len(alike) > 1 and not best.isalnum():
            best = min(alike, key=lambda firm: (len(firm), firm))
        if every or (numbers and _R_SHORT.fullmatch(best)):
            best = _plain_id(best) if numbers else best.split(".")[0]
        used.update(dict.fromkeys(alike, _unwrapped(best)))
    return used


def _unwrapped(text: str) -> str:
    """Return an id without what was put around it."""
    bare = INVISIBLE.sub("", text) or text
    found = _WRAPPED.fullmatch(bare.strip())
    return (found[1] or found[2]).strip() if found else bare


def _plain_id(text: str) -> str:
    """Return the form that all ways of writing one id have in common."""
    bare = _unwrapped(text).strip()
    number = unicodedata.normalize("NFKC", bare)
    number = number.replace(",", "") if _THOUSANDS.fullmatch(number) else number
    if POINT_ZERO.fullmatch(number):
        number = number.split(".")[0]
    elif _R_SHORT.fullmatch(number):
        number = str(int(float(number)))
    return (number.lstrip("0") or number) if number.isdecimal() else bare
