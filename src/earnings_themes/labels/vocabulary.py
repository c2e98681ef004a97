"""Numbers for the terms of many firms, so that a topic's terms take some hundred bytes instead of thousands.

A term that one firm alone says names no theme, and such terms grow without end: when there are too many, those
that only one firm has said so far are forgotten (lossy counting, Manku & Motwani 2002, "Approximate frequency
counts over data streams", VLDB). A few hundred firms never come near it.
"""

from array import array
from collections.abc import Iterable, Sequence
from typing import Final

# A term takes 0.2 KB: 200 MB here.
_MOST: Final = 1_000_000


class Vocabulary:
    """Terms and their numbers, firm by firm; a number is never given twice."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._number: dict[str, int] = {}
        self._term: list[str | None] = []
        self._n_firms = array("I")

    def add_firm(self, terms: Iterable[str]) -> None:
        """Take note of the different terms that one more firm says."""
        if len(self._number) > self._most:
            self._forget()
        for term in terms:
            number = self._number.setdefault(term, len(self._term))
            if number == len(self._term):
                self._term.append(term)
                self._n_firms.append(0)
            self._n_firms[number] += 1

    def number(self, term: str) -> int:
        """Return the number of a term of the last firm that was added. Raises KeyError for another."""
        return self._number[term]

    def terms(self) -> Sequence[str | None]:
        """Return the terms in the order of their numbers, None for one that was forgotten."""
        return self._term

    def _forget(self) -> None:
        for term, number in list(self._number.items()):
            if self._n_firms[number] == 1:
                del self._number[term]
                self._term[number] = None
        # Where most are said by several firms, forgetting again soon would find nothing.
        self._most = max(self._most, 2 * len(self._number))
