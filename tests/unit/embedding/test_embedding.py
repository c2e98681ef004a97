"""Vectors: each sentence once, the same bits whatever surrounds it, and only from weights that are known."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from earnings_themes.config import Embedding, Source
from earnings_themes.embedding import encoders
from earnings_themes.embedding.cache import EmbeddingCache
from earnings_themes.embedding.encoders import Encoder, choose_device, precision_on
from earnings_themes.embedding.shard import embed, embed_shard, modelled, read_vectors
from earnings_themes.embedding.space import load_space
from earnings_themes.embedding.student import unit
from earnings_themes.errors import ModelError, ResultError
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.artifacts import read_sentences
from earnings_themes.results.firms import FirmRow, read_firms, shard_of
from tests.conftest import SUBJECTS, MadeEncoder, made_vector

TEXTS = [text for said in SUBJECTS.values() for text in said]
SETTINGS = Embedding(batch_size=8, cache=None)


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return Encoder(SETTINGS)


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


def test_a_vector_depends_on_its_sentence_alone_to_the_last_bit(encoder: Encoder) -> None:
    together = encoder.encode(TEXTS)
    backwards = encoder.encode(TEXTS[::-1])[::-1]
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS[:5]])
    assert together.tobytes() == backwards.tobytes()
    assert together[:5].tobytes() == alone.tobytes()


def test_a_vector_does_not_depend_on_the_number_of_threads(encoder: Encoder) -> None:
    assert Encoder(SETTINGS, threads=3).encode(TEXTS).tobytes() == encoder.encode(TEXTS).tobytes()


def test_the_vectors_are_those_of_the_reference_library(encoder: Encoder) -> None:
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
        Encoder(SETTINGS)


def test_a_folder_is_a_model_too(encoder: Encoder) -> None:
    folder, _ = encoders._locate("packaged")
    other = Encoder(Embedding(folder, batch_size=8, cache=None))
    assert other.sha256 == encoder.sha256 == encoders.PACKAGED_SHA256
    assert other.encode(TEXTS[:3]).tobytes() == encoder.encode(TEXTS[:3]).tobytes()


def test_what_cannot_be_loaded_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="'no-such/model' cannot be loaded"):
        Encoder(Embedding("no-such/model", batch_size=8, cache=None))
    import torch

    if not torch.cuda.is_available():
        with pytest.raises(ModelError, match=r"finds no CUDA device\. Set embedding.device: auto"):
            Encoder(Embedding(device="cuda", cache=None))


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen", "precision"),
    [(True, False, "cuda", "float16"), (False, True, "mps", "float16"), (False, False, "cpu", "float32")],
)
def test_auto_takes_the_gpu_that_torch_finds(
    cuda: bool, mps: bool, chosen: str, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert choose_device("auto") == chosen
    assert precision_on(choose_device("auto")) == precision
    assert choose_device("cpu") == "cpu"


def test_vectors_of_a_gpu_stay_apart_in_the_cache_and_are_near_the_reference(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The CPU computes here as a GPU would: torch gets the same precision, and only the device's name is another.
    monkeypatch.setattr(encoders, "precision_on", lambda device: "float16")
    half = Encoder(Embedding(device="cpu", cache=None))
    assert half._model.dtype == torch.float16
    cosines = (unit(half.encode(TEXTS)) * unit(encoder.encode(TEXTS))).sum(axis=1)
    assert cosines.min() > 0.9999
    monkeypatch.setattr(half, "_device", "cuda")
    assert half.key != encoder.key and half.key.startswith(encoder.key)


def write(
    ingested: tuple[Path, list[FirmRow]], output: Path, keep: bool = False, cache: Path | None = None
) -> list[str]:
    """Embed the quarter, and return what the encoder was asked for."""
    encoder = MadeEncoder()
    embed(*ingested, output, encoder, load_space(), keep, cache)
    return encoder.asked


def test_a_second_run_encodes_nothing(ingested: tuple[Path, list[FirmRow]], tmp_path: Path) -> None:
    first = write(ingested, tmp_path / "a.parquet", cache=tmp_path / "cache")
    second = write(ingested, tmp_path / "b.parquet", cache=tmp_path / "cache")
    assert len(first) == len(set(first)) == 48
    assert second == []
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_without_a_cache_a_sentence_of_many_firms_is_still_encoded_once(
    ingested: tuple[Path, list[FirmRow]], tmp_path: Path
) -> None:
    assert len(write(ingested, tmp_path / "a.parquet")) == 48


def test_a_firm_gets_its_own_vectors_in_its_own_order(
    ingested: tuple[Path, list[FirmRow]], tmp_path: Path
) -> None:
    write(ingested, tmp_path / "a.parquet")
    frame = read_sentences(ingested[0], "34")
    frame = frame[modelled(frame, False)]
    found = read_vectors(tmp_path / "a.parquet", "34")
    texts, calls = frame["model_text"].tolist(), frame["transcript_id"].tolist()
    encoded = np.stack([made_vector(text, 384) for text in texts])
    expected = load_space().vectors(texts, calls, frame["position"].tolist(), encoded)
    assert found.sentence_ids == frame["sentence_id"].tolist()
    assert found.vectors.dtype == np.int8 and found.vectors.shape == (len(texts), 128)
    assert np.array_equal(found.vectors, expected.rows)
    assert np.array_equal(found.content, expected.content)
    assert found.about == {
        "embedding_model": "made",
        "embedding_sha256": MadeEncoder.sha256,
        "space": load_space().digest,
    }
    assert read_vectors(tmp_path / "a.parquet", "56").sentence_ids == []


def test_a_firms_vectors_depend_on_no_other_firm(
    ingested: tuple[Path, list[FirmRow]], tmp_path: Path
) -> None:
    transcripts, firms = ingested
    write(ingested, tmp_path / "all.parquet")
    for firm in firms:
        write((transcripts, [firm]), tmp_path / "one.parquet")
        together = read_vectors(tmp_path / "all.parquet", firm.firm_id)
        alone = read_vectors(tmp_path / "one.parquet", firm.firm_id)
        assert alone.vectors.tobytes() == together.vectors.tobytes()
        assert alone.content.tobytes() == together.content.tobytes()


def test_procedural_sentences_are_encoded_only_when_they_are_kept(
    ingested: tuple[Path, list[FirmRow]], tmp_path: Path
) -> None:
    assert any("welcome" in text for text in write(ingested, tmp_path / "a.parquet", keep=True))
    assert not any("welcome" in text for text in write(ingested, tmp_path / "b.parquet", keep=False))


def test_an_encoder_that_the_space_was_not_fitted_on_is_refused(
    ingested: tuple[Path, list[FirmRow]], tmp_path: Path
) -> None:
    other = MadeEncoder()
    other.sha256 = "1" * 64
    with pytest.raises(ModelError, match="fitted on another encoder than made"):
        embed(*ingested, tmp_path / "a.parquet", other, load_space(), False)
    assert not (tmp_path / "a.parquet").exists()


def test_a_file_of_vectors_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "0000.parquet"
    path.write_bytes(b"PAR1 and then nothing")
    for there in (True, False):
        with pytest.raises(ResultError, match=r"0000\.parquet: cannot be read .*embed makes it"):
            read_vectors(path, "1")
        if there:
            path.unlink()


def test_the_static_model_encodes_without_torch(ingested: tuple[Path, list[FirmRow]], tmp_path: Path) -> None:
    transcripts, _ = ingested
    code = f"""
import sys
from pathlib import Path
from earnings_themes.config import Embedding
from earnings_themes.embedding.shard import embed_shard
embed_shard({str(transcripts)!r}, Path({str(transcripts.with_name("firms.tsv"))!r}),
            Path({str(tmp_path / "static.parquet")!r}), 0, Embedding("static"), False)
print(*{{"torch", "transformers", "sentence_transformers"}} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
    found = read_vectors(tmp_path / "static.parquet", "34")
    assert found.vectors.shape[1] == 64 and found.about["embedding_model"] == "static"
    embed_shard(
        transcripts,
        transcripts.with_name("firms.tsv"),
        tmp_path / "again.parquet",
        0,
        Embedding("static"),
        False,
    )
    assert (tmp_path / "again.parquet").read_bytes() == (tmp_path / "static.parquet").read_bytes()


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
