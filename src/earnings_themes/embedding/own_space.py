"""`earnings-themes fit`: a subject space and a static student of a user's own, learned from the sentences of runs.

For hundreds of calls of one provider, and for texts that are no calls. Nothing is judged by hand for it. The gate, which the
packaged space has from people's ratings, is taught by the packaged one's answers. The metric, learned from ratings as well,
belongs to the packaged dimensions; in its place dimensions weigh by how much sentences differ in them.
"""

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from earnings_themes.config import Embedding
from earnings_themes.embedding.cache import EmbeddingCache, text_digest
from earnings_themes.embedding.encoders import Encoder
from earnings_themes.embedding.fit import DIM, fit_gate, fit_projection, fit_student
from earnings_themes.embedding.shard import STATIC, encode_once, modelled
from earnings_themes.embedding.space import SubjectSpace, Whole, load_space
from earnings_themes.embedding.student import Floats
from earnings_themes.errors import ConfigError, ResultError
from earnings_themes.system.files import replaced, sha256_of, write_atomically

# A tenth of what the packaged space was learned from; with fewer sentences a user is told.
ENOUGH: Final = 10_000
# Sentences that the gates are taught on.
_TAUGHT: Final = 20_000
_COLUMNS: Final = ("transcript_id", "position", "model_text", "procedural")


def fit_from_runs(
    output: Path, runs: Sequence[Path], settings: Embedding, threads: int = 1
) -> dict[str, Any]:
    """Fit a space on the modelled sentences of runs; write it with FILE.json, which says what it was made from.

    output: the file, which embedding.space then names. runs: folders, of which transcripts.parquet is read. settings:
    the encoder, where it computes, and its cache. Returns what FILE.json holds.

    Raises ResultError for transcripts that cannot be read or are too few, and ConfigError for embedding.model: static,
    which has no vectors to learn from.
    """
    if settings.model == STATIC:
        raise ConfigError(
            "embedding.model is static; a space is learned from an encoder's vectors. Set packaged, or name a model."
        )
    read = {str(run): _read(run) for run in runs}
    frame = pd.concat(read.values(), ignore_index=True)
    texts = frame["model_text"].tolist()
    if len(set(texts)) <= 2 * DIM:
        raise ResultError(
            f"{', '.join(read)}: {len(set(texts))} sentences to learn {DIM} dimensions from. "
            f"Give runs with more calls; {ENOUGH:,} sentences are a beginning."
        )
    encoder = Encoder(settings, threads)
    encoded = encoded_texts(texts, encoder, settings.cache)
    space = fit_space(texts, encoded, frame["call"].tolist(), frame["position"].tolist(), encoder.sha256)
    data = space.to_bytes()
    about = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "encoder": {"name": encoder.name, "sha256": encoder.sha256},
        "gate_taught_by": load_space().digest,
        "runs": {str(run): sha256_of(run / "transcripts.parquet") for run in runs},
        "n_calls": int(frame["call"].nunique()),
        "n_sentences": len(frame),
    }
    with replaced(output) as part:
        part.write_bytes(data)
    write_atomically(output.with_suffix(".json"), json.dumps(about, indent=2) + "\n")
    return about


def fit_space(
    texts: Sequence[str], encoded: Floats, calls: Sequence[str], positions: Sequence[int], encoder_sha256: str
) -> SubjectSpace:
    """Return a space fitted on n sentences, with metrics by spread and gates taught by the packaged space's answers.

    encoded: (n, d), the encoder's vectors of the texts. encoder_sha256: digest of its weights.
    """
    projection = fit_projection(encoded, calls, positions)
    student = fit_student(texts, encoded, calls, positions)
    plain = SubjectSpace(projection, student, {}, {}, encoder_sha256, "")
    both, alone = plain.rows(texts, calls, positions, encoded), plain.rows(texts, calls, positions)
    fitted = replace(plain, metrics={"both": _by_spread(both), "static": _by_spread(alone)})
    packaged = load_space()
    known = encoded if encoder_sha256 == packaged.encoder_sha256 else None
    answers = packaged.vectors(texts, calls, positions, known).content
    some = np.sort(np.random.default_rng(0).permutation(len(texts))[:_TAUGHT])
    rows = fitted.rows(texts, calls, positions, encoded)[some]
    static = fitted.rows(texts, calls, positions)[some]
    bags = student.bag([texts[row] for row in some.tolist()])
    gates = {
        "both": fit_gate(encoded[some], rows, answers[some], is_bag=False),
        "static": fit_gate(bags, static, answers[some], is_bag=True),
    }
    return replace(fitted, gates=gates)


def _by_spread(rows: Whole) -> Floats:
    """Return the metric (k, k), diagonal: each dimension times the root of its standard deviation over the rows (n, k).

    Unweighted, sentences of one subject have lower cosines than in the packaged space, and the defaults of
    themes.granularity and themes.floor leave half of them out (docs/validation.md, "Labelled texts").
    """
    root = np.sqrt(rows.std(axis=0, dtype=np.float64))
    return np.diag(root / root.max()).astype(np.float32)


def encoded_texts(texts: Sequence[str], encoder: Encoder, cache: str | None) -> Floats:
    """Return the encoder's vectors (n, d) of texts, kept in the cache."""
    with (
        contextlib.closing(EmbeddingCache(cache, encoder.key)) if cache else contextlib.nullcontext() as store
    ):
        vectors = encode_once(texts, encoder, store)
    return np.stack([vectors[text_digest(text)] for text in texts])


def _read(run: Path) -> pd.DataFrame:
    path = run / "transcripts.parquet"
    try:
        frame: pd.DataFrame = pq.read_table(path, columns=list(_COLUMNS)).to_pandas()
    except (OSError, pa.ArrowInvalid) as error:
        raise ResultError(
            f"{path}: cannot be read ({error}). --from takes the folder of a run, such as results/sample."
        ) from error
    frame = frame[modelled(frame, keep_procedural=False)]
    # Two runs may hold one call twice; they never share its neighbours.
    return frame.assign(call=f"{run}:" + frame["transcript_id"].astype(str))
