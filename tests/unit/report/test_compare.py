"""Two finished runs side by side."""

import json
from pathlib import Path

import pytest

from earnings_themes.cli import main
from earnings_themes.errors import ResultError
from earnings_themes.report import compare
from tests.unit.report.synthetic import write_run


def run(folder: Path, seconds: float = 0.0, **form: int) -> Path:
    """A finished run; with seconds, also what Snakemake notes of its jobs."""
    write_run(folder.parent / f"{folder.name}-made", **form).rename(folder)
    if seconds:
        (folder / "benchmarks/topics").mkdir(parents=True)
        for name in ("topics/1", "topics/2", "themes"):
            (folder / f"benchmarks/{name}.tsv").write_text(f"s\tmax_rss\n{seconds}\t300\n", encoding="utf-8")
    return folder


def cells(table: str) -> dict[str, list[str]]:
    lines = [line.strip("| ").split(" | ") for line in table.splitlines() if line]
    return {line[0]: line[1:] for line in lines}


def test_figures_times_and_themes_stand_side_by_side(tmp_path: Path) -> None:
    table = compare.compare_runs([run(tmp_path / "one", 4.0, n_topics=5), run(tmp_path / "two", n_topics=4)])
    rows = cells(table)
    assert rows["Themes"] == ["4", "3"]
    assert rows["Seconds a firm, topics"] == ["4.0", "–"]
    assert rows["Seconds, all steps in sum"] == ["12", "–"]
    assert rows["Ten largest themes"] == ["one", "two"]
    assert "firms" in rows["3"][1] and len(rows["4"]) == 1  # the second run has no fourth theme


def test_figures_that_a_run_wrote_are_read_not_made_again(tmp_path: Path) -> None:
    folder = run(tmp_path / "one")
    metrics = {"metrics": {"themes": {"value": 1234}, "coverage_content": {"value": 0.125}}}
    (folder / "quality.json").write_text(json.dumps(metrics), encoding="utf-8")
    rows = cells(compare.compare_runs([folder]))
    assert rows["Themes"] == ["1,234"]
    assert rows["In a theme, of sentences with content"] == ["12.5 %"]


def test_a_folder_without_a_run_and_a_damaged_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match=r"holds no themes\.json"):
        compare.compare_runs([tmp_path])
    folder = run(tmp_path / "one")
    (folder / "quality.json").write_text("{", encoding="utf-8")
    with pytest.raises(ResultError, match=r"quality\.json: cannot be read"):
        compare.compare_runs([folder])


def test_the_command_prints_the_tables_or_one_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, code in ((run(tmp_path / "one"), 0), (tmp_path, 1)):
        with pytest.raises(SystemExit) as ended:
            main(["compare", str(folder)])
        assert ended.value.code == code
    out, err = capsys.readouterr()
    assert out.startswith("|  | one |")
    assert "holds no themes.json" in err
