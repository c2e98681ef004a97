"""The guard of a run's folder: who may work in it, and what of it can be trusted.

Here without Snakemake, each call in a process of its own; tests/workflow/test_faults.py has the real command.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from earnings_themes.errors import BusyError
from earnings_themes.results.firms import parse_firms
from earnings_themes.system import run_guard
from earnings_themes.system.run_guard import VARIABLE, begin, making

CHAIN = {"a.txt": (), "b.txt": ("a.txt",), "b2.txt": ("a.txt",), "c.txt": ("b.txt", "b2.txt")}


@pytest.fixture(autouse=True)
def no_guard_is_left() -> Iterator[None]:
    """A job of a later test in this process would look for the head of this one, and end."""
    yield
    os.environ.pop(VARIABLE, None)
    for file in run_guard._held:
        os.close(file)
    run_guard._held.clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of four files, each made from those before it, by a head that has ended."""
    folder = tmp_path / "results" / "tiny"
    head(folder)
    for name, inputs in CHAIN.items():
        make(folder, name, *inputs)
    return folder


def head(folder: Path) -> list[str]:
    """Be a head for a moment: what it found is returned, and its lock is gone."""
    os.environ.pop(VARIABLE, None)
    found = begin(folder)
    os.close(run_guard._held.pop())
    return found


def make(folder: Path, name: str, *inputs: str, content: str = "whole") -> None:
    """Make a file as a job does, in a process of its own, because a job ends with its head."""
    code = (
        "import json, os, sys; from pathlib import Path; from earnings_themes.system import run_guard\n"
        "folder, name, content, *inputs = sys.argv[1:]\n"
        "run_guard.begin(Path(folder)) if not os.environ.get(run_guard.VARIABLE) else None\n"
        "run_guard._end_with_head = lambda *_: None\n"
        "with run_guard.making([f'{folder}/{i}' for i in inputs], [f'{folder}/{name}']):\n"
        "    Path(folder, name).write_text(content + name)\n"
    )
    said = json.dumps({"folder": str(folder), "head": "x"})
    subprocess.run(
        [sys.executable, "-c", code, str(folder), name, content, *inputs],
        env=os.environ | {VARIABLE: said},
        check=True,
    )


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.txt")}


def test_a_whole_run_is_left_as_it_is(folder: Path) -> None:
    times = {path: path.stat().st_mtime_ns for path in folder.glob("*.txt")}
    assert head(folder) == []
    assert times == {path: path.stat().st_mtime_ns for path in folder.glob("*.txt")}


@pytest.mark.parametrize(
    ("name", "stays"),
    [("a.txt", set()), ("b.txt", {"a.txt", "b2.txt"}), ("c.txt", {"a.txt", "b.txt", "b2.txt"})],
)
def test_a_cut_file_is_named_set_aside_and_goes_with_what_was_made_from_it(
    folder: Path, name: str, stays: set[str]
) -> None:
    about = (folder / name).stat()
    (folder / name).write_text("whol")
    os.utime(folder / name, ns=(about.st_atime_ns, about.st_mtime_ns))  # its time tells nothing
    (found, *_) = head(folder)
    assert str(folder / name) in found
    assert "is not as it was made" in found
    assert [path.read_text() for path in (folder / "set_aside").rglob(name)] == ["whol"]
    assert left(folder) == stays
    assert head(folder) == []


def test_a_table_cut_between_two_lines_reads_well_and_is_found_all_the_same(tmp_path: Path) -> None:
    table = tmp_path / "firms.tsv"
    header = "firm_id\tfirm_name\tn_calls\tn_sentences\trow_group\tdigest\n"
    make(tmp_path, "firms.tsv", content=header + "1\tOne\t1\t1\t0\tf\n2\tTwo\t1\t1\t1\tf\n")
    table.write_text(header + "1\tOne\t1\t1\t0\tf\n")
    assert len(parse_firms(table.read_bytes(), "firms.tsv")) == 1
    assert "firms.tsv: is not as it was made" in head(tmp_path)[0]


def test_a_missing_file_is_made_again_with_what_was_made_from_it(folder: Path) -> None:
    (folder / "b.txt").unlink()
    assert "is missing" in head(folder)[0]
    assert left(folder) == {"a.txt", "b2.txt"}


