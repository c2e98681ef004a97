"""A report of many firms, made from made-up settled sentences and opened in headless Chromium: seconds, memory, size, first paint.

    python -m tests.longer.large_report --firms 500 --topics 28      # 8 quarters each
    python -m tests.longer.large_report --firms 10000 --topics 12 --keep FOLDER

Each step is a process of its own, so that its peak of memory is its own. --keep leaves the run's folder, and is taken as
it is where it holds one.
"""

import argparse
import tempfile
from pathlib import Path

from selenium import webdriver

from benchmarks.panel import measured
from earnings_themes.report import build_report
from tests.unit.report.synthetic import RUN, write_run

QUARTERS = 8


def first_paint(page: Path) -> list[float]:
    """Return milliseconds to the first contentful paint, of five openings, least first."""
    options = webdriver.ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1440,900"):
        options.add_argument(flag)
    found = []
    for _ in range(5):
        # A browser of its own each: a second opening would come from its memory.
        with webdriver.Chrome(options=options) as driver:
            driver.get(page.resolve().as_uri())
            script = "return performance.getEntriesByName('first-contentful-paint').map(e => e.startTime)"
            found += driver.execute_script(script)
            assert driver.execute_script("return document.documentElement.dataset.ready") == "yes"
    return sorted(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--firms", type=int, default=500)
    parser.add_argument("--topics", type=int, default=28)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.keep or Path(scratch)
        shape = {
            "n_firms": asked.firms,
            "n_topics": asked.topics,
            "per_topic": QUARTERS,
            "n_quarters": QUARTERS,
        }
        if not (folder / RUN).exists():
            measured("made up", lambda: write_run(folder, n_sectors=11, **shape))
        measured("report", lambda: build_report(folder / RUN))
        page = folder / RUN / "report.html"
        beside = sum(path.stat().st_size for path in (folder / RUN / "report").glob("*"))
        print(f"report.html: {page.stat().st_size / 1e6:.2f} MB; report/: {beside / 1e6:.1f} MB")
        print("first paint, ms:", " ".join(f"{value:.0f}" for value in first_paint(page)))
