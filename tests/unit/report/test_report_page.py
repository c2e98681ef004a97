"""The HTML page as text: complete, safe, small and the same every time. A browser looks at it elsewhere."""

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earnings_themes.quality import quality_report
from earnings_themes.report import build
from earnings_themes.report.html import render
from earnings_themes.report.layout import MAX_PLACED, plane
from earnings_themes.report.page_data import gather, short
from earnings_themes.report.timing import StepTime, add_seconds, benchmark_times, by_rule
from earnings_themes.results.run_files import open_run
from tests.unit.report.synthetic import write_panel, write_run

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"' "


class Page(HTMLParser):
    """The page as a browser sees it: elements, ids, and the text of each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.policy = ""
        self._in_script = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_script = tag == "script"
        if self._in_script:
            self.scripts.append("")
        if dict(attrs).get("http-equiv") == "Content-Security-Policy":
            self.policy = dict(attrs)["content"] or ""

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts[-1] += data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)

    def data(self) -> dict[str, Any]:
        """What the page's script is given."""
        found: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(self.scripts[0])))
        return found


def _render(run_dir: Path) -> str:
    run = open_run(run_dir)
    write_panel(run_dir)
    return render(gather(run, run_dir / "panel.parquet"), quality_report(run_dir))


@pytest.mark.parametrize("n_firms", [2, 56])
def test_the_page_holds_every_theme_and_firm(tmp_path: Path, n_firms: int) -> None:
    text = _render(write_run(tmp_path, n_firms=n_firms))
    page, data = Page(text), Page(text).data()
    ids = {attributes.get("id") for _, attributes in page.tags}
    assert {f"theme-{number}" for number in range(4)} <= ids
    assert {f"firm-{number}" for number in range(n_firms)} <= ids
    assert data["themes"][0]["label"] == "supply chain"
    assert len(data["firms"]) == n_firms
    assert len(data["topics"]) == n_firms * 5
    assert data["themes"][0]["average"] == pytest.approx(4 / 22)
    assert "call of 2024-01-01, <code>000000_t0_0000</code>" in text
    assert "Firm 0 Inc" in text


def test_500_firms_stay_under_8_mb(tmp_path: Path) -> None:
    text = _render(write_run(tmp_path, n_firms=500, n_topics=28, per_topic=2))
    assert len(text.encode()) < 8_000_000
    assert len(Page(text).data()["topics"]) == 14_000


def test_above_500_firms_the_largest_are_shown_and_the_page_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earnings_themes.report.page_data.MAX_FIRMS", 3)
    text = _render(write_run(tmp_path, n_firms=8))
    assert len(Page(text).data()["firms"]) == 3
    assert "The 3 firms with most sentences are shown" in " ".join(text.split())
    assert "5 more are in panel.parquet" in text


def test_html_in_the_input_is_text(tmp_path: Path) -> None:
    plain = Page(_render(write_run(tmp_path / "plain")))
    hostile = Page(_render(write_run(tmp_path / "hostile", label=HOSTILE, text=HOSTILE)))
    assert hostile.count("script") == plain.count("script") == 3
    assert hostile.count("img") == 0
    assert not any(name.startswith("on") for _, attributes in hostile.tags for name in attributes)
    assert hostile.data()["themes"][0]["label"].startswith(HOSTILE)


def test_the_policy_lets_only_the_pages_own_scripts_run_and_nothing_be_fetched(tmp_path: Path) -> None:
    page = Page(_render(write_run(tmp_path)))
    own = base64.b64encode(hashlib.sha256(page.scripts[2].encode()).digest()).decode()
    plotly = gzip.decompress(base64.b64decode(page.scripts[1]))
    assert f"'sha256-{own}'" in page.policy
    assert f"'sha256-{base64.b64encode(hashlib.sha256(plotly).digest()).decode()}'" in page.policy
    assert page.policy.startswith("default-src 'none';")
    assert "unsafe-inline" not in page.policy.split("style-src")[0]
    assert "connect-src" not in page.policy


def test_nothing_is_loaded_from_elsewhere(tmp_path: Path) -> None:
    text = _render(write_run(tmp_path))
    page = Page(text)
    assert not [tag for tag, attributes in page.tags if attributes.get("src")]
    links = [attributes["href"] or "" for _, attributes in page.tags if "href" in attributes]
    assert all(link.startswith("#") or link == "data:," for link in links)
    # Every link leads to a part of the page.
    ids = {attributes.get("id") for _, attributes in page.tags}
    assert {link[1:] for link in links if link.startswith("#")} <= ids
    assert "@import" not in text and "url(" not in text


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ({"n_themes": 0}, "No topic is shared by enough firms"),
        ({"n_firms": 0, "n_skipped": 3}, "No firm of this run has topics"),
        ({"n_firms": 0, "n_skipped": 0}, "No firm of this run has topics"),
        ({"n_topics": 0, "n_themes": 0}, "This run has no themes"),
    ],
)
def test_a_run_with_little_in_it_is_a_page_that_says_so(
    tmp_path: Path, shape: dict[str, int], said: str
) -> None:
    text = _render(write_run(tmp_path, **shape))
    assert said in " ".join(text.split())
    assert Page(text).data()["themes"] == []


