"""One call counts once: its versions within a firm, and the same call under two firms.

Vendors deliver a call as it is spell-checked, edited and proofed, each under an id of its own; and a firm with two
share classes or listings under each. Modelled side by side, a call's twins are topics and themes of their own.
"""

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import chain
from math import ceil
from typing import Final

import numpy as np

from earnings_themes.abstractions import Call, Turn
from earnings_themes.text.alike import (
    ALIKE,
    ALIKE_ACROSS_DAYS,
    ALIKE_ACROSS_FIRMS,
    PART_OF,
    SKETCH_SIZE,
    Hashes,
    Sketch,
    contained,
    likeness,
    likeness_to_each,
    sketch,
)

# Capital IQ's kinds of version, the earliest first; only asked where no time of creation says it.
_COLLECTIONS: Final = ("preliminary", "spellchecked", "edited", "proofed", "corrected", "audited")
# Edited copies are shorter by their "uh" and repetitions, a tenth at most; a copy of fewer letters than this is a part.
WHOLE: Final = 0.6
ANOTHER_VERSION: Final = "another version of a call"
OF_ANOTHER_FIRM: Final = "call of another firm"
# A call near midnight has another day where a source dates its versions by different clocks.
_DAYS_APART: Final = dt.timedelta(days=1)
# Of a call's smallest hashes; `CallsSeen` says why these suffice.
_LOOKED_AT: Final = 64
# Calls compared in one go: 2 MB.
_AT_ONCE: Final = 1_000
_SHARED: Final = _LOOKED_AT - int((1 - ALIKE_ACROSS_FIRMS) * SKETCH_SIZE)


def one_version(
    calls: Sequence[Call], which: str = "latest", sketches: dict[str, Sketch] | None = None
) -> tuple[list[Call], dict[str, int]]:
    """Return a firm's calls, of each one version, and how many turns were left out, by reason.

    Parameters
    ----------
    calls
        All calls of a firm.
    which
        latest or earliest: the version that counts.
    sketches
        By transcript id; what is made here is added.

    Notes
    -----
    Versions are calls of one event (`keydevid`); without events, calls of one day, or of two days in a row, that share
    most of their words, and on one day also a part and its whole, of which the part never counts; and calls of any days
    that share as much as only one call with itself does, such as a text that was filed under two quarters. The latest is the one
    that was made last; where no time of making is known, the one of the later kind (Edited, Proofed), then of the
    higher id.
    """
    groups: list[list[Call]] = []
    sketches = {} if sketches is None else sketches

    def alike(one: Call, other: Call) -> bool:
        if one.event_id and other.event_id:
            return one.event_id == other.event_id
        first, second = (
            sketches.setdefault(call.transcript_id, sketch(turn.text for turn in call.turns))
            for call in (one, other)
        )
        if one.date == other.date and (
            contained(first, second) >= PART_OF or [*map(_text, one.turns)] == [*map(_text, other.turns)]
        ):
            return True
        near = abs(one.date - other.date) <= _DAYS_APART
        return likeness(first, second) >= (ALIKE if near else ALIKE_ACROSS_DAYS)

    for call in sorted(calls, key=lambda call: (call.date, call.transcript_id)):
        group = next((group for group in groups if alike(group[0], call)), None)
        if group is None:
            groups.append([call])
        else:
            group.append(call)
    pick = max if which == "latest" else min
    chosen = {pick(_whole(group), key=_made).transcript_id for group in groups}
    left = sum(len(call.turns) for call in calls if call.transcript_id not in chosen)
    return [call for call in calls if call.transcript_id in chosen], {ANOTHER_VERSION: left} if left else {}


def _text(turn: Turn) -> str:
    return turn.text


def _whole(versions: list[Call]) -> list[Call]:
    """Return the versions that are no part of another: a cut copy counts for no call, however late it was made."""
    lengths = [sum(map(len, map(_text, call.turns))) for call in versions]
    return [call for call, n in zip(versions, lengths, strict=True) if n >= WHOLE * max(lengths)]


def _made(call: Call) -> tuple[str, int, int, str]:
    kind = call.collection.lower()
    rank = next((n for n, name in enumerate(_COLLECTIONS, 1) if name in kind), 0)
    number = int(call.transcript_id) if re.fullmatch(r"\d{1,18}", call.transcript_id) else 0
    return call.created, rank, number, call.transcript_id


class CallsSeen:
    """The calls of all firms so far, to notice one that comes again under another firm.

    Two sketches that are as alike as `ALIKE_ACROSS_FIRMS` differ in at most 44 of the 128 smallest hashes of both, so the
    first 20 that they share are among the 64 smallest of each. Only calls of the day that share as many are compared: each
    with each, 5,000 calls a day took most of an ingest. Holds some 15 KB a call.
    """

    def __init__(self) -> None:
        self._calls: list[tuple[str, Hashes]] = []
        self._by_run: defaultdict[dt.date, defaultdict[int, list[int]]] = defaultdict(
            lambda: defaultdict(list)
        )

    def twin(self, firm_id: str, day: dt.date, words: Sketch) -> str | None:
        """Return the other firm that had this very call, and remember the call where none had."""
        if not words:
            return None
        of_day, smallest = self._by_run[day], sorted(words)[:_LOOKED_AT]
        shared = Counter(chain.from_iterable(of_day.get(run, ()) for run in smallest))
        fewest = min(_SHARED, ceil(ALIKE_ACROSS_FIRMS * len(words)))
        near = [number for number, n in shared.items() if n >= fewest and self._calls[number][0] != firm_id]
        near.sort()
        mine = np.array(sorted(words), np.uint64)
        for start in range(0, len(near), _AT_ONCE):
            some = near[start : start + _AT_ONCE]
            alike = likeness_to_each(mine, [self._calls[number][1] for number in some]) >= ALIKE_ACROSS_FIRMS
            if alike.any():
                return self._calls[some[int(alike.argmax())]][0]
        for run in smallest:
            of_day[run].append(len(self._calls))
        self._calls.append((firm_id, mine))
        return None


def pairs_said(pairs: Counter[tuple[str, str]]) -> str:
    """Return the sentence that names firms which had one call: (left out, kept) to how many calls."""
    n = pairs.total()
    some = ", ".join(f"{twin} is {kept} ({n})" for (twin, kept), n in sorted(pairs.items())[:5])
    more = f" and {len(pairs) - 5:,} more" if len(pairs) > 5 else ""
    return (
        f"{n:,} {'call is' if n == 1 else 'calls are'} there under two firms (share classes, listings, or an id written "
        f"twice): {some}{more}. "
        "Each counts for the first firm alone, so that no theme is a call with itself"
    )
