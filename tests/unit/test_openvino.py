"""The OpenVINO backend, where it is installed: the reference's vectors, bit for bit the same in any order."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from earnings_themes.config import Embedding
from earnings_themes.embedding import EmbeddingCache, OpenVINOEncoder, TorchEncoder, make_encoder
from earnings_themes.errors import ConfigError

pytest.importorskip("openvino", reason="openvino is not installed; envs/openvino.txt has it")

TEXTS = [
    "Revenue grew.",
    "Our gross margin widened by forty basis points because freight cost less than a year ago.",
    "We opened twelve stores.",
    *(f"Sales of product number {n} rose " + "again and " * n + "again." for n in range(40)),
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def encoder(cache: Path) -> Iterator[OpenVINOEncoder]:
    made = make_encoder(Embedding("packaged", "openvino", "cpu", 8, str(cache), 1))
    assert isinstance(made, OpenVINOEncoder)
    yield made


def test_the_vectors_are_the_references(encoder: OpenVINOEncoder) -> None:
    reference = TorchEncoder(Embedding("packaged", "torch", "cpu", 8, None, 1))
    cosine = (encoder.encode(TEXTS) * reference.encode(TEXTS)).sum(axis=1)
    assert cosine.min() > 0.99999
    assert encoder.sha256 == reference.sha256


def test_a_vector_depends_on_its_sentence_alone_to_the_last_bit(encoder: OpenVINOEncoder) -> None:
    together = encoder.encode(TEXTS)
    assert encoder.encode(TEXTS[::-1])[::-1].tobytes() == together.tobytes()
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS[:5]])
    assert alone.tobytes() == together[:5].tobytes()


def test_the_converted_model_is_kept_and_read_without_torch(
    encoder: OpenVINOEncoder, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [path.suffix for path in sorted(cache.glob("*openvino*"))] == [".bin", ".xml"]
    monkeypatch.setattr(TorchEncoder, "__init__", lambda *_: pytest.fail("torch was loaded"))
    again = OpenVINOEncoder(Embedding("packaged", "openvino", "cpu", 8, str(cache), 1))
    assert again.encode(TEXTS[:3]).tobytes() == encoder.encode(TEXTS[:3]).tobytes()


def test_its_vectors_are_not_taken_for_the_references(encoder: OpenVINOEncoder, tmp_path: Path) -> None:
    reference = TorchEncoder(Embedding("packaged", "torch", "cpu", 8, None, 1))
    EmbeddingCache(tmp_path, reference.key).put({b"a" * 16: np.ones(384, dtype=np.float32)})
    assert EmbeddingCache(tmp_path, encoder.key).get([b"a" * 16]) == {}


def test_a_device_it_has_not_is_refused() -> None:
    with pytest.raises(ConfigError, match="runs on the CPU"):
        OpenVINOEncoder(Embedding("packaged", "openvino", "cuda", 8, None, 1))
