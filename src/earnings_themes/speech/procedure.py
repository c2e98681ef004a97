"""Recognises procedure: operator, greetings, introductions, hand-overs, safe harbour, closing.

Every firm has the same procedure, so unflagged it forms the largest themes. It is recognised before encoding,
hence from words alone, by two small logistic regressions: the first reads a sentence's words and place in the
call, the second the first one's scores of the sentence and its neighbours. evaluation/fit_procedure.py fits
them on docs/labels and measures them held out by provider.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import repeat
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earnings_themes.speech.features import PLACE, SHORT, ngrams, place_features

Scores = NDArray[np.float32]

# A long sentence has many word runs and a short one few; their sum over the root of their number keeps both in
# one range. The factor only brings it near 1, for the regression's penalty.
_LOUDNESS = 3.0
# What place counts beside words, before weights are learned: at .3 the last sentences of one provider's calls,
# all procedure, condemned the other's, which are not (held-out precision .87 instead of .91).
PLACE_SCALE = 0.1
# A neighbour's verdict counts up to this; beyond it, it is only sure.
_SURE = 4.0
NEIGHBOURS = (1, 2, 3)


@dataclass(frozen=True)
class ProcedureModel:
    """Two logistic regressions; positive scores mean procedure. weights: word run → weight, 0 if unknown."""

    weights: dict[str, float]
    place: Scores
    bias: float
    around: Scores
    around_bias: float
    provenance: dict[str, Any]

    def of_words(self, sentence: str) -> float:
        """Return the words' part of the first score.

        Weights have half precision, so their sum in double precision is exact in any order.
        """
        found = ngrams(sentence)
        return loudness(len(found)) * sum(map(self.weights.get, found, repeat(0.0)))

    def first(self, sentences: Sequence[str], seen: Scores) -> Scores:
        """Return first scores, each sentence seen alone: log odds, (sentences,)."""
        words = np.array([self.of_words(sentence) for sentence in sentences], dtype=np.float32)
        return words + PLACE_SCALE * (seen @ self.place) + np.float32(self.bias)

    def second(self, first: Scores, seen: Scores, speaker_types: Sequence[str | None]) -> Scores:
        """Return scores with the neighbours' first scores: log odds, (sentences,)."""
        return surroundings(first, seen, speaker_types) @ self.around + np.float32(self.around_bias)

    def digest(self) -> str:
        """Return the SHA-256 of all weights, which another fit must reproduce."""
        digest = hashlib.sha256("\n".join(self.weights).encode())
        digest.update(np.array(list(self.weights.values()), dtype=np.float16).tobytes())
        for part in (self.place, self.around, np.array([self.bias, self.around_bias])):
            digest.update(np.asarray(part, dtype=np.float32).tobytes())
        return digest.hexdigest()


def loudness(n_runs: int) -> float:
    """Return the factor of each of a sentence's word runs, which depends on their number."""
    return _LOUDNESS / sqrt(n_runs or 1)


def surroundings(first: Scores, seen: Scores, speaker_types: Sequence[str | None]) -> Scores:
    """Return what the second regression reads, (sentences, columns).

    Columns: the sentence's own first score; its neighbours', up to three away; the next ones' again where the same type
    of speaker says them, and again where the sentence is short; its own where it is short; the operator and the length.
    """
    n = len(first)
    own = np.clip(first, -_SURE, _SURE)
    short = seen[:, list(SHORT)].sum(axis=1)
    speakers = np.array([str(each) for each in speaker_types], dtype=object)
    columns = [own]
    for distance in NEIGHBOURS:
        for step in (-distance, distance):
            other = np.arange(n) + step
            inside = (other >= 0) & (other < n)
            other = np.clip(other, 0, max(0, n - 1))
            column = np.where(inside, own[other], 0)
            columns.append(column)
            if distance == 1:
                columns += [np.where(speakers[other] == speakers, column, 0), column * short]
    columns += [own * short, *seen[:, [0, *SHORT, SHORT[-1] + 1, SHORT[-1] + 2]].T]
    return np.array(columns, dtype=np.float32).T


@cache
def packaged_model() -> ProcedureModel:
    """Return the packaged model. Raises ValueError if its weights do not match their digest."""
    with files(__package__).joinpath("procedure.npz").open("rb") as file, np.load(file) as stored:
        words = bytes(stored["words"]).decode().split("\n")
        model = ProcedureModel(
            weights=dict(zip(words, stored["weights"].astype(float).tolist(), strict=True)),
            place=stored["place"],
            bias=float(stored["biases"][0]),
            around=stored["around"],
            around_bias=float(stored["biases"][1]),
            provenance=json.loads(bytes(stored["provenance"])),
        )
    if len(model.place) != len(PLACE) or model.digest() != model.provenance["sha256"]:
        raise ValueError(
            f"procedure.npz: found weights with digest {model.digest()}; expected {model.provenance['sha256']}. "
            "Install the package again, or fit the model anew (evaluation/fit_procedure.py)."
        )
    return model


def flag_procedural(
    sentences: Sequence[str], speaker_types: Sequence[str | None], sections: Sequence[str | None]
) -> list[bool]:
    """Return for each sentence of a whole call, in order, whether it is procedure.

    A sentence without a word is not. Raises ValueError if the three sequences differ in length.
    """
    if not sentences:
        return []
    model = packaged_model()
    seen = place_features(sentences, speaker_types, sections)
    scores = model.second(model.first(sentences, seen), seen, speaker_types)
    return [
        bool(score > 0) and any(map(str.isalnum, each)) for score, each in zip(scores, sentences, strict=True)
    ]
