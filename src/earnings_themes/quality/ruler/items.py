"""One item to be judged: its sentences, and what raters must not know of them."""

from dataclasses import dataclass, field
from zlib import crc32

import numpy as np


@dataclass(frozen=True)
class Item:
    """One item of a sheet.

    Attributes
    ----------
    arm : the run that made it, or "random", "ceiling", "words", "neighbours"
    sentences : ids in no meaningful order: two of a pair, five of a group, one judged against a theme
    weight : pairs, or sentences, that it stands for in recall; 1 elsewhere
    label : shown with it; empty for other kinds
    intruder : the sentence that does not belong; empty for other kinds
    together : run → "sure", "all" or "no": the run puts the pair in one theme among its surest, at all, or not
    themed : run → sentence → the same for having a theme; of random pairs only
    stratum, inside : what a sentence judged against a theme was drawn from, and whether it has the theme
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
    """Return a random generator for one purpose, so that adding an arm changes nothing in the others."""
    return np.random.default_rng([seed, crc32(purpose.encode())])
