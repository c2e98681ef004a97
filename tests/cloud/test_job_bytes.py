"""What one firm's job reads from S3, of files that all firms share: at most twice what the firm needs, and 5 MB."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from earnings_themes.config import Source, TopicSettings
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.firms import shard_of
from earnings_themes.topics.firm import process_firm_files
from tests.cloud.conftest import BUCKET
from tests.cloud.job_bytes import MARGIN, SHARDS, needed, write_quarter
from tests.conftest import REPO
from tests.offline_aws import OfflineAWS

REAL = "05000"
SHARD = shard_of(REAL, SHARDS)
TINY = next(f"{number:05d}" for number in range(100) if shard_of(f"{number:05d}", SHARDS) == SHARD)


@pytest.fixture(scope="module")
def firms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """The sentences of 10,000 firms: three each, but of one as many as two calls of the sample have."""
    folder = tmp_path_factory.mktemp("sample")
    source = Source("local_csv", str(REPO / "data/sample_calls.csv"), firms=("0047190", "118827"))
    ingest(source, folder / "transcripts.parquet", folder / "firms.tsv", folder / "ingest.json")
    sample = pq.read_table(folder / "transcripts.parquet")
    return {f"{number:05d}": sample.slice(40, 3) for number in range(10_000)} | {REAL: sample}


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory, firms: dict[str, pa.Table]) -> Path:
    folder = tmp_path_factory.mktemp("quarter")
    write_quarter(folder, firms, SHARD)
    return folder


@pytest.mark.parametrize("firm_id", [TINY, REAL])
def test_a_job_among_ten_thousand_firms_reads_little_more_than_its_own(
    aws: OfflineAWS, tmp_path: Path, quarter: Path, firms: dict[str, pa.Table], firm_id: str
) -> None:
    s3 = aws.client("s3")
    for path in (path for path in quarter.rglob("*") if path.is_file()):
        s3.upload_file(str(path), BUCKET, str(path.relative_to(quarter)))
    begun = len(aws.served)
    found = process_firm_files(
        run="many",
        firm_id=firm_id,
        firms=f"s3://{BUCKET}/firms.tsv",
        transcripts=f"s3://{BUCKET}/transcripts.parquet",
        embeddings=f"s3://{BUCKET}/embeddings/{SHARD:04d}.parquet",
        output=tmp_path / "topics.json",
        # Nothing is fitted, but all is read.
        settings=TopicSettings("bertopic", min_sentences=100_000, keep_procedural=False),
        seed=1,
    )
    assert found.metadata["n_sentences"] == firms[firm_id].num_rows
    read = sum(served.n_bytes for served in aws.served[begun:])
    limit = 2 * needed(tmp_path / "alone", firm_id, firms[firm_id]) + MARGIN
    assert read > needed(tmp_path / "counted", firm_id, firms[firm_id]) / 2, "the count misses what was read"
    asked = [f"{served.request} {served.query}" for served in aws.served[begun:]]
    assert not any("firms.tsv" in each for each in asked), "the firm's own rows have its name"
    assert len(asked) <= 6, "of each file the end, what is left of its table of contents, and the firm's rows"
    assert read <= limit, (
        f"read {read:,} bytes for {found.metadata['n_sentences']} sentences, limit {limit:,}"
    )