def test_what_was_skipped_is_told_with_its_reason(tmp_path: Path) -> None:
    text = _render(write_run(tmp_path, n_firms=2, n_skipped=2))
    assert "too few sentences" in text
    assert "Firm 2 Inc (000002), Firm 3 Inc (000003)" in text
    assert re.search(r"empty text</td><td class=\"num\">12<", text)


@pytest.mark.parametrize("label", ["供应链 ", "سلسلة التوريد ", "цепочка ", "आपूर्ति ", "🚚 "])
def test_other_scripts_come_through(tmp_path: Path, label: str) -> None:
    text = _render(write_run(tmp_path, label=label, text=label))
    assert f"{label}supply chain" in text
    assert Page(text).data()["topics"][0][3] == f"{label}supply chain"


def test_figures_that_are_missing_say_why(tmp_path: Path) -> None:
    text = _render(write_run(tmp_path))
    # A whole group that lacks one thing says so once.
    assert text.count("Not computed: no labels were given.") == 2
    assert "Adjusted Rand index" not in text
    assert "Not computed: no sentence embeddings were kept." in text


def test_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path)
    assert _render(run_dir) == _render(run_dir)


def test_build_writes_every_file_and_again_the_same(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path)
    write_panel(run_dir)
    build(run_dir)
    names = ["quality.json", "report.html"]
    names += [
        f"figures/{name}.{kind}" for name in ("themes", "heatmap", "map") for kind in ("svg", "png", "txt")
    ]
    first = {name: (run_dir / name).read_bytes() for name in names}
    build(run_dir)
    assert {name: (run_dir / name).read_bytes() for name in names} == first


# --- its parts -------------------------------------------------------------------------------------


def test_a_long_sentence_is_cut_at_a_word() -> None:
    assert short("one two three", 9) == "one two …"
    assert short("one two", 9) == "one two"
    assert short("x" * 20, 9) == "x" * 9 + " …"


def test_positions_are_the_same_every_time_and_within_bounds() -> None:
    vectors = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
    first = plane(vectors)
    assert first.shape == (60, 2)
    assert np.abs(first).max() <= 1
    assert (plane(vectors) == first).all()


def test_alike_topics_are_near_each_other() -> None:
    rng = np.random.default_rng(0)
    centres = 5 * rng.normal(size=(4, 16))
    groups = np.arange(80) % 4
    positions = plane((centres[groups] + 0.1 * rng.normal(size=(80, 16))).astype(np.float32))
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=2) + 9 * np.eye(80)
    assert (groups[distances.argmin(axis=1)] == groups).all()


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 13])
def test_few_topics_have_places_too(n: int) -> None:
    positions = plane(np.eye(max(n, 1), 4, dtype=np.float32)[:n])
    assert positions.shape == (n, 2)
    assert np.isfinite(positions).all()


def test_topics_beyond_the_sample_lie_between_their_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_PLACED > 40
    monkeypatch.setattr("earnings_themes.report.layout.MAX_PLACED", 40)
    vectors = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
    positions = plane(vectors)
    assert positions.shape == (60, 2)
    assert np.isfinite(positions).all()


def test_identical_topics_do_not_break_the_map() -> None:
    assert np.isfinite(plane(np.ones((20, 4), dtype=np.float32))).all()


def test_times_are_added_up_by_step() -> None:
    times: dict[str, StepTime] = {}
    for seconds in (1.0, 3.0):
        timing = {"seconds": {"fit": seconds, "words": 0.5}, "peak_memory_mb": 100 * seconds}
        add_seconds(times, "topics", {"timing": timing})
    assert times["topics: fit"] == StepTime("topics: fit", 2, 4.0, 3.0, 300.0)
    add_seconds(times, "ingest", {"timing": {"seconds": 2}})
    assert times["ingest"] == StepTime("ingest", 1, 2.0, 2.0, 0.0)
    add_seconds(times, "themes", {})
    assert "themes" not in times


def test_benchmarks_are_added_up_by_rule(tmp_path: Path) -> None:
    (tmp_path / "topics").mkdir()
    for firm, seconds in (("a", 2), ("b", 4)):
        (tmp_path / "topics" / f"{firm}.tsv").write_text(f"s\tmax_rss\n{seconds}\t{100 * seconds}\n")
    (tmp_path / "themes.tsv").write_text("s\tmax_rss\n1.5\t-\nNA\tNA\n")
    times = {time.step: time for time in benchmark_times(tmp_path)}
    assert times["topics"] == StepTime("topics", 2, 6.0, 4.0, 400.0)
    assert times["themes"] == StepTime("themes", 1, 1.5, 1.5, 0.0)
    assert benchmark_times(tmp_path / "absent") == []


def test_times_stand_in_the_order_of_the_workflow_with_the_steps_below_their_job() -> None:
    jobs = [
        StepTime("themes"),
        StepTime("embed"),
        StepTime("topics"),
        StepTime("own_rule"),
        StepTime("ingest"),
    ]
    inner = [
        StepTime("topics: fit"),
        StepTime("themes: read"),
        StepTime("ingest"),
        StepTime("topics: describe"),
    ]
    assert [time.step for time in by_rule(jobs, inner)] == [
        *("ingest", "ingest: work", "embed", "topics", "topics: fit", "topics: describe"),
        *("themes", "themes: read", "own_rule"),
    ]
