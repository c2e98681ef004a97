"""Which column of a table holds what: names as WRDS and other vendors write them, and as a user maps them.

A name is compared without capitals, blanks and underscores, so that `Company ID` and `transcriptcreationdateutc` are
found; `source.columns` says the rest. Only what no default can stand for is required.
"""

import difflib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from earnings_themes.errors import ConfigError, InputError
from earnings_themes.results.firms import one_line

# Without these there is no telling who said what and when.
REQUIRED: Final = ("companyid", "mostimportantdateutc", "componenttext")
# Each has a default where the source lacks it: the headline's firm or the id; the event or the day; the row's number.
DEFAULTED: Final = ("companyname", "transcriptid", "componentorder")
# Stored with a turn, in this order.
TURN: Final = ("speakertypename", "componenttypename", "transcriptpersonname", "headline")
OPTIONAL: Final = (
    *TURN,
    "mostimportanttimeutc",
    "keydevid",
    "transcriptcollectiontypename",
    "transcriptcreationdate_utc",
    "transcriptcreationtime_utc",
)
KNOWN: Final = (*REQUIRED, *DEFAULTED, *OPTIONAL)
# WRDS's own name first, then S&P's base tables'.
_ALIASES: Final = {
    "componenttypename": "transcriptcomponenttypename",
    "transcriptcreationdate_utc": "transcriptcreationdate",
    "mostimportantdateutc": "mostimportantdate",
}
# Counts the names of a header that are columns which are read.
CountKnown = Callable[[list[str]], int]
# A header has at least so many of them.
ENOUGH_KNOWN: Final = 3
# A day is no column's name.
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d|\d\d?[./]\d\d?[./]\d{2,4}")
# What a message shows of a header that may be speech, and of one name in it.
_SHOWN_ALL: Final = 500
_SHOWN: Final = 40


@lru_cache(maxsize=4096)
def comparable(name: str) -> str:
    """Return a column's name as it is compared."""
    return re.sub("^ï»¿|[\\s_.\\-\"'\u200b-\u200f\ufeff]+", "", name).lower()


def shown_name(name: str) -> str:
    """Return a column's name as a message shows it: a file without a header has speech in its first line."""
    return one_line(name)[:_SHOWN]


def check_mapping(columns: Mapping[str, str]) -> None:
    """Raise ConfigError where `source.columns` maps to no column that is read."""
    for name in columns:
        if name not in KNOWN:
            close = difflib.get_close_matches(name, KNOWN, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(KNOWN)}."
            raise ConfigError(f"config: source.columns.{name} is no column that is read; {hint}")


def n_known(header: Sequence[str], columns: Mapping[str, str]) -> int:
    """Return how many names of a header are those of columns that are read: the sign of the right separator."""
    names = set(map(comparable, (*KNOWN, *columns.values(), *_ALIASES.values())))
    return len(names.intersection(map(comparable, header)))


def places(
    where: str, header: Sequence[str], columns: Mapping[str, str], keep: Sequence[str]
) -> dict[str, int]:
    """Return the place of each column that is read, from 0; columns to keep have the names that `keep` gives them.

    where: the file, and the line of its header, as a message begins. header: the names as the file has them. columns:
    `source.columns`, the file's name of a column that is read. keep: `source.keep`.

    Raises InputError where a required column, or one that a setting names, is missing, or is there twice.
    """
    exact = [name.strip().lower() for name in header]
    squashed = list(map(comparable, header))
    found: dict[str, int] = {}
    for name in (*KNOWN, *keep):
        mapped = columns.get(name) if name in KNOWN else name
        for candidate in (mapped,) if mapped else filter(None, (name, _ALIASES.get(name))):
            here = [place for place, other in enumerate(exact) if other == candidate.strip().lower()]
            here = here or [place for place, other in enumerate(squashed) if other == comparable(candidate)]
            if len(here) > 1:
                raise InputError(
                    f"{where}: column {shown_name(candidate)} appears more than once; expected each one once."
                )
            if here:
                found[name] = here[0]
                break
        # A required one that source.columns does not name is told of below, also where source.keep names it.
        asked_for = mapped or (name if name in keep and name not in REQUIRED else None)
        if asked_for and name not in found:
            setting = f"source.columns.{name}" if mapped and name in KNOWN else "source.keep"
            close = difflib.get_close_matches(asked_for, list(header), n=1)
            hint = f" Did you mean {shown_name(close[0])!r}?" if close else ""
            raise InputError(
                f"{where}: no column {shown_name(asked_for)}, which {setting} names. Found {_listed(exact)}.{hint}"
            )
    if missing := [name for name in REQUIRED if name not in found]:
        raise InputError(
            f"{where}: no column {', '.join(missing)}. Found {_listed(exact)}; needed are {', '.join(REQUIRED)}. "
            f"{_hint(missing, header)}"
        )
    return found


def _listed(names: Sequence[str]) -> str:
    # A name that is there many times is said once: a line of speech repeats its words.
    return ", ".join(map(shown_name, Counter(names)))[:_SHOWN_ALL]


_LIKELY: Final = {
    "companyid": ("gvkey", "permno", "cik", "ticker", "symbol", "firm", "firmid", "company", "entityid"),
    "mostimportantdateutc": ("date", "calldate", "eventdate", "datetime", "startdate"),
    "componenttext": ("text", "content", "transcript", "body", "speech", "utterance"),
}


def _hint(missing: Sequence[str], header: Sequence[str]) -> str:
    """Return the line of config.yaml that names the columns, with those filled in that are likely."""
    if len(header) == 1 and n_known(re.split("[,;\t]", header[0]), {}) >= len(REQUIRED):
        return (
            "Each row is one cell, in quotes, as a spreadsheet saves a CSV that it could not separate. Take the file from "
            "before that."
        )
    if len(header) == 1:
        return (
            'It is text, not a table. Where each file is a call, make a table of them: docs/input.md, "Other files". '
            "Where it is no call, leave it out: source.path: 'FOLDER/*.csv'"
        )
    if any(map(_DAY.search, header)):
        return "The first line is a row: add a line above it that names the columns."
    pairs = []
    for column in missing:
        likely = [name for name in header if comparable(name) in _LIKELY[column]]
        likely = likely or difflib.get_close_matches(
            column, [name for name in header if len(name) < _SHOWN and not n_known([name], {})], n=1
        )
        pairs.append(f"{column}: {shown_name(likely[0]) if likely else 'NAME'}")
    hint = f"If other columns hold them, name these: source.columns: {{{', '.join(pairs)}}}"
    if "componenttext" in missing:
        hint += ". If there is no speech in it, leave it out of source.path."
    return hint
