"""Reads the day of a call from the ways databases, spreadsheets, SAS and web pages write it, or not at all.

A day that could be two days ("05/06/2023") is never guessed: `source.date_format` says what it is. Libraries that
read any date (dateutil, dateparser) guess, and take 1,712,102,400,000 for the year 1712; so the ways that say
themselves what is meant are spelt out here.

Which day it is: a moment is put on the clock of `source.time_zone`, New York by default, for a call at 1:00 UTC is
held on the evening before, and returns are joined on the exchange's days. A date without a time stays as it is.
"""

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from earnings_themes.errors import ConfigError
from earnings_themes.ingest.ids import is_missing

# Calls were written down from the 1990s on; beyond, a number was read as a year that is none.
_FIRST_YEAR: Final = 1980
_LAST_YEAR: Final = 2100

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY: Final = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_DAYS: Final = tuple(
    re.compile(_WEEKDAY + pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})(?P<mark>[-/. ])(?P<number>\d\d?)(?P=mark)(?P<day>\d\d?)(?!\d)(?: ?\([a-z]+\))?",
        r"(?P<year>\d{4})(?P<number>\d\d)(?P<day>\d\d)(?:(?!\d)|(?=\d{4}(?:\d\d)?$))(?:\.0+$)?",
        r"(?P<year>\d{4})年 ?(?P<number>\d\d?)月 ?(?P<day>\d\d?)日",
        rf"(?P<year>\d{{4}})[-/. ]?{_MONTH}[-/. ]?(?P<day>\d\d?)(?!\d)",
        rf"(?P<day>\d\d?)(?:st|nd|rd|th)?(?: of)?[-/.\s]*{_MONTH}\.?[-/,\s]*(?P<year>\d{{4}}|\d\d)(?!\d)",
        rf"{_MONTH}\.?[-/\s]*(?P<day>\d\d?)(?:st|nd|rd|th)?[-/,\s]+(?P<year>\d{{4}})(?!\d)",
    )
)
_CLOCK: Final = re.compile(
    # Three or five digits alone are no time but a number: SAS counts seconds.
    r"(?!\d{3}\b|\d{5}\b)(?P<hour>\d\d?)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,]\d+)?)?)?\s*(?P<half>[ap]\.?\s?m\b\.?)?"
    r"\s*\(?(?P<zone>Z|(?:UTC|GMT)? ?[+-]\d\d?(?::?\d\d)?|[a-z]+/[a-z_/]+|[a-z]{2,4}(?: time)?"
    r"|(?:eastern|central|mountain|pacific)(?: (?:standard|daylight))?(?: time)?)?\)?",
    re.IGNORECASE,
)
# Between a day and its time: "2023-05-02T17:00", "27OCT2022:16:30:00", "Aug 27, 2020, 9:00 p.m. ET", "... at 5 pm".
_BETWEEN: Final = re.compile(r"(?:\s*[T:,]\s*|\s+)(?:at\s+)?", re.IGNORECASE)
_ZONES: Final = {
    **dict.fromkeys(("z", "utc", "gmt"), "UTC"),
    **dict.fromkeys(("et", "est", "edt", "eastern"), "America/New_York"),
    **dict.fromkeys(("ct", "cdt", "central"), "America/Chicago"),
    **dict.fromkeys(("mt", "mst", "mdt", "mountain"), "America/Denver"),
    **dict.fromkeys(("pt", "pst", "pdt", "pacific"), "America/Los_Angeles"),
    **dict.fromkeys(("cet", "cest"), "Europe/Paris"),
    "bst": "Europe/London",
    "hkt": "Asia/Hong_Kong",
    "sgt": "Asia/Singapore",
    "jst": "Asia/Tokyo",
    **dict.fromkeys(("aest", "aedt"), "Australia/Sydney"),
}
_UTC: Final = ZoneInfo("UTC")
# Hyphens and dashes that editors put for "-".
_DASHES: Final = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")
# A column of times has a day of its own in Stata and Excel, and "0 days" in pandas.
_BEFORE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]|0 days ")
_PLACE: Final = re.compile(r"([+-]\d\d:?\d\d|Z)\[[\w/]+\]$")


@dataclass(frozen=True, slots=True)
class CallDay:
    """The day of a call, and its moment in UTC where the source tells the time."""

    day: dt.date
    moment: dt.datetime | None = None