def test_an_old_schema_version_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_guard, "SCHEMA_VERSION", run_guard.SCHEMA_VERSION + 1)
    found = head(folder)
    assert "has schema version 2, this program writes 3" in found[0]
    assert left(folder) == set()


def test_what_was_made_from_another_state_is_found_without_times(folder: Path) -> None:
    """The clock went back and the call was killed: b is new, but older than the c that knows nothing of it."""
    make(folder, "b.txt", "a.txt", content="other")
    os.utime(folder / "b.txt", (1, 1))
    assert "made from another state of their input, and made again: 1, the first c.txt" in head(folder)[0]
    assert left(folder) == {"a.txt", "b.txt", "b2.txt"}


def test_an_input_made_again_just_the_same_makes_nothing_again(folder: Path) -> None:
    make(folder, "a.txt")
    assert head(folder) == []
    assert left(folder) == set(CHAIN)


def test_times_from_the_future_or_before_their_input_are_put_right(folder: Path) -> None:
    later = time.time() + 86_400
    os.utime(folder / "a.txt", (later, later))
    os.utime(folder / "c.txt", (1, 1))
    (folder / "benchmarks").mkdir()
    (folder / "benchmarks" / "c.tsv").write_text("s")
    os.utime(folder / "benchmarks" / "c.tsv", (1, 1))
    assert head(folder) == []
    times = [(folder / name).stat().st_mtime for name in ("a.txt", "b.txt", "c.txt")]
    assert times == sorted(times)
    assert times[-1] <= time.time()
    assert (folder / "benchmarks" / "c.tsv").stat().st_mtime >= times[-1]


def test_a_note_cut_by_a_power_loss_costs_its_file_and_no_more(folder: Path) -> None:
    (folder / ".guard/made/b.txt").write_text('{"sha256"')
    head(folder)
    assert left(folder) == {"a.txt", "b2.txt"}


def test_leftovers_and_snakemakes_own_locks_are_removed_but_not_another_runs(folder: Path) -> None:
    (folder / ".themes.json.123.part").write_text("half")
    locks = folder.parent / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text(f"{folder}/report.html\n")
    (locks / "1.output.lock").write_text(f"{folder.parent}/other/report.html\n")
    begin(folder, locks.parent)
    os.close(run_guard._held.pop())
    assert [path.name for path in locks.iterdir()] == ["1.output.lock"]
    assert not list(folder.glob(".*.part"))


HEAD = (
    "import sys, time; from pathlib import Path; from earnings_themes.system.run_guard import begin\n"
    "begin(Path(sys.argv[1])); print('begun', flush=True); time.sleep(600)"
)
JOB = (
    "import sys, time; from pathlib import Path; from earnings_themes.system.run_guard import making\n"
    "with making([], []): print('at work', flush=True); time.sleep(600)"
)


def test_a_second_call_gets_one_message_and_a_killed_one_leaves_nothing_to_unlock(tmp_path: Path) -> None:
    first = subprocess.Popen([sys.executable, "-c", HEAD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == "begun\n"
        with pytest.raises(
            BusyError, match=f"is being made by another call of snakemake .process {first.pid} "
        ):
            begin(tmp_path)
    finally:
        first.kill()
        first.wait()
    assert head(tmp_path) == []


def test_a_job_ends_with_its_head_and_one_that_starts_late_does_not_begin(tmp_path: Path) -> None:
    code = HEAD.replace("print('begun'", "import os; print(os.environ['EARNINGS_THEMES_GUARD']")
    first = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    said = first.stdout.readline().strip()
    job = subprocess.Popen(
        [sys.executable, "-c", JOB], env=os.environ | {VARIABLE: said}, stdout=subprocess.PIPE, text=True
    )
    assert job.stdout is not None
    assert job.stdout.readline() == "at work\n"
    first.kill()
    first.wait()
    assert job.wait(60) == 1
    assert head(tmp_path) == []
    late = subprocess.run(
        [sys.executable, "-c", JOB],
        env=os.environ | {VARIABLE: said},
        capture_output=True,
        text=True,
        check=False,
    )
    assert late.returncode != 0
    assert "the call of snakemake that started this job has ended" in late.stderr
    assert late.stdout == ""


def test_without_a_head_nothing_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with making([], [tmp_path / "x"]):
        (tmp_path / "x").write_text("x")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
