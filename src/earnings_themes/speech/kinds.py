"""Classifies modelled sentences as subject matter, reporting (results and guidance) or filler.

A sentence that fails the content gate (embedding/space.py) is filler. For the others, a logistic regression
on the subject vector decides between reporting and subject matter. evaluation/fit_kinds.py fits it on
docs/labels and measures it held out by provider.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.abstractions.records import Kind

# Subject matter first: the order in which themes are listed, and the one that wins where two kinds are as common.
KINDS: Final[tuple[Kind, ...]] = ("subject", "reporting", "procedure", "filler")
# Below, a sentence has no subject of its own: the gate's even odds.
CONTENT: Final = 0.5
# Weights are whole numbers of this length, and vectors of length 256: their product stays below 2^24, where float32 is
# exact, so that a machine's last bits decide no sentence.
LENGTH: Final = 32_000
_BLOCK: Final = 8_192
Weights = NDArray[np.int16]


@dataclass(frozen=True)
class KindModel:
    """The regression of reporting against subject matter, by the vectors' length d: 128, or 64 for the student alone."""

    weights: dict[int, Weights]  # (d,)
    bias: dict[int, int]
    provenance: dict[str, Any]  # digests of space, labels and weights

    def reporting(self, rows: NDArray[np.int8]) -> NDArray[np.bool_]:
        """Return (m,) whether sentences with content are reporting. rows: (m, d) int8, whole subject vectors."""
        found = np.zeros(len(rows), dtype=bool)
        weights, bias = self.weights[rows.shape[1]].astype(np.float32), self.bias[rows.shape[1]]
        for start in range(0, len(rows), _BLOCK):
            some = slice(start, start + _BLOCK)
            found[some] = rows[some].astype(np.float32) @ weights + bias > 0
        return found

    def digest(self) -> str:
        """Return the SHA-256 of all weights, which another fit must reproduce."""
        digest = hashlib.sha256()
        for length in sorted(self.weights):
            digest.update(self.weights[length].tobytes() + str(self.bias[length]).encode())
        return digest.hexdigest()


def kinds_of(
    rows: NDArray[np.int8], has_content: NDArray[np.bool_], procedural: NDArray[np.bool_], space: str
) -> NDArray[np.object_]:
    """Return the kind of each of m modelled sentences.

    Parameters
    ----------
    rows : (m, d), whole subject vectors
    has_content : (m,), from the content gate
    procedural : (m,), flagged before encoding; modelled only with topics.keep_procedural
    space : digest of the subject space; in another than the packaged one nothing is recognised as reporting
    """
    model = packaged_kinds()
    known = model.provenance["space"] == space and rows.shape[1] in model.weights
    reporting = model.reporting(rows) if known else np.zeros(len(rows), dtype=bool)
    said = np.where(has_content, np.where(reporting, "reporting", "subject"), "filler")
    return np.where(procedural, "procedure", said).astype(object)


def commonest(kinds: Iterable[Kind]) -> Kind:
    """Return the most frequent kind; the first in `KINDS` on a tie or for no sentence."""
    counts = Counter(kinds)
    return max(KINDS, key=lambda kind: counts[kind])


@cache
def packaged_kinds() -> KindModel:
    """Return the packaged model. Raises ValueError if its weights do not match their digest."""
    with files(__package__).joinpath("kinds.npz").open("rb") as file, np.load(file) as stored:
        lengths = [int(name.removeprefix("weights_")) for name in stored.files if name.startswith("weights_")]
        model = KindModel(
            {length: stored[f"weights_{length}"] for length in lengths},
            {length: int(stored[f"bias_{length}"]) for length in lengths},
            json.loads(bytes(stored["provenance"])),
        )
    if model.digest() != model.provenance["sha256"]:
        raise ValueError(
            f"kinds.npz: found weights with digest {model.digest()}; expected {model.provenance['sha256']}. "
            "Install the package again, or fit the model anew (evaluation/fit_kinds.py)."
        )
    return model
