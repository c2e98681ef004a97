"""A pull from WRDS: rights, versions, links, a cut on the way, and the same bytes as from a CSV of the same calls."""

import csv
import datetime as dt
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from earnings_themes.cli.app import app
from earnings_themes.config import Source
from earnings_themes.errors import InputError, SourceError
from earnings_themes.ingest import wrds_pull
from earnings_themes.ingest.firm_list import connect
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.ingest.wrds_pull import Login, pull, quarters_of_span
from tests.conftest import SUBJECTS
from tests.wrds.server import Server, bin_dir, running

pytestmark = pytest.mark.skipif(bin_dir() is None, reason="PostgreSQL is not installed (Debian: postgresql)")

# Of all versions; tests.longer.wrds_turns takes a million.
N_TURNS = 1_200
TURNS_A_CALL = 20
DAYS = [dt.date(2023, 1, 31), dt.date(2023, 4, 28), dt.date(2023, 5, 3)]
SENTENCES = [sentence for subject in SUBJECTS.values() for sentence in subject]
WHOLE = (dt.date(2023, 1, 1), dt.date(2023, 6, 30))


def made_calls(
    n_turns: int,
) -> tuple[list[list[object]], list[list[object]], list[list[object]], list[dict[str, object]]]:
    """Return the three tables of WRDS with three versions a call, and the CSV of the versions that count."""
    detail: list[list[object]] = []
    person: list[list[object]] = []
    component: list[list[object]] = []
    plain: list[dict[str, object]] = []
    letters = random.Random(1)
    n_calls, n_firms = max(1, n_turns // (TURNS_A_CALL * 3)), max(12, n_turns // 2400)
    for call in range(n_calls):
        firm, day = 100 + call % n_firms, DAYS[call // n_firms % len(DAYS)]
        event, name = 5000.0 + call, f"Firm {firm}"
        for version, kind in enumerate(("Spellchecked Copy", "Edited Copy", "Proofed Copy")):
            transcript = 10.0 * call + version
            detail.append(
                [float(firm), name, event, transcript, f"{name}, Q1 2023 Earnings Call", day, dt.time(1, 30), 48.0,
                 kind,                 5.0 if version else 4.0, day + dt.timedelta(days=version), dt.time(12)]
            )  # fmt: skip
            for order in range(TURNS_A_CALL):
                key = transcript * 100 + order
                words = " ".join("".join(letters.choices("abcdefghij", k=6)) for _ in range(12))
                text = f"We said {words}. It was call {call}, part {order} of {version}."
                text += f"\n{SENTENCES[(call * 7 + order) % len(SENTENCES)]}"
                person.append(
                    [transcript, key, float(order), "Answer", "Executives", "Dana Doyle", text[:20]]
                )
                component.append([key, transcript, float(order), 4.0, text])
                if version == 2:
                    plain.append(
                        {"companyid": firm, "companyname": name, "keydevid": int(event),
                         "transcriptid": int(transcript),
                         "headline": f"{name}, Q1 2023 Earnings Call", "mostimportantdateutc": day,
                         "mostimportanttimeutc": "01:30:00", "componentorder": order,
                         "transcriptcomponenttypename": "Answer", "speakertypename": "Executives",
                         "transcriptpersonname": "Dana Doyle", "componenttext": text}
                    )  # fmt: skip
    return detail, person, component, plain


def fill(server: Server, n_turns: int) -> list[dict[str, object]]:
    """Fill WRDS's tables, and return the rows of the CSV that holds the versions that count."""
    detail, person, component, plain = made_calls(n_turns)
    # Another kind of event, and a call of no one's.
    other = [1.0, 999_999.0, "A conference", DAYS[0], None, 51.0, "Proofed Copy", 5.0, DAYS[0], None]
    detail.append([*detail[0][:2], *other])
    server.fill("ciq.wrds_transcript_detail", detail)
    server.fill("ciq.wrds_transcript_person", person)
    server.fill("ciq.ciqtranscriptcomponent", component)
    server.fill("ciq_common.wrds_gvkey", [
        [100.0, "1004", dt.date(2000, 1, 1), dt.date(2023, 3, 31)], [100.0, "1005", dt.date(2023, 4, 1), None],
    ])  # fmt: skip
    server.fill("crsp.ccmxpf_lnkhist", [
        ["001004", 10107.0, "LC", "P", dt.date(1990, 1, 1), None],
        ["001004", 9.0, "NR", "P", dt.date(1990, 1, 1), None],
    ])  # fmt: skip
    return plain


def write_csv(path: Path, rows: list[dict[str, object]]) -> None:
    """Write the calls as a researcher's export has them."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def wrds() -> Iterator[tuple[Server, list[dict[str, object]]]]:
    with running() as server:
        yield server, fill(server, N_TURNS)


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "a word")
    monkeypatch.setenv("PGSSLMODE", "disable")


def login(server: Server, user: str = "faculty") -> Login:
    return Login(user, "127.0.0.1", server.port)


def test_a_pull_gives_the_same_bytes_as_a_csv_of_the_versions_that_count(
    wrds: tuple[Server, list[dict[str, object]]], tmp_path: Path
) -> None:
    server, plain = wrds
    files = pull(tmp_path / "wrds", *WHOLE, login(server))
    assert [file.name for file in files] == ["calls_2023Q1.parquet", "calls_2023Q2.parquet"]
    receipts = [json.loads(file.with_suffix(".json").read_text()) for file in files]
    assert sum(receipt["turns"] for receipt in receipts) == len(plain)
    assert sum(receipt["versions_left_out"] for receipt in receipts) == 2 * len(plain) // TURNS_A_CALL
    write_csv(tmp_path / "calls.csv", plain)
    for kind, path in (("wrds", "wrds"), ("local_csv", "calls.csv")):
        source = Source(kind, str(tmp_path / path))
        ingest(
            source,
            tmp_path / f"{kind}.t",
            tmp_path / f"{kind}.f",
            tmp_path / "i.json",
            calls=tmp_path / f"{kind}.c",
        )
    for end in "tfc":
        assert (tmp_path / f"wrds.{end}").read_bytes() == (tmp_path / f"local_csv.{end}").read_bytes()
    # 1:30 UTC is the evening before in New York.
    dates = set(pq.read_table(tmp_path / "wrds.c")["date"].to_pylist())
    assert dates <= {day - dt.timedelta(days=1) for day in DAYS}


def test_links_hold_on_the_day_of_the_call_and_what_may_not_be_read_is_left_out(
    wrds: tuple[Server, list[dict[str, object]]], tmp_path: Path
) -> None:
    tables = [pq.read_table(file) for file in pull(tmp_path, *WHOLE, login(wrds[0]))]
    of_firm = [table.filter(table["companyid"].to_numpy(zero_copy_only=False) == "100") for table in tables]
    assert [set(table["gvkey"].to_pylist()) for table in of_firm] == [{"001004"}, {"001005"}]
    assert [set(table["permno"].to_pylist()) for table in of_firm] == [{"10107"}, {None}]
    assert "sic" not in tables[0].column_names, "comp.company was not granted"


def test_a_pull_that_was_cut_goes_on_with_the_next_quarter(
    wrds: tuple[Server, list[dict[str, object]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = wrds_pull._pull_quarter
    server = wrds[0]

    def cut(connection: object, file: Path, *rest: object) -> None:
        if "Q2" in file.name:
            with server.admin() as admin:
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'faculty'"
                )
        whole(connection, file, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(wrds_pull, "_pull_quarter", cut)
    with pytest.raises(SourceError, match="1 of 2 quarters are whole; type the same command again"):
        pull(tmp_path, *WHOLE, login(server))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["calls_2023Q1.json", "calls_2023Q1.parquet"]
    first = (tmp_path / "calls_2023Q1.parquet").stat().st_mtime_ns
    monkeypatch.setattr(wrds_pull, "_pull_quarter", whole)
    assert len(pull(tmp_path, *WHOLE, login(server))) == 2
    assert (tmp_path / "calls_2023Q1.parquet").stat().st_mtime_ns == first
    with pytest.raises(InputError, match=r"this quarter was pulled with .*'latest'.*another folder"):
        pull(tmp_path, *WHOLE, login(server), version="earliest")


def test_what_a_login_may_not_do_is_said_with_what_to_do(
    wrds: tuple[Server, list[dict[str, object]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(
        SourceError,
        match=r"no table wrds_transcript_person: ciq_transcripts\.wrds_transcript_person \(permission denied\)",
    ):
        pull(tmp_path, *WHOLE, login(wrds[0], "student"))
    monkeypatch.setenv("PGPASSWORD", "open sesame")
    with pytest.raises(SourceError, match=r"the login was refused.*~/\.pgpass") as error:
        pull(tmp_path, *WHOLE, login(wrds[0]))
    assert "sesame" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_versions_may_all_be_pulled_and_the_run_chooses(
    wrds: tuple[Server, list[dict[str, object]]], tmp_path: Path
) -> None:
    server, plain = wrds
    pull(tmp_path / "all", *WHOLE, login(server), version="all")
    source = Source("wrds", str(tmp_path / "all"))
    ingest(source, tmp_path / "t", tmp_path / "f", tmp_path / "i.json")
    report = json.loads((tmp_path / "i.json").read_text())
    assert report["skipped_rows"] == {"another version of a call": 2 * len(plain)}
    assert report["calls"] == len(plain) // TURNS_A_CALL


def test_the_command_and_what_a_run_says_without_its_receipt(
    wrds: tuple[Server, list[dict[str, object]]], tmp_path: Path
) -> None:
    command = ["wrds", "pull", "--out", str(tmp_path), "--start", "2023-01-01", "--end", "2023-03-31",
               "--user", "faculty",
               "--host", "127.0.0.1", "--port", str(wrds[0].port)]  # fmt: skip
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "source: {kind: wrds" in done.output
    receipt = tmp_path / "calls_2023Q1.json"
    whole = receipt.read_text()
    receipt.write_text(whole[:20])
    with pytest.raises(InputError, match=r"no receipt calls_2023Q1\.json.*wrds pull again"):
        connect(Source("wrds", str(tmp_path))).version()
    assert CliRunner().invoke(app, command, catch_exceptions=False).exit_code == 0
    assert receipt.read_text() == whole
    receipt.unlink()
    with pytest.raises(InputError, match=r"no receipt calls_2023Q1\.json.*wrds pull again"):
        connect(Source("wrds", str(tmp_path))).version()


def test_a_span_is_cut_into_its_quarters() -> None:
    found = list(quarters_of_span(dt.date(2022, 11, 5), dt.date(2023, 4, 1)))
    assert [name for name, _, _ in found] == ["2022Q4", "2023Q1", "2023Q2"]
    assert found[0][1:] == (dt.date(2022, 11, 5), dt.date(2023, 1, 1))
    assert found[-1][1:] == (dt.date(2023, 4, 1), dt.date(2023, 4, 2))
