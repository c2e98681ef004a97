"""The subject space: a sentence's position by its subject, not by how it is said.

The subject stays from one sentence of a call to the next; the manner changes. So the space keeps directions
in which neighbouring sentences differ little and sentences in general differ much (fit.py), of MiniLM's
vector and of the static student's, side by side; each sentence is then averaged with its context. The space
was fitted once on open calls and is frozen: a vector depends on no other firm, and quarters are comparable.

Vectors are int8, so a dot product is exact in float32 in any order of summation, and results from one
embeddings file are the same on any machine, BLAS and number of cores.
"""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from earnings_themes.embedding.context import in_context
from earnings_themes.embedding.student import Floats, Student, unit
from earnings_themes.errors import ModelError

Whole = NDArray[np.int8]

# A unit vector of 64 or 128 numbers times 256 stays within ±127 but for rare peaks, which are cut. A row then has length
# 256 or a little less, so a dot product stays below 2^16, and float32 holds whole numbers up to 2^24.
SCALE: Final = 256.0
PACKAGED: Final = "space.npz"


@dataclass(frozen=True)
class Projection:
    """A subject space of an encoder: x becomes unit((x - mean) @ matrix)."""

    mean: Floats  # (d,)
    matrix: Floats  # (d, k)

    def __call__(self, vectors: NDArray[np.floating]) -> Floats:
        """Return the subject vectors (n, k), length 1, of an encoder's vectors (n, d)."""
        return unit((np.asarray(vectors, dtype=np.float32) - self.mean) @ self.matrix)


@dataclass(frozen=True)
class Gate:
    """The content gate: probability that a sentence has a subject, by logistic regression."""

    view: Floats  # (d,), weights of MiniLM's vector, or of the student's words without MiniLM
    rows: Floats  # (k,), weights of the subject vector
    bias: float

    def __call__(self, view: Any, rows: Whole) -> Floats:
        """Return (n,) float32 in [0, 1].

        view: (n, d) MiniLM's vectors, or bags of the student's words (Student.bag), sparse. rows: (n, k) whole subject
        vectors.
        """
        # Rounded before the exponential, so that a machine's last bits do not reach the file.
        score = np.asarray(view @ self.view).ravel() + rows.astype(np.float32) @ self.rows / np.float32(SCALE)
        odds = np.exp(-(score.astype(np.float64) + self.bias))
        found: Floats = np.round(1 / (1 + odds), 4).astype(np.float32)
        return found


@dataclass(frozen=True)
class Vectors:
    """Sentences in the subject space."""

    rows: Whole  # (n, k), whole subject vectors
    content: Floats  # (n,), the gate's: how likely the sentence is about some subject


