"""One call counts once: its versions within a firm, and the same call under two firms.

Vendors deliver a call as it is spell-checked, edited and proofed, each under an id of its own; and a firm with two
share classes or listings under each. Modelled side by side, a call's twins are topics and themes of their own.
"""

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, combinations
from math import ceil
from typing import Final

import numpy as np

from earnings_themes.abstractions import Call, Turn
from earnings_themes.results.firms import first_few
from earnings_themes.text.alike import (
    ALIKE,
    ALIKE_ACROSS_DAYS,
    ALIKE_ACROSS_FIRMS,
    PART_OF,
    SKETCH_SIZE,
    Hashes,
    Sketch,
    contained,
    likeness_to_each,
    shared_runs,
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
# So many words in one row are a call; each of a call's longest turns has fewer, and there are more of them.
_WHOLE_CALL: Final = 500
_ROWS_OF_WHOLE_CALLS: Final = 6
# Of a call's smallest hashes; `CallsSeen` says why these suffice.
_LOOKED_AT: Final = 64
# Calls compared in one go: 2 MB.
_AT_ONCE: Final = 1_000
_SHARED: Final = _LOOKED_AT - int((1 - ALIKE_ACROSS_FIRMS) * SKETCH_SIZE)


def one_version(calls: Sequence[Call], which: str) -> tuple[list[Call], list[Sketch], dict[str, int]]:
    """Return a firm's calls, of each one version, their sketches, and how many turns were left out, by reason.

    which: latest or earliest, the version that counts.

    Versions are calls of one event (`keydevid`), and of two events where the words are the same. Without events they are
    calls of one day, or of two days in a row, that share most of their words; on one day also a part and its whole, of
    which the part never counts. Calls of any two days are versions, too, if they share so much that they can only be one
    call, such as a text that was filed under two quarters. The latest is the one that was made last; where no time of making is
    known, the one of the later kind (Edited, Proofed), then of the higher id.
    """
    groups: list[list[Call]] = []
    n_turns = sum(len(call.turns) for call in calls)
    calls = [_one_copy(call, which) for call in calls]

    sketches: dict[str, Sketch] = {}

    def sketch_of(call: Call) -> Sketch:
        if call.transcript_id not in sketches:
            sketches[call.transcript_id] = sketch(map(_text, call.turns))
        return sketches[call.transcript_id]

    def alike(one: Call, other: Call) -> bool:
        if one.event_id and one.event_id == other.event_id:
            return True
        first, second = sketch_of(one), sketch_of(other)
        near = abs(one.date - other.date) <= _DAYS_APART
        if one.event_id and other.event_id:
            return shared_runs(first, second) >= (ALIKE_ACROSS_FIRMS if near else ALIKE_ACROSS_DAYS)
        if one.date == other.date and (
            contained(first, second) >= PART_OF or [*map(_text, one.turns)] == [*map(_text, other.turns)]
        ):
            return True
        return shared_runs(first, second) >= (ALIKE if near else ALIKE_ACROSS_DAYS)

    for call in sorted(calls, key=lambda call: (call.date, call.transcript_id)):
        group = next((group for group in groups if alike(group[0], call)), None)
        if group is None:
            groups.append([call])
        else:
            group.append(call)
    pick = max if which == "latest" else min
    chosen = {pick(_whole(group), key=_made).transcript_id for group in groups}
    kept = [call for call in calls if call.transcript_id in chosen]
    left = n_turns - sum(len(call.turns) for call in kept)
    return kept, list(map(sketch_of, kept)), {ANOTHER_VERSION: left} if left else {}


def _one_copy(call: Call, which: str) -> Call:
    """Return a call with one version of each turn. Where nothing else tells versions apart, their turns have the same number.

    Where there are no numbers either, a row is a whole call, and two that are alike are its versions.
    """
    if 1 < len(call.turns) <= _ROWS_OF_WHOLE_CALLS:
        wholes = [turn for turn in call.turns if turn.text.count(" ") >= _WHOLE_CALL]
        words = {turn: sketch([turn.text]) for turn in wholes}
        alike = [(a, b) for a, b in combinations(wholes, 2) if shared_runs(words[a], words[b]) >= ALIKE]
        other = {first if which == "latest" else second for first, second in alike}
        call = replace(call, turns=tuple(turn for turn in call.turns if turn not in other))
    by_order: defaultdict[int, list[Turn]] = defaultdict(list)
    for turn in call.turns:
        by_order[turn.order].append(turn)
    # A turn that is the same in both is there once.
    several = [turns for turns in by_order.values() if len(turns) > 1]
    if not several:
        return call
    most = max(map(len, several))
    copies = [sketch(turns[n].text for turns in several if n < len(turns)) for n in range(most)]
    if any(shared_runs(copies[0], copy) < ALIKE for copy in copies):
        return call  # sections may be numbered apart
    place = -1 if which == "latest" else 0
    return replace(call, turns=tuple(turns[place] for _, turns in sorted(by_order.items())))


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
    first 20 that they share are among the 64 smallest of each. Only calls that share as many are compared, of one day and
    its neighbours, for clocks differ; to compare each with each took most of an ingest of 5,000 calls a day. Holds some
    15 KB a call.
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
        smallest = sorted(words)[:_LOOKED_AT]
        days = [self._by_run[day + step] for step in (-_DAYS_APART, dt.timedelta(), _DAYS_APART)]
        shared = Counter(chain.from_iterable(of_day.get(run, ()) for of_day in days for run in smallest))
        fewest = min(_SHARED, ceil(ALIKE_ACROSS_FIRMS * len(words)))
        near = sorted(
            number for number, n in shared.items() if n >= fewest and self._calls[number][0] != firm_id
        )
        mine = np.array(sorted(words), np.uint64)
        for start in range(0, len(near), _AT_ONCE):
            some = near[start : start + _AT_ONCE]
            alike = likeness_to_each(mine, [self._calls[number][1] for number in some]) >= ALIKE_ACROSS_FIRMS
            if alike.any():
                return self._calls[some[int(alike.argmax())]][0]
        for run in smallest:
            self._by_run[day][run].append(len(self._calls))
        self._calls.append((firm_id, mine))
        return None


def pairs_said(pairs: Counter[tuple[str, str]]) -> str:
    """Return the sentence that names firms which had one call: (left out, kept) to how many calls."""
    n = pairs.total()
    named = first_few([f"{twin} is {kept} ({n})" for (twin, kept), n in sorted(pairs.items())])
    return (
        f"{n:,} {'call is' if n == 1 else 'calls are'} there under two firms (share classes, listings, or an id written "
        f"twice): {named}. "
        "Each counts for the first firm alone, so that no theme is a call with itself"
    )
