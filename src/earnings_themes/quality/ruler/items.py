"""One thing to be judged: some sentences, and what the raters must not know of them."""

from dataclasses import dataclass, field
from zlib import crc32

import numpy as np


@dataclass(frozen=True)
class Item:
    """One item of a sheet.

    Parameters
    ----------
    arm
        The run that made it, or "random", "ceiling", "words", "neighbours".
    sentences
        Sentence ids, in no meaningful order: two of a pair, five of a group, one that is judged against a theme.
    weight
        How many pairs, or sentences, this one stands for, for recall; 1 elsewhere.
    label
        The label that is shown with it, empty for the other kinds.
    intruder
        The sentence that does not belong, empty for the other kinds.
    together
        run → "sure", "all" or "no": whether the run puts the pair into one theme, and within its surest share.
    themed
        run → sentence → "sure", "all" or "no": whether the run gives it a theme; of random pairs only, whose
        sentences stand for all.
    stratum, inside
        Of a sentence that is judged against a theme: what it was drawn from, and whether it has the theme.
    """

    arm: str
    sentences: tuple[str, ...]
    weight: float = 1.0
    label: str = ""
    intruder: str = ""
    together: dict[str, str] = field(default_factory=dict)
    themed: dict[str, dict[str, str]] = field(default_factory=dict)
    stratum: str = ""
    inside: bool = False


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Return a random generator for one purpose, so that one arm more changes nothing in the others."""
    return np.random.default_rng([seed, crc32(purpose.encode())])