@dataclass(frozen=True)
class SubjectSpace:
    """Both views of a sentence, what ratings taught about them, and the digest that names them.

    "both" stands for MiniLM's view beside the student's, "static" for the student's alone.
    """

    encoder: Projection  # MiniLM's subject space
    student: Student  # the static encoder, with its own subject space
    gates: dict[str, Gate]  # of "both" and "static"
    metrics: dict[str, Floats]  # (k, k), learned from rated pairs; a view without one is not in it
    encoder_sha256: str  # digest of the weights that `encoder` was fitted on
    digest: str  # SHA-256 of the file; it stands in every file that was made with this space

    def vectors(
        self,
        texts: Sequence[str],
        calls: Sequence[str],
        positions: Sequence[int],
        encoded: NDArray[np.floating] | None = None,
    ) -> Vectors:
        """Return subject vectors (n, 128) of both views or, without `encoded`, (n, 64) of the student alone, and content.

        Parameters
        ----------
        texts : (n,) sentences as the encoder saw them
        calls, positions : (n,) the call of each sentence and its place in it
        encoded : (n, 384) MiniLM's vectors
        """
        rows = self.rows(texts, calls, positions, encoded)
        if encoded is not None:
            return Vectors(rows, self.gates["both"](encoded, rows))
        bags = self.student.bag(texts)
        content = self.gates["static"](bags, rows)
        # Without a known word the gate would answer by its bias and by guesses from letters.
        content[np.diff(bags.indptr) == 0] = 0
        return Vectors(rows, content)

    def phrases(self, texts: Sequence[str], dim: int) -> Floats:
        """Return unit vectors (n, dim) of phrases, from words alone: MiniLM's view, where dim has one, is left empty.

        They tell how near a phrase lies to a theme's centroid; no sentence is compared with them.
        """
        name, views = "static", self.student.encode(texts)
        if dim != views.shape[1]:
            name, views = "both", np.hstack([np.zeros_like(views), views])
        return unit(views @ self.metrics[name] if name in self.metrics else views)

    def rows(
        self,
        texts: Sequence[str],
        calls: Sequence[str],
        positions: Sequence[int],
        encoded: NDArray[np.floating] | None = None,
    ) -> Whole:
        """Return the subject vectors of `vectors`, without content."""
        name, views = "static", self.student.encode(texts)
        if encoded is not None:
            name, views = "both", np.hstack([self.encoder(encoded), views]) * np.float32(0.5**0.5)
        rows = in_context(views, calls, positions)
        return whole(unit(rows @ self.metrics[name]) if name in self.metrics else rows)

    @classmethod
    def from_bytes(cls, data: bytes, name: str) -> Self:
        """Read what `to_bytes` gave. Raises ModelError naming the file as `name`."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                held = {key: file[key] for key in file.files}
            # Weights are stored in half precision.
            held |= {key: a.astype(np.float32) for key, a in held.items() if a.dtype == np.float16}
            words, pieces = (
                {said: row for row, said in enumerate(str(held[name]).split("\n"))}
                for name in ("words", "pieces")
            )
            student = Student(
                words, held["table"], float(held["scale"]), held["offset"],
                pieces, held["piece_table"], float(held["piece_scale"]), held["weights"],
            )  # fmt: skip
            gates = {
                name: Gate(
                    held[f"gate_{name}_view"], held[f"gate_{name}_rows"], float(held[f"gate_{name}_bias"])
                )
                for name in ("both", "static")
            }
            metrics = {key.removeprefix("metric_"): a for key, a in held.items() if key.startswith("metric_")}
            encoder, sha256 = Projection(held["mean"], held["matrix"]), str(held["encoder_sha256"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ModelError(
                f"{name}: is no subject space ({error}). `earnings-themes fit` makes one."
            ) from error
        return cls(encoder, student, gates, metrics, sha256, hashlib.sha256(data).hexdigest())

    def to_bytes(self) -> bytes:
        """Return the file's bytes, the same for the same numbers."""
        student = self.student
        arrays: dict[str, Any] = {
            "mean": self.encoder.mean.astype(np.float16),
            "matrix": self.encoder.matrix.astype(np.float16),
            "words": np.array("\n".join(student.words)),
            "table": student.table,
            "scale": np.float64(student.scale),
            "offset": student.offset.astype(np.float32),
            "pieces": np.array("\n".join(student.pieces)),
            "piece_table": student.piece_table,
            "piece_scale": np.float64(student.piece_scale),
            "weights": student.weights.astype(np.float16),
            "encoder_sha256": np.array(self.encoder_sha256),
        }
        for name, gate in self.gates.items():
            arrays[f"gate_{name}_view"] = gate.view.astype(np.float16)
            arrays[f"gate_{name}_rows"] = gate.rows.astype(np.float16)
            arrays[f"gate_{name}_bias"] = np.float64(gate.bias)
        arrays |= {f"metric_{key}": metric.astype(np.float16) for key, metric in self.metrics.items()}
        written = io.BytesIO()
        np.savez_compressed(written, **arrays)
        return written.getvalue()


def whole(rows: NDArray[np.floating]) -> Whole:
    """Return unit rows (n, k) as whole numbers, int8: SCALE times the row, rounded, cut at ±127."""
    found: Whole = np.clip(np.rint(rows * SCALE), -127, 127).astype(np.int8)
    return found


def load_space(path: str | Path | None = None) -> SubjectSpace:
    """Return the subject space of a file, or the packaged one. Raises ModelError where the file is none."""
    if path is None:
        return _packaged()
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ModelError(f"embedding.space: {path} cannot be read ({error.strerror}).") from error
    return SubjectSpace.from_bytes(data, str(path))


@cache
def _packaged() -> SubjectSpace:
    return SubjectSpace.from_bytes((files("earnings_themes.embedding") / PACKAGED).read_bytes(), PACKAGED)
