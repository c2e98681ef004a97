"""Says which texts are the same speech in another wording: versions of a call, and near-equal sentences of a firm.

A vendor delivers a call several times: spell-checked, edited, proofed, with and without "uh". Texts are compared by
their runs of three words, of which a version shares most and another call of the same firm on the same day few. Only a
sample of fixed size is kept of each call (its smallest hashes: Broder 1997, "On the resemblance and containment of
documents"), so that ten thousand calls are compared in little memory.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import ceil

import numpy as np
from numpy.typing import NDArray

from earnings_themes.text.words import HESITATIONS, WORD, words_of

# 128 hashes estimate a likeness to within 0.04 (one standard error at 0.5).
SKETCH_SIZE = 128
# A word changed in every fourth sentence leaves 0.77 of the runs. Two firms' calls share 0.12 at most (235,000 pairs of
# 923 real calls); one firm's of two quarters 0.43. Across firms more is asked for, where a mistake would take a call away that
# there is; and most for one firm's calls of days that lie apart: what is filed twice is the same word for word, while short
# invented calls that draw their sentences from one pool share up to 0.75.
ALIKE = 0.4
ALIKE_ACROSS_FIRMS = 0.65
ALIKE_ACROSS_DAYS = 0.8
# Of the shorter of two calls of a firm on one day, so much is in the other where it is a part of it: half a preliminary
# copy, with a word changed in every fourth sentence, has 0.87. Two quarters share 0.6 at most (0.43 of both together).
PART_OF = 0.65
_FEWEST_TOLD = 20
_RUN = 3
# Fewer words, or fewer different runs of them, are a greeting or a table, and those are alike.
_FEWEST_WORDS = 30
# Of two sentences' words, how many are shared where one is a wording of the other: one changed in nine and more.
_NEAR_EQUAL = 0.8
_FEWEST_IN_SENTENCE = 5

# 2^64 divided by the golden ratio, odd: multiplying by it spreads a hash's bits (Knuth, TAOCP 3, 6.4).
_MIX = np.uint64(0x9E3779B97F4A7C15)

Sketch = frozenset[int]
Hashes = NDArray[np.uint64]


def sketch(texts: Iterable[str]) -> Sketch:
    """Return a sample of a call's runs of three words, the same for the same words; empty for a few words."""
    lowered = "\n".join(texts).lower().replace("’", "'")
    words = [word for word in WORD.findall(lowered) if word not in HESITATIONS and not word.isdecimal()]
    if len(words) < _FEWEST_WORDS:
        # Scripts without spaces: a "word" is a clause there, so letters are counted.
        letters = "".join(words)
        if letters.isascii() or len(letters) < 4 * _FEWEST_WORDS:
            return frozenset()
        words = list(letters)
    hashes = np.fromiter(map(_hash, words), np.uint64, len(words))
    n_runs = len(words) - _RUN + 1
    runs = np.zeros(n_runs, np.uint64)
    for place in range(_RUN):
        runs = (runs ^ hashes[place : place + n_runs]) * _MIX
        runs ^= runs >> np.uint64(29)
    runs = np.unique(runs)
    return frozenset(runs[:SKETCH_SIZE].tolist()) if len(runs) >= _FEWEST_WORDS - _RUN else frozenset()


# A call has some thousand different words; Python's own hash differs from process to process.
@lru_cache(maxsize=65_536)
def _hash(word: str) -> int:
    return int.from_bytes(
        hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big"
    )


def shared_runs(one: Sketch, other: Sketch) -> float:
    """Return the share of runs of words that two calls have in common, as the samples tell; 0 where one is empty."""
    if not one or not other:
        return 0.0
    smallest = sorted(one | other)[:SKETCH_SIZE]
    return len((one & other).intersection(smallest)) / len(smallest)


def likeness_to_each(one: Hashes, others: Sequence[Hashes]) -> NDArray[np.float64]:
    """Return (m,) the likeness of one sketch to each of m others, none of them empty.

    Hashes are sorted and different: one that two sketches share stands twice in both together.
    """
    end = np.iinfo(np.uint64).max  # no call's: the one that fills up
    both = np.full((len(others), len(one) + SKETCH_SIZE), end, np.uint64)
    both[:, : len(one)] = one
    for row, other in zip(both, others, strict=True):
        row[len(one) : len(one) + len(other)] = other
    both.sort(axis=1)
    again = (both[:, 1:] == both[:, :-1]) & (both[:, 1:] < end)
    rank = np.arange(2, both.shape[1] + 1) - np.cumsum(again, axis=1)
    n_smallest = np.minimum(SKETCH_SIZE, (both < end).sum(axis=1) - again.sum(axis=1))
    shared: NDArray[np.float64] = (again & (rank <= SKETCH_SIZE)).sum(axis=1) / n_smallest
    return shared


def contained(one: Sketch, other: Sketch) -> float:
    """Return the share of the shorter call's runs that the other has too, as the samples tell; 0 where they tell little.

    A full sample holds all hashes up to its largest, so both are whole up to the smaller of the two largest.
    """
    ends = [max(sample) for sample in (one, other) if len(sample) == SKETCH_SIZE]
    first, second = ({run for run in sample if not ends or run <= min(ends)} for sample in (one, other))
    fewest = min(len(first), len(second))
    return len(first & second) / fewest if fewest >= _FEWEST_TOLD else 0.0


def same_words(text: str) -> str:
    """Return a sentence's words alone: no capitals, points, numbers or sounds of hesitation.

    Two sentences for which this is equal say the same thing, and count once where topics are looked for.
    """
    return " ".join(word for word in words_of(text) if word not in HESITATIONS)


def near_equal(texts: Sequence[str]) -> list[int]:
    """Return for each sentence the place of the first that it is a wording of; its own where there is none.

    texts: of one firm, in an order that does not change.

    A sentence is compared to those only that share one of its rarest words, for any two that are alike do (prefix
    filtering: Bayardo, Ma and Srikant 2007). 20,000 sentences take about a second, not the 200 million comparisons
    of all with all.
    """
    keys = list(map(same_words, texts))
    bags = [frozenset(key.split()) for key in keys]
    frequency = Counter(word for bag in bags for word in bag)
    first: list[int] = []
    seen: dict[str, int] = {}
    by_word: defaultdict[str, list[int]] = defaultdict(list)
    for place, bag in enumerate(bags):
        key = keys[place]
        found = seen.get(key) if key else None
        if found is None and len(bag) >= _FEWEST_IN_SENTENCE:
            rarest = sorted(bag, key=lambda word: (frequency[word], word))
            prefix = rarest[: len(bag) - ceil(_NEAR_EQUAL * len(bag)) + 1]
            for other in sorted({other for word in prefix for other in by_word[word]}):
                common = len(bag & bags[other])
                if common >= _NEAR_EQUAL * (len(bag) + len(bags[other]) - common):
                    found = other
                    break
            if found is None:
                for word in prefix:
                    by_word[word].append(place)
        first.append(place if found is None else found)
        if key:
            seen.setdefault(key, first[-1])
    return first
