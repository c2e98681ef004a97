"""A job's log: a mistake of the user's is one line, a bug keeps its traceback, and both end the job."""

from pathlib import Path

import pytest

from earnings_themes.errors import InputError
from earnings_themes.system.job import WORKFLOW_CODE, code_version, job, logger


def test_a_users_mistake_is_one_line_and_exit_status_1(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "x.log"
    with pytest.raises(SystemExit) as ended, job(log):
        raise InputError("calls.csv, line 3: no.")
    assert ended.value.code == 1
    assert log.read_text().count("\n") == 1
    assert "InputError: calls.csv, line 3: no." in log.read_text()


def test_a_bug_keeps_its_traceback(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), job(tmp_path / "x.log"):
        _ = 1 / 0
    assert "Traceback" in (tmp_path / "x.log").read_text()


def test_a_second_job_does_not_write_into_the_first_log(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with job(tmp_path / name):
            logger.info("here is %s", name)
    assert "here is b" not in (tmp_path / "a").read_text()
    assert "here is b" in (tmp_path / "b").read_text()


def test_a_worker_with_other_code_than_the_workflow_stops_before_it_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WORKFLOW_CODE, "0.0.9+0123456789ab")
    with pytest.raises(SystemExit), job(tmp_path / "x.log"):
        raise AssertionError("the job's work began")
    said = (tmp_path / "x.log").read_text()
    assert f"This worker has earnings-themes {code_version()}" in said
    assert "the workflow that sent the job has 0.0.9+0123456789ab" in said
    monkeypatch.setenv(WORKFLOW_CODE, code_version())
    with job(tmp_path / "y.log"):
        logger.info("done")
    assert "done" in (tmp_path / "y.log").read_text()
