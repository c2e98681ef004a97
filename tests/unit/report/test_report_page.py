"""The HTML page as text: complete, safe, small and the same every time. A browser looks at it elsewhere."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from earnings_themes.quality.summary import quality_report
from earnings_themes.report import build_report
from earnings_themes.report.figures import NAMES
from earnings_themes.report.html import listings, render
from earnings_themes.report.layout import plane
from earnings_themes.report.page_data import gather, short
from earnings_themes.report.timing import StepTime, add_seconds, benchmark_times, by_rule
from earnings_themes.results.artifacts import open_run
from tests.unit.report.synthetic import write_run

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

    def ids(self) -> set[str | None]:
        return {attributes.get("id") for _, attributes in self.tags}


def _render(run_dir: Path, labels: Path | None = None) -> str:
    # The pictures have tests of their own.
    figures = {name: ("<svg/>", f"All about {name}.") for name in NAMES}
    return render(gather(open_run(run_dir)), quality_report(run_dir, labels), figures)


@pytest.mark.parametrize("n_firms", [2, 56])
def test_the_page_holds_every_theme_and_firm(tmp_path: Path, n_firms: int) -> None:
    text = _render(write_run(tmp_path, n_firms=n_firms))
    ids = Page(text).ids()
    assert {f"theme-{number}" for number in range(4)} <= ids
    assert {f"firm-{number}" for number in range(n_firms)} <= ids
    plain = " ".join(text.split())
    # 4 of 21 modelled sentences of every firm.
    assert '<td class="num">4</td><td class="num">19.0 %</td>' in plain
    assert "Firm 0 Inc" in text


def test_a_broad_theme_holds_its_themes(tmp_path: Path) -> None:
    text = _render(write_run(tmp_path))
    groups = text.split('<details class="broad"')[1:]
    assert [re.findall(r'id="theme-(\d)"', group) for group in groups] == [["0", "1"], ["2", "3"]]
    assert "supply chain and more" in groups[0]


def test_an_example_says_who_said_it_where_and_how_sure_it_is(tmp_path: Path) -> None:
    plain = " ".join(_render(write_run(tmp_path)).split())
    assert "2024-01-01, Ann Chief, Presentation; strength 0.90. <code>000000_t0_0000</code>" in plain


def test_a_theme_of_low_stability_is_marked_and_no_other(tmp_path: Path) -> None:
    text = _render(write_run(tmp_path))
    assert re.findall(r'class="num low"><i>stability </i>([\d.]+) ⚠', text) == ["0.40"]


def test_a_firm_shows_its_surest_sentence_of_each_theme(tmp_path: Path) -> None:
    text = _render(write_run(tmp_path, n_firms=2))
    firm = text[text.index('id="firm-1"') :].split("</details>")[0]
    assert firm.count("We talk about") == 4
    # 4 of its 21 modelled sentences, against 8 of 44: the firm with too little text is of the run too.
    assert firm.count('<td class="num">19.0 %</td><td class="num">18.2 %</td>') == 4


def test_500_firms_of_eight_quarters_stay_under_8_mb(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path, n_firms=500, n_topics=28, per_topic=8, n_quarters=8)
    assert len(_render(run_dir).encode()) < 8_000_000


def test_a_theme_shows_its_counts_by_quarter_and_where_it_begins(tmp_path: Path) -> None:
    text = _render(write_run(tmp_path, n_quarters=2))
    first, last = (text[text.index(f'id="theme-{number}"') :].split("</section>")[0] for number in (0, 3))
    table = [re.sub(r"<[^>]+>", " ", part).split()[-5:] for part in first.split("</tr>")[1:3]]
    # Of each firm 2 of 9 modelled sentences in the first quarter, where the firm with too little text has 2, and 2 of 12.
    assert table == [["2024Q1", "12", "21.4", "%", "6"], ["2024Q2", "12", "16.7", "%", "6"]]
    assert "<b>begins</b>" not in first.split('id="theme-1"')[0]
    assert '2024Q2 <b>begins</b></th><td class="num">24</td>' in last


def test_one_quarter_and_no_kept_column_leave_their_parts_out(tmp_path: Path) -> None:
    assert not {"quarters", "groups"} & Page(_render(write_run(tmp_path / "one"))).ids()
    ids = Page(_render(write_run(tmp_path / "more", n_quarters=2, n_sectors=2))).ids()
    assert {"quarters", "groups", "sides"} <= ids


def test_a_theme_says_how_much_each_part_of_the_calls_speaks_of_it(tmp_path: Path) -> None:
    plain = " ".join(_render(write_run(tmp_path)).split())
    assert "Share of prepared remarks: 17.6 % (12), Q&amp;A: 20.0 % (12), management:" in plain


def test_a_small_page_holds_every_sentence_and_a_large_one_has_files_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = write_run(tmp_path)
    build_report(run_dir)
    text = (run_dir / "report.html").read_text(encoding="utf-8")
    part = text[text.index('id="theme-0"') : text.index('id="theme-1"')]
    assert "All 24 sentences" in part and part.count("<li>") == 24
    assert not (run_dir / "report").exists()
    monkeypatch.setattr("earnings_themes.report.page_data.INSIDE", 10)
    monkeypatch.setattr("earnings_themes.report.counted.LISTED", 20)
    build_report(run_dir)
    text = (run_dir / "report.html").read_text(encoding="utf-8")
    assert '<a href="report/made-up-001.html">All 24 sentences</a>' in text and "<li>" not in text
    beside = (run_dir / "report" / "made-up-001.html").read_text(encoding="utf-8")
    assert beside.count("<li>") == 20 and "20 of 24 sentences" in beside
    assert "earnings-themes theme made-up-001 --sentences" in beside
    strengths = re.findall(r"strength ([.\d]+)\.", beside)
    assert strengths == sorted(strengths, reverse=True)
    assert "Cy Bank, Question and Answer; strength 0.60" in beside
    # Where nothing may stand beside the page, it says what to type.
    build_report(run_dir, where="s3://bucket/results/made-up")
    assert not (run_dir / "report").exists()
    assert "earnings-themes theme made-up-001 --sentences" in (run_dir / "report.html").read_text(
        encoding="utf-8"
    )


def test_what_a_broad_theme_alone_holds_has_no_strength_and_no_order_by_it(tmp_path: Path) -> None:
    page = gather(open_run(write_run(tmp_path)))
    first = replace(page.broad[0], listing=page.themes[0].listing)
    pages = dict(listings(replace(page, broad=(first, *page.broad[1:]))))
    assert "24 of 24 sentences, firm by firm." in pages["made-up-B01.html"]
    assert "24 of 24 sentences, the surest first." in pages["made-up-001.html"]


def test_above_500_firms_the_largest_are_shown_and_the_page_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earnings_themes.report.page_data.MAX_FIRMS", 3)
    text = _render(write_run(tmp_path, n_firms=8))
    assert text.count("data-firm=") == 3
    assert "The 3 firms with most sentences are shown" in " ".join(text.split())
    assert "5 more are in panel.parquet" in text


def test_html_in_the_input_is_text(tmp_path: Path) -> None:
    plain = Page(_render(write_run(tmp_path / "plain")))
    hostile = Page(_render(write_run(tmp_path / "hostile", label=HOSTILE, text=HOSTILE)))
    assert hostile.count("script") == plain.count("script") == 1
    # One quarter and no kept column: three pictures would have nothing to compare.
    assert hostile.count("img") == plain.count("img") == len(NAMES) - 3
    assert not any(name.startswith("on") for _, attributes in hostile.tags for name in attributes)


def test_the_policy_lets_only_the_pages_own_scripts_run_and_nothing_be_fetched(tmp_path: Path) -> None:
    page = Page(_render(write_run(tmp_path)))
    own = base64.b64encode(hashlib.sha256(page.scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{own}';" in page.policy
    assert page.policy.startswith("default-src 'none';")
    assert "unsafe-inline" not in page.policy.split("style-src")[0]
    assert "connect-src" not in page.policy


def test_nothing_is_loaded_from_elsewhere(tmp_path: Path) -> None:
    text = _render(write_run(tmp_path))
    page = Page(text)
    sources = [attributes["src"] or "" for _, attributes in page.tags if "src" in attributes]
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    links = [attributes["href"] or "" for _, attributes in page.tags if "href" in attributes]
    assert all(link.startswith("#") or link == "data:," for link in links)
    # Every link leads to a part of the page.
    ids = page.ids()
    assert {link[1:] for link in links if link.startswith("#")} <= ids
    assert "@import" not in text and "url(" not in text


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ({"n_themes": 0}, "Nothing is shared by enough firms"),
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
    assert "data-theme=" not in text


def test_what_was_skipped_is_told_with_its_reason(tmp_path: Path) -> None:
    text = _render(write_run(tmp_path, n_firms=2, n_skipped=2))
    assert "too few sentences" in text
    assert "Firm 2 Inc (000002), Firm 3 Inc (000003)" in text
    assert re.search(r"empty text</td><td class=\"num\">12<", text)


@pytest.mark.parametrize("label", ["供应链 ", "سلسلة التوريد ", "цепочка ", "आपूर्ति ", "🚚 "])
def test_other_scripts_come_through(tmp_path: Path, label: str) -> None:
    text = _render(write_run(tmp_path, label=label, text=label))
    assert f"{label}supply chain" in text


def test_figures_that_are_missing_say_why_once_a_group(tmp_path: Path) -> None:
    text = _render(write_run(tmp_path))
    assert text.count("Not computed: no labels were given.") == 2
    assert "What fits each label best" not in text


def test_labels_stand_with_the_theme_that_fits_them_best(tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    rows = [f"{firm:06d}_t{firm}_{place:04d},freight" for firm in range(6) for place in range(4)]
    labels.write_text("\n".join(["sentence_id,theme", *rows]), encoding="utf-8")
    text = " ".join(_render(write_run(tmp_path), labels).split())
    assert (
        '<th scope="row">freight</th><td class="num">24</td><td>supply chain</td><td class="num">1.00</td>'
        in text
    )


def test_build_writes_every_file_and_again_the_same(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path)
    build_report(run_dir)
    names = ["quality.json", "report.html"]
    names += [f"figures/{name}.{kind}" for name in NAMES for kind in ("svg", "png", "csv", "txt")]
    first = {name: (run_dir / name).read_bytes() for name in names}
    build_report(run_dir)
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


def test_alike_themes_are_near_each_other() -> None:
    rng = np.random.default_rng(0)
    centres = 5 * rng.normal(size=(4, 16))
    groups = np.arange(80) % 4
    positions = plane((centres[groups] + 0.1 * rng.normal(size=(80, 16))).astype(np.float32))
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=2) + 9 * np.eye(80)
    assert (groups[distances.argmin(axis=1)] == groups).all()


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 13])
def test_few_themes_have_places_too(n: int) -> None:
    positions = plane(np.eye(max(n, 1), 4, dtype=np.float32)[:n])
    assert positions.shape == (n, 2)
    assert np.isfinite(positions).all()


def test_identical_themes_do_not_break_the_map() -> None:
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
