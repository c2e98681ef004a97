"""Faults on a run on this disk: after each, the next call ends with the results of a run that nothing disturbed.

What is compared is every result, but for what says when and how fast it was made. `make faults` goes on from here
with kills at random moments.
"""

import json
import os
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from earnings_themes.abstractions import SCHEMA_VERSION
from tests.conftest import small_disk_at
from tests.unit.system.test_run_guard import HEAD
from tests.workflow.conftest import Folder, differences
from tests.workflow.test_workflow import TAIL, settings, topics_of


def test_killed_jobs_and_a_killed_snakemake_cost_no_more_than_a_second_call(
    fresh: Folder, finished: Folder
) -> None:
    for number, victim in enumerate(("self", "self", "head")):
        (fresh.path / f"kill.{number}").write_text(victim)
    first = fresh.snakemake()
    assert first.status == -9, first.text
    assert len(list(fresh.path.glob("taken.*"))) == 3
    assert not (fresh.results() / "report.html").exists()
    # No --unlock and no --rerun-incomplete.
    second = fresh.snakemake()
    assert second.status == 0, second.text
    assert "Reading and splitting the transcripts" not in second.jobs
    assert differences(fresh, finished) == []
    assert fresh.snakemake().jobs == []


def test_a_call_that_was_killed_while_it_noted_that_a_job_is_done_is_gone_on_with(
    finished: Folder, tmp_path: Path
) -> None:
    """The report is there and whole, but for a part of its files Snakemake still has the note that they are not."""
    folder = finished.copy(tmp_path / "copy")
    for name in ("panel.parquet", "quality.json"):
        note = (
            folder.path
            / ".snakemake/incomplete"
            / urlsafe_b64encode(f"results/tiny/{name}".encode()).decode()
        )
        note.parent.mkdir(exist_ok=True)
        note.write_text('{"external_jobid": null}')
    second = folder.snakemake()
    assert second.status == 0, second.text
    assert second.jobs == [
        "Counting sentences by call and theme",
        "Measuring the run and drawing its report",
    ]
    assert differences(folder, finished) == []


def test_a_second_call_in_one_folder_is_refused_with_one_message(finished: Folder, tmp_path: Path) -> None:
    folder = finished.copy(tmp_path / "copy")
    command = [sys.executable, "-c", HEAD, "results/tiny"]
    other = subprocess.Popen(command, cwd=folder.path, stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        other.stdout.readline()
        refused = folder.snakemake("--forcerun", "themes")
        looked = folder.snakemake("-n", "--forcerun", "themes")
    finally:
        other.kill()
        other.wait()
    assert refused.status == 1
    assert f"results/tiny is being made by another call of snakemake (process {other.pid} on " in refused.text
    assert "Traceback (most" not in refused.text
    assert refused.jobs == []
    assert looked.jobs == TAIL


def test_a_cut_file_is_found_and_clocks_that_differ_are_not_noticed(finished: Folder, tmp_path: Path) -> None:
    folder = finished.copy(tmp_path / "copy")
    later = time.time() + 86_400
    for path in (folder.path / "calls.csv", folder.results() / "transcripts.parquet"):
        os.utime(path, (later, later))
    topics = folder.results() / "topics/23.json"
    about = topics.stat()
    topics.write_bytes(topics.read_bytes()[:5000])
    os.utime(topics, ns=(about.st_atime_ns, about.st_mtime_ns))
    old = folder.results() / "topics/34.json"
    note = folder.results() / ".guard/made/topics/34.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | {"schema_version": 0}))
    # Snakemake forgives small files their times for their digests; a real run's are larger.
    run = folder.snakemake("--max-checksum-file-size", "0")
    assert run.status == 0, run.text
    assert "results/tiny/topics/23.json: is not as it was made" in run.text
    assert (
        f"results/tiny/topics/34.json: has schema version 0, this program writes {SCHEMA_VERSION}" in run.text
    )
    assert run.jobs == sorted([*topics_of("23", "34"), *TAIL])
    assert differences(folder, finished) == []
    assert [path.stat().st_size for path in (folder.results() / "set_aside").rglob("23.json")] == [5000]
    assert old.exists()


def test_a_source_that_changed_is_read_again_however_old_its_time(finished: Folder, tmp_path: Path) -> None:
    folder = finished.copy(tmp_path / "copy")
    calls = folder.path / "calls.csv"
    calls.write_bytes(calls.read_bytes().replace(b"Ocean freight", b"Rail freight"))
    os.utime(calls, (1, 1))
    assert "Reading and splitting the transcripts" in folder.snakemake("-n").jobs


def test_a_file_that_may_not_be_so_large_is_one_message_and_leaves_nothing_half_written(
    fresh: Folder,
) -> None:
    with (fresh.path / "calls.csv").open("a", encoding="utf-8") as file:
        for n in range(400):
            file.write(
                f"78,Fallow Inc.,978,2023-05-04,{n},Barley prices rose on harvest {n} in region {n * 7}.,,,,\n"
            )
    limited = fresh.snakemake("--until", "embed", before=["prlimit", f"--fsize={300 * 1024}"])
    assert limited.status == 1, limited.text
    said = (fresh.results() / "logs/embed/0000.log").read_text()
    assert "the file would be larger than this system allows (ulimit -f)" in said
    assert "Traceback" not in said
    left = [path for path in fresh.results().rglob("*.part*") if path.is_file()]
    assert left == []
    assert not (fresh.results() / "embeddings/0000.parquet").exists()
    done = fresh.snakemake("--until", "embed")
    assert done.status == 0, done.text


@pytest.fixture
def small_disk(fresh: Folder) -> Iterator[Path]:
    """The folder of results, on a disk that holds the sentences and some of the rest."""
    results = fresh.path / "results"
    results.mkdir()
    with small_disk_at(results, "400k"):
        yield results


def test_a_disk_that_was_full_costs_no_more_than_a_second_call(
    fresh: Folder, finished: Folder, small_disk: Path
) -> None:
    first = fresh.snakemake()
    assert first.status == 1, first.text
    assert "the disk is full. Make room" in first.text
    assert (small_disk / "tiny/transcripts.parquet").exists(), (
        "full before anything was done: nothing is shown"
    )
    assert [path for path in small_disk.rglob("*.part*") if path.is_file()] == []
    subprocess.run(["mount", "-o", "remount,size=100m", str(small_disk)], check=True)
    second = fresh.snakemake()
    assert second.status == 0, second.text
    assert "Reading and splitting the transcripts" not in second.jobs
    assert differences(fresh, finished) == []


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder that cannot be written: by its rights, or for root, who has them all, by its file system."""
    folder = tmp_path / "read only"
    folder.mkdir()
    if os.getuid():
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)
        return
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("root may write everywhere, and cannot mount a read-only file system here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_read_only_folder_is_one_message_and_costs_nothing(
    fresh: Folder, finished: Folder, read_only: Path
) -> None:
    (fresh.path / "results").symlink_to(read_only)
    run = fresh.snakemake()
    assert run.status == 1
    assert "may not be written. Run in a folder that can be written." in run.text
    assert "Traceback (most" not in run.text
    assert run.jobs == []
    (fresh.path / "results").unlink()
    assert fresh.snakemake().status == 0
    assert differences(fresh, finished) == []


def test_a_mistaken_setting_leaves_no_lock(fresh: Folder) -> None:
    fresh.configure(**settings(source={"path": "nowhere.csv"}))
    assert fresh.snakemake().status != 0
    fresh.configure(**settings())
    assert fresh.snakemake("--until", "ingest").status == 0