@lru_cache(maxsize=16_384)
def call_day(
    date: str, time: str = "", date_format: str | None = None, zone: str = "America/New_York"
) -> CallDay | None:
    """Return the day of a call on the clock of a zone, None where it or its time cannot be read.

    Parameters
    ----------
    date : a day, or a day and a time, which is UTC where it names no zone (mostimportantdateutc)
    time : a time in UTC; midnight is how many exports write that none is known (mostimportanttimeutc)
    date_format : how a day is written, in strftime's letters; tried before the ways that need no telling
    zone : the clock that tells the day of a moment, such as America/New_York
    """
    text = " ".join(unicodedata.normalize("NFKC", date).translate(_DASHES).split()).strip("='\"")
    # What follows an offset names its place once more: 2024-05-07T17:00:00-04:00[America/New_York].
    text = _PLACE.sub(r"\1", text)
    found = _by_format(text, date_format) if date_format else None
    found = found or _by_itself(text)
    if found is None:
        return None
    day, rest = found
    clock = _clock(rest) if rest else None
    if rest and clock is None:
        return None
    if not is_missing(time) and time.strip() != "0" and (clock is None or clock[0] == dt.time()):
        clock = _clock(_BEFORE_TIME.sub("", time.strip(), 1))
        if clock is None:
            return None
    # pandas writes a day with a zone as midnight UTC.
    if clock is None or (clock[0] == dt.time() and clock[1] in (None, _UTC, dt.UTC)):
        return CallDay(day)
    try:
        moment = dt.datetime.combine(day, clock[0], clock[1] or dt.UTC).astimezone(dt.UTC)
        return CallDay(moment.astimezone(ZoneInfo(zone)).date(), moment)
    except OverflowError:
        return None


def _by_format(text: str, date_format: str) -> tuple[dt.date, str] | None:
    """Return the day at the front of a text, and what follows."""
    words = text.split(" ")
    for n in range(len(words), 0, -1):
        front = " ".join(words[:n])
        for part in (front, front.rstrip(",")):
            try:
                moment = dt.datetime.strptime(part, date_format)
            except ValueError:
                continue
            rest = " ".join(words[n:])
            if not rest and moment.time() != dt.time():
                rest = moment.time().isoformat()
            return (moment.date(), rest) if _FIRST_YEAR <= moment.year <= _LAST_YEAR else None
    return None


def _by_itself(text: str) -> tuple[dt.date, str] | None:
    for pattern in _DAYS:
        if not (found := pattern.match(text)):
            continue
        parts = found.groupdict()
        year = int(parts["year"])
        if len(parts["year"]) == 2:
            year += 2000 if year < _FIRST_YEAR % 100 else 1900
        month = parts.get("number") or _MONTHS.index(parts["month"][:3].lower()) + 1
        try:
            day = dt.date(year, int(month), int(parts["day"]))
        except ValueError:
            return None
        rest = text[found.end() :]
        if rest.strip() and not rest[0].isdigit():
            between = _BETWEEN.match(rest)
            if between is None:
                return None
            rest = rest[between.end() :]
        return (day, rest.strip()) if _FIRST_YEAR <= year <= _LAST_YEAR else None
    return None


def _clock(text: str) -> tuple[dt.time, dt.tzinfo | None] | None:
    """Return a time and its zone, None for no zone."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        return None
    parts = found.groupdict()
    if parts["minute"] is None and parts["half"] is None:
        return None
    hour = int(parts["hour"])
    if parts["half"] and hour <= 12:  # some exports write "17:00 PM"
        hour = hour % 12 + (12 if parts["half"].lower().startswith("p") else 0)
    try:
        return dt.time(hour, int(parts["minute"] or 0), int(parts["second"] or 0)), _zone(parts["zone"])
    except (ValueError, KeyError):
        return None


def _zone(name: str | None) -> dt.tzinfo | None:
    if name is None:
        return None
    name = name.upper().removeprefix("UTC").removeprefix("GMT").strip() if {*name} & {*"+-"} else name
    if "/" in name:
        return ZoneInfo(name)
    if name[0] in "+-":
        hours, _, minutes = name[1:].partition(":")
        digits = (f"{hours.zfill(2)}{minutes}" if len(hours) < 3 else hours).ljust(4, "0")
        offset = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        return dt.timezone(offset if name[0] == "+" else -offset)
    key = name.lower().removesuffix(" time").removesuffix(" standard").removesuffix(" daylight")
    return ZoneInfo(_ZONES[key])


def within(date: dt.date, start: dt.date | None, end: dt.date | None) -> bool:
    """Return whether a day lies between two, both inclusive; None leaves an end open."""
    return (start is None or date >= start) and (end is None or date <= end)


def check_zone(name: str) -> None:
    """Raise ConfigError where `source.time_zone` is no zone."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ConfigError(
            f"config: source.time_zone is {name!r}; expected a zone such as America/New_York."
        ) from error


