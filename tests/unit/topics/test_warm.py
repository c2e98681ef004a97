"""The warm process: work is done in a child of it, and wherever it cannot be, in the job itself."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import yaml

from earnings_themes.topics import topics_job, warm


@pytest.fixture
def warm_name(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A name for a warm process of this test's own; what is left of it is ended."""
    name = str(time.time_ns())
    monkeypatch.setenv(warm.VARIABLE, name)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))  # for this file's own functions
    yield name
    server = warm.call("os:getppid", {})
    if server != os.getppid():
        os.kill(server, signal.SIGKILL)


def ended(pid: int, seconds: float = 60) -> bool:
    """Return whether the process ends within that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        process = Path(f"/proc/{pid}")
        with contextlib.suppress(FileNotFoundError):
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            # A process whose first thread has ended keeps its sockets until the last one has.
            if state != "Z" or len(list((process / "task").iterdir())) > 1:
                time.sleep(0.1)
                continue
        return True
    return False


needs_proc = pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked at in /proc")


@needs_proc
def test_jobs_share_a_process_that_outlives_its_children_and_ends_by_itself(warm_name: str) -> None:
    children = Counter(warm.call("os:getpid", {}) for _ in range(120))
    servers = {warm.call("os:getppid", {}) for _ in range(2)}
    # They share children, of which none does more than fifty.
    assert len(children) < 10
    assert max(children.values()) <= 50
    assert os.getpid() not in children
    assert len(servers) == 1
    (server,) = servers
    # Children that ended are collected, else ten thousand firms fill the process table.
    assert len(Path(f"/proc/{server}/task/{server}/children").read_text().split()) < 5
    assert ended(server)
    assert all(ended(child) for child in children)


@needs_proc
def test_jobs_at_once_have_a_child_each(warm_name: str) -> None:
    with ThreadPoolExecutor(4) as together:
        children = set(together.map(lambda _: warm.call("tests.unit.topics.test_warm:slow", {}), range(4)))
    assert len(children) == 4


def slow() -> int:
    time.sleep(1)
    return os.getpid()


@needs_proc
def test_a_job_s_folder_and_output_are_its_own(
    warm_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        warm.call("tests.unit.topics.test_warm:where", {})
        assert capfd.readouterr().out == f"{tmp_path / name}\n"


def where() -> int:
    print(Path.cwd())
    return 0


@needs_proc
def test_when_the_process_is_killed_the_job_does_the_work_itself_and_the_next_one_starts_another(
    warm_name: str,
) -> None:
    server = warm.call("os:getppid", {})
    # A child that kills its parent and itself: no answer, so the job has to do it.
    assert warm.call("tests.unit.topics.test_warm:kill_all_but", {"survivor": os.getpid()}) == 7
    assert ended(server)
    assert warm.call("os:getpid", {}) != os.getpid()


def kill_all_but(survivor: int) -> int:
    if os.getpid() == survivor:
        return 7
    os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


@needs_proc
def test_a_child_that_outlives_the_process_keeps_no_job_waiting(warm_name: str, tmp_path: Path) -> None:
    server = warm.call("os:getppid", {})
    assert server != os.getppid()
    note = tmp_path / "child"
    arguments = {"note": str(note)}
    code = f"from earnings_themes.topics import warm; warm.call('tests.unit.topics.test_warm:linger', {arguments!r})"
    job = subprocess.Popen([sys.executable, "-c", code])
    while not (note.exists() and note.read_text()):
        assert job.poll() is None
        time.sleep(0.05)
    os.kill(server, signal.SIGKILL)
    assert ended(server)
    # The child lingers for ten minutes yet.
    assert warm.call("os:getppid", {}) not in (server, os.getppid())
    assert not ended(int(note.read_text()), seconds=0.1)
    job.kill()
    job.wait()


@needs_proc
def test_a_child_ends_with_the_job_that_asked_for_it(warm_name: str, tmp_path: Path) -> None:
    warm.call("os:getpid", {})
    note = tmp_path / "child"
    code = (
        "from earnings_themes.topics import warm; "
        f"warm.call('tests.unit.topics.test_warm:linger', {{'note': {str(note)!r}}})"
    )
    job = subprocess.Popen([sys.executable, "-c", code])
    while not (note.exists() and note.read_text()):
        assert job.poll() is None
        time.sleep(0.05)
    job.kill()
    job.wait()
    assert ended(int(note.read_text()))


def linger(note: str) -> int:
    Path(note).write_text(str(os.getpid()))
    time.sleep(600)
    return 0


def test_without_a_name_the_job_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(warm.VARIABLE, raising=False)
    assert warm.call("os:getpid", {}) == os.getpid()
    monkeypatch.setenv(warm.VARIABLE, "0")
    assert warm.call("os:getpid", {}) == os.getpid()


def test_a_folder_that_others_can_enter_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(warm.VARIABLE, "1")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    folder = tmp_path / f"earnings-themes-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o755)
    assert warm.call("os:getpid", {}) == os.getpid()


@needs_proc
def test_a_firm_that_fails_says_so_in_its_log_on_stderr_and_by_its_status(
    warm_name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = yaml.safe_load((Path(__file__).parents[3] / "config/config.yaml").read_text(encoding="utf-8"))
    given = {
        "settings": json.dumps({name: config[name] for name in ("run", "topics", "seed")}),
        "firm": "1",
        "files": {name: str(tmp_path / name) for name in ("firms", "transcripts", "embeddings")},
        "output": str(tmp_path / "1.json"),
        "log": str(tmp_path / "log"),
    }
    for run in (
        partial(warm.call, "earnings_themes.topics.topics_job:run"),
        lambda about: topics_job.run(**about),
    ):
        assert run(given) == 1
        assert "Delete it and run again; ingest makes it" in (tmp_path / "log").read_text()
        assert "Delete it and run again; ingest makes it" in capfd.readouterr().err
