"""Vectors: each sentence once, the same bits whatever surrounds it, and only from weights that are known."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from earnings_themes.config import Embedding, Source
from earnings_themes.embedding import EmbeddingCache, TorchEncoder, embed, encoders, modelled, read_vectors
from earnings_themes.errors import ModelError, ResultError
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.artifacts import read_sentences
from earnings_themes.results.firms import FirmRow, read_firms, shard_of
from tests.conftest import SUBJECTS, MadeEncoder, made_vector

TEXTS = [text for said in SUBJECTS.values() for text in said]
SETTINGS = Embedding("packaged", "torch", "cpu", batch_size=8, cache=None, shards=1)


@pytest.fixture(scope="session")
def encoder() -> TorchEncoder:
    return TorchEncoder(SETTINGS)


@pytest.fixture(scope="session")
def ingested(quarter: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[FirmRow]]:
    folder = tmp_path_factory.mktemp("ingested")
    ingest(
        Source("local_csv", str(quarter)),
        folder / "transcripts.parquet",
        folder / "firms.tsv",
        folder / "ingest.json",
    )
    return folder / "transcripts.parquet", read_firms(folder / "firms.tsv")


def test_a_vector_depends_on_its_sentence_alone_to_the_last_bit(encoder: TorchEncoder) -> None:
    together = encoder.encode(TEXTS)
    backwards = encoder.encode(TEXTS[::-1])[::-1]
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS[:5]])
    assert together.tobytes() == backwards.tobytes()
    assert together[:5].tobytes() == alone.tobytes()


def test_a_vector_does_not_depend_on_the_number_of_threads(encoder: TorchEncoder) -> None:
    assert TorchEncoder(SETTINGS, threads=3).encode(TEXTS).tobytes() == encoder.encode(TEXTS).tobytes()


def test_the_vectors_are_those_of_the_reference_library(encoder: TorchEncoder) -> None:
    from sentence_transformers import SentenceTransformer

    folder, _ = encoders._locate("packaged")
    reference = SentenceTransformer(folder, device="cpu").encode(TEXTS, batch_size=32)
    cosine = (encoder.encode(TEXTS) * reference).sum(axis=1)
    assert cosine.min() > 0.999999


def test_other_weights_than_the_published_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = encoders._locate("packaged")
    shutil.copytree(folder, tmp_path / "model")
    with (tmp_path / "model" / "model.safetensors").open("r+b") as weights:
        weights.seek(-1, 2)
        weights.write(b"\x01")
    monkeypatch.setattr(encoders, "_locate", lambda model: (str(tmp_path / "model"), "packaged"))
    with pytest.raises(ModelError, match="Do not use this file"):
        TorchEncoder(SETTINGS)


def test_a_folder_is_a_model_too(encoder: TorchEncoder) -> None:
    folder, _ = encoders._locate("packaged")
    other = TorchEncoder(Embedding(folder, "torch", "cpu", 8, None, 1))
    assert other.sha256 == encoder.sha256 == encoders.PACKAGED_SHA256
    assert other.encode(TEXTS[:3]).tobytes() == encoder.encode(TEXTS[:3]).tobytes()


def test_what_cannot_be_loaded_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="'no-such/model' cannot be loaded"):
        TorchEncoder(Embedding("no-such/model", "torch", "cpu", 8, None, 1))
    import torch

    if not torch.cuda.is_available():
        with pytest.raises(ModelError, match=r"finds no CUDA device\. Set embedding.device: cpu"):
            TorchEncoder(Embedding("packaged", "torch", "cuda", 8, None, 1))


def test_a_second_run_encodes_nothing(ingested: tuple[Path, list[FirmRow]], tmp_path: Path) -> None:
    transcripts, firms = ingested
    first, second = MadeEncoder(), MadeEncoder()
    embed(transcripts, firms, tmp_path / "a.parquet", first, False, tmp_path / "cache")
    embed(transcripts, firms, tmp_path / "b.parquet", second, False, tmp_path / "cache")
    assert len(first.asked) == len(set(first.asked)) == 48
    assert second.asked == []
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_without_a_cache_a_sentence_of_many_firms_is_still_encoded_once(
    ingested: tuple[Path, list[FirmRow]], tmp_path: Path
) -> None:
    encoder = MadeEncoder()
    embed(ingested[0], ingested[1], tmp_path / "a.parquet", encoder, False)
    assert len(encoder.asked) == 48


def test_a_firm_gets_its_own_vectors_in_its_own_order(
    ingested: tuple[Path, list[FirmRow]], tmp_path: Path
) -> None:
    transcripts, firms = ingested
    embed(transcripts, firms, tmp_path / "a.parquet", MadeEncoder(), False)
    frame = read_sentences(transcripts, "34")
    frame = frame[modelled(frame, False)]
    vectors, about = read_vectors(tmp_path / "a.parquet", "34", frame["sentence_id"].tolist())
    assert np.array_equal(vectors, np.stack([made_vector(text) for text in frame["model_text"]]))
    assert about == {"embedding_model": "made", "embedding_sha256": "0" * 64}
    with pytest.raises(ResultError, match="made from another ingest"):
        read_vectors(tmp_path / "a.parquet", "34", ["34_1_0000"])
    assert read_vectors(tmp_path / "a.parquet", "56", [])[0].shape[0] == 0


def test_procedural_sentences_are_encoded_only_when_they_are_kept(
    ingested: tuple[Path, list[FirmRow]], tmp_path: Path
) -> None:
    kept = MadeEncoder()
    embed(ingested[0], ingested[1], tmp_path / "a.parquet", kept, keep_procedural=True)
    assert any("welcome" in text for text in kept.asked)


def test_workers_share_a_cache(tmp_path: Path) -> None:
    def work(number: int) -> int:
        cache = EmbeddingCache(tmp_path, "0" * 64)
        for step in range(20):
            cache.put({f"{number}-{step}".encode(): np.ones(4, dtype=np.float32)})
        found = cache.get([f"{number}-{step}".encode() for step in range(20)])
        cache.close()
        return len(found)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [20] * 4


def test_shards_split_the_firms_by_id_alone() -> None:
    shards = [shard_of(str(firm), 7) for firm in range(700)]
    assert set(shards) == set(range(7))
    assert max(map(shards.count, range(7))) < 150
    assert {shard_of(str(firm), 1) for firm in range(10)} == {0}


def test_padding_costs_at_most_a_tenth_and_few_lengths() -> None:
    lengths = [encoders._padded(n) for n in range(1, 513)]
    assert lengths == sorted(lengths)
    assert all(n <= padded < max(n + 4, 1.16 * n) for n, padded in enumerate(lengths, start=1))
    # Each length has a last batch to fill up, which is what many of them would cost.
    assert len(set(lengths[:256])) <= 30