# A quarter, a half, a year or a month, as vendors and Stata write them: Q3 2022, FY22Q3, 3Q22, 2022.75, 202209, Oct 2022.
_PERIOD: Final = re.compile(
    r"(?:FY ?'?\d{2,4}[ -]?)?[QH][1-4][ -]*(?:FY)? ?'?(?:\d{2,4})?|[1-4][QH][ -]?(?:FY)?'?\d{2,4}|(?:FY ?)?'?\d{2,4}[ -]?[QH][1-4]"
    rf"|(?:FY ?)?(?:19|20)\d\d(?:\.(?:00?|25|50?|75))?|(?:19|20)\d\d[-/]?(?:0\d|1[0-2])|{_MONTH}\.?[ -]*\d{{2,4}}|\d{{3}}",
    re.IGNORECASE,
)
_IN_DIGITS: Final = re.compile(r"\d{1,4}[/.\- ]+\d{1,2}[/.\- ]+\d{1,4}\b.*")
# "7. Mai 2024", "7 de mayo de 2024".
_WORDS: Final = re.compile(r"[\w\s.,]*[^\W\d_]{3,}[\w\s.,]*")


def how_to_write(texts: list[str]) -> str:
    """Return what to do about days that cannot be read, for the end of a message."""
    if fitting := fitting_format(texts):
        return f'Set source.date_format: "{fitting}", which reads all of them'
    if numbers := numbers_said(texts):
        return f"These are {numbers}"
    if all(_PERIOD.fullmatch(text.strip()) for text in texts):
        return (
            "These are quarters, years or months, which do not say the day of a call: add it. Where nobody knows it, write "
            "one day for all calls of a period, such as 2022-09-30"
        )
    if all(_by_itself(text) for text in texts):
        return (
            "The day can be read; the time or the zone behind it cannot: write it as 16:30 or 16:30+05:30 (seconds become "
            "that by pandas.to_timedelta(column, unit='s')), or leave it out"
        )
    if all(map(_DAYS[0].match, texts)):
        return "There is no such day: write the right one"
    if all(map(_IN_DIGITS.fullmatch, texts)):
        return 'Set source.date_format, such as "%m/%d/%Y"'
    if all(map(_WORDS.fullmatch, texts)):
        return "Months are read by their English names alone: export the day as YYYY-MM-DD"
    return "Export the day as YYYY-MM-DD"


def fitting_format(texts: list[str]) -> str | None:
    """Return the one way of writing days in digits that reads all texts, None if none or two, for a message."""
    formats = "%m/%d/%Y %d/%m/%Y %d.%m.%Y %m-%d-%Y %d-%m-%Y %m/%d/%y %d/%m/%y %d.%m.%y".split()
    fits = [way for way in formats if all(call_day(text, "", way) for text in texts)]
    return fits[0] if len(fits) == 1 else None


# Days are counted from here: Excel's numbers (1900 system), and SAS's.
_COUNTED: Final = (("Excel", dt.date(1899, 12, 30)), ("SAS", dt.date(1960, 1, 1)))


def numbers_said(texts: list[str]) -> str | None:
    """Return what dates are that are numbers alone, and how they become days, for a message; None if they are not."""
    counted = re.compile(r"\d{5}(?:\.\d+)?|\d\.\d+E\+04|\d{10}|\d{13}|\d{16}|\d{19}")
    if not all(counted.fullmatch(text.strip()) for text in texts):
        return None
    number = float(texts[0])
    if number >= 1e9:
        unit = {10: "s", 13: "ms", 16: "us", 19: "ns"}[len(texts[0].strip())]
        return f"{unit} since 1970: pandas.to_datetime(column, unit='{unit}') makes days of them"
    days = [(name, first + dt.timedelta(days=int(number))) for name, first in _COUNTED]
    some = " or ".join(f"{day} in {name}" for name, day in days if 1990 <= day.year <= 2050)
    return f"days since a first one ({some}): export the column as text, yyyy-mm-dd" if some else None
