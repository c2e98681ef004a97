"""The paragraph that a call ends with: what was made and left out, what failed and which log says why."""

import json
import os
from pathlib import Path

from earnings_themes.results.ending import failed, succeeded
from earnings_themes.results.firms import FirmRow, write_firms

BEGAN = 1_700_000_000.0


def _run(folder: Path) -> Path:
    """A run's folder of three firms, one with too little text and one without topics."""
    names = {"0047": "Acme Corp", "12": "Beta Inc", "99": "Gamma Ltd"}
    folder.mkdir()
    write_firms(folder / "firms.tsv", [FirmRow(firm, name, 2, 50, 0, "0") for firm, name in names.items()])
    (folder / "topics").mkdir()
    for firm in ("0047", "99"):
        (folder / "topics" / f"{firm}.json").touch()
    (folder / "logs" / "topics").mkdir(parents=True)
    return folder


def _log(path: Path, text: str, when: float = BEGAN + 60) -> None:
    path.write_text(text, encoding="utf-8")
    os.utime(path, (when, when))


def _said(folder: Path, name: str, value: object) -> None:
    (folder / name).write_text(json.dumps(value), encoding="utf-8")


def test_a_finished_run_says_what_was_made_what_was_left_out_and_where_the_report_is(tmp_path: Path) -> None:
    run = _run(tmp_path / "mine")
    values = {"sentences": 1500, "themes": 12, "broad": 1, "coverage_content": 0.707}
    _said(run, "quality.json", {"metrics": {name: {"value": value} for name, value in values.items()}})
    _said(run, "ingest.json", {"skipped_rows": {"empty_text": 1200, "duplicate": 3}})
    _said(run, "reduce.json", {"skipped_firms": [{"firm_id": "99", "reason": "too_few_sentences"}]})
    assert succeeded(str(run)).splitlines() == [
        "Done: 3 firms, 6 calls, 1,500 sentences; 12 themes in 1 broad theme, with 71% of the sentences that have a subject.",
        "Left out: 1 firm (too few sentences: Gamma Ltd); 1,203 rows of the input (duplicate 3, empty text 1,200).",
        f"Panel: {run}/panel.parquet, explained in {run}/codebook.md",
        f"Report: {run}/report.html",
    ]


def test_texts_that_the_subject_space_does_not_know_are_named_with_what_to_type(tmp_path: Path) -> None:
    """News gave a handful of mixed themes, and nothing said why."""
    run = _run(tmp_path / "news")
    for alike, told in ((0.21, True), (0.02, False)):
        _said(run, "quality.json", {"metrics": {"alike": {"value": alike}}})
        assert (f"earnings-themes fit --space mine.npz --from {run};" in succeeded(str(run))) == told


def test_a_run_that_lost_nothing_says_so(tmp_path: Path) -> None:
    assert "Nothing was left out." in succeeded(str(_run(tmp_path / "mine")))


def test_a_firm_that_failed_is_named_with_the_reason_and_the_log(tmp_path: Path) -> None:
    run = _run(tmp_path / "mine")
    _log(run / "logs/topics/12.log", "2026-01-01 INFO began\n2026-01-01 ERROR InputError: no words left.\n")
    # Tried and done; and of an earlier call.
    _log(run / "logs/topics/0047.log", "2026-01-01 ERROR a first try\n")
    _log(run / "logs/themes.log", "2026-01-01 ERROR old\n", BEGAN - 60)
    assert failed(str(run), BEGAN).splitlines() == [
        f"Not finished: {run}. 2 of 3 firms have topics.",
        "Failed: topics of Beta Inc (12): InputError: no words left.",
        f"  log: {run}/logs/topics/12.log",
        "What is done stays. The same command goes on from here.",
    ]


def test_of_a_bug_the_last_line_is_told_and_of_a_killed_job_that_it_said_nothing(tmp_path: Path) -> None:
    run = _run(tmp_path / "mine")
    _log(
        run / "logs/themes.log",
        "2026-01-01 ERROR This is a bug, or the machine failed:\nTraceback (most recent call last):\n  x\nKeyError: 'a'\n",
    )
    _log(run / "logs/topics/12.log", "2026-01-01 INFO began\n")
    said = failed(str(run), BEGAN)
    assert "Failed: themes: KeyError: 'a'" in said
    assert "Failed: topics of Beta Inc (12): it ended without a message" in said


def test_many_failures_are_counted_and_none_points_to_snakemakes_log(tmp_path: Path) -> None:
    run = _run(tmp_path / "mine")
    assert "Snakemake's own log" in failed(str(run), BEGAN)
    for number in range(100, 120):
        _log(run / f"logs/topics/{number}.log", "2026-01-01 ERROR gone\n")
    said = failed(str(run), BEGAN)
    assert said.count("Failed: ") == 5 and "15 more; their logs are in" in said
