"""One item to be judged: its sentences, and what raters must not know of them."""

from dataclasses import dataclass, field
from zlib import crc32

import numpy as np


@dataclass(frozen=True)
class Item:
    """One item of a sheet."""

    arm: str  # the run that made it, or "random", "ceiling", "words", "neighbours"
    # Ids in no meaningful order: two of a pair, five of a group, one that is judged against a theme.
    sentences: tuple[str, ...]
    weight: float = 1.0  # pairs, or sentences, that it stands for in recall; 1 elsewhere
    label: str = ""  # shown with it; empty for other kinds
    intruder: str = ""  # the sentence that does not belong; empty for other kinds
    # run → "sure", "all" or "no": the run puts the pair in one theme among its surest, at all, or not
    together: dict[str, str] = field(default_factory=dict)
    # run → sentence → the same for having a theme; of random pairs only
    themed: dict[str, dict[str, str]] = field(default_factory=dict)
    stratum: str = ""  # what a sentence judged against a theme was drawn from
    inside: bool = False  # whether it has the theme


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Return a random generator for one purpose, so that adding an arm changes nothing in the others."""
    return np.random.default_rng([seed, crc32(purpose.encode())])
