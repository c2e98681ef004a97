"""What the benchmark's figures stand on: memory and time of one command, the page's table."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.bench import BEGIN, END, Row, timed, write_page

REPO = Path(__file__).parents[3]
PROGRAM = """
import json, sys
from pathlib import Path
from benchmarks.bench import timed
child = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]], check=True)"
work = ("x = bytearray(200_000_000)", "sum(range(5_000_000))")
print(json.dumps([timed([sys.executable, "-c", child, one], Path.cwd()) for one in work]))
"""


def test_a_command_is_measured_by_itself_with_its_children() -> None:
    # In a process of its own: a child counts what its parent held when it was forked, and pytest holds much.
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=REPO, capture_output=True, text=True, check=True
    )
    large, small = json.loads(done.stdout)
    assert large["peak_mb"] > 190 > 100 > small["peak_mb"]
    assert small["wall_s"] > 0 and small["cpu_s"] > 0


def test_a_command_that_fails_is_shown_and_not_timed(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="ends with this"):
        timed([sys.executable, "-c", "raise SystemExit('ends with this')"], tmp_path)


def test_the_page_keeps_its_prose_and_the_rows_that_were_not_measured(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"Prose.\n{BEGIN}\n{END}\nMore prose.\n")
    write_page(
        page, [Row("a", {"wall_s": 1.0, "cpu_s": 2.0, "peak_mb": 3.0}, "÷ b: 1.5", 5), Row("b", {}, "", 1)]
    )
    write_page(page, [Row("b", {"cpu_s": 7.0}, "", 2)])
    text = page.read_text()
    assert text.startswith("Prose.\n") and text.endswith("\nMore prose.\n")
    assert "| a | 1.0 | 2.00 | 3 | ÷ b: 1.5 | 5 |\n" in text
    assert "| b |  | 7.00 |  |  | 2 |\n" in text
    assert text.count("| b |") == 1
