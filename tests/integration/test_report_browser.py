"""The report in a real browser: it opens, filters, shows HTML as text, and everybody can use it.

Needs Chromium, chromedriver and the Python package selenium; where one is missing the tests are skipped with
its name. The check for accessibility also needs axe-core (npm ci).
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from earnings_themes.report import build
from tests.unit.report.synthetic import write_run

webdriver = pytest.importorskip("selenium.webdriver", reason="the Python package selenium is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed"),
    pytest.mark.skipif(DRIVER is None, reason="no chromedriver is installed"),
]
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --window-size=1440,900"
)
HOSTILE = "<script>window.ran = 1</script><img src=x onerror='window.ran = 2'><b>bold</b> "
SECONDS = 60


class Browser:
    """A page opened in Chromium, and the few things that a reader does with it."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, path: Path, width: int = 1440, dark: bool = False) -> float:
        """Open a page and return the seconds until it is complete."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        colors = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [colors]})
        self.driver.get_log("browser")
        started = time.monotonic()
        self.driver.get(path.as_uri())
        self.until(lambda: self.js("return document.documentElement.dataset.ready") == "yes")
        return time.monotonic() - started

    def js(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def until(self, reached: Callable[[], object]) -> None:
        end = time.monotonic() + SECONDS
        while not reached():
            assert time.monotonic() < end, f"not reached; console: {self.driver.get_log('browser')}"
            time.sleep(0.05)

    def errors(self) -> list[str]:
        return [line["message"] for line in self.driver.get_log("browser") if line["level"] == "SEVERE"]

    def set(self, selector: str, value: str) -> None:
        """Fill in a field of the filter as a person does, and wait until the page has reacted."""
        before = self.text("#matches")
        self.js(
            "const node = document.querySelector(arguments[0]); node.value = arguments[1];"
            "node.dispatchEvent(new Event(node.tagName === 'INPUT' ? 'input' : 'change', {bubbles: true}))",
            selector,
            value,
        )
        self.until(lambda: self.text("#matches") != before)

    def text(self, selector: str) -> str:
        return str(self.js("return document.querySelector(arguments[0]).textContent", selector))

    def visible(self, selector: str) -> list[str]:
        """The first words of each visible element."""
        found: list[str] = self.js(
            "return [...document.querySelectorAll(arguments[0])].filter(n => n.checkVisibility())"
            ".map(n => (n.querySelector('.name') ?? n).textContent.trim())",
            selector,
        )
        return found

    def chart(self, name: str) -> None:
        """Scroll to a chart and wait until it is drawn."""
        self.js("document.getElementById(arguments[0]).scrollIntoView()", name)
        self.until(
            lambda: self.js("return document.getElementById(arguments[0]).querySelector('.main-svg')", name)
        )


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    options = webdriver.ChromeOptions()
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.set_script_timeout(SECONDS)
    yield Browser(driver)
    driver.quit()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes the report of a made-up run, once for each shape."""
    made: dict[tuple[tuple[str, object], ...], Path] = {}

    def make(**shape: Any) -> Path:
        key = tuple(sorted(shape.items()))
        if key not in made:
            run_dir = write_run(tmp_path_factory.mktemp("run"), **shape)
            build(run_dir)
            made[key] = run_dir / "report.html"
        return made[key]

    return make


@pytest.mark.parametrize(
    "shape",
    [
        {"n_firms": 2},
        {"n_firms": 56, "n_topics": 12},
        {"n_firms": 500, "n_topics": 28, "per_topic": 2},
        {"n_firms": 4, "n_themes": 0},
        {"n_firms": 0, "n_skipped": 3},
    ],
    ids=["2 firms", "56 firms", "500 firms", "no theme", "only skipped firms"],
)
def test_it_opens_without_errors_and_draws_every_chart(
    browser: Browser, report: Callable[..., Path], shape: dict[str, int]
) -> None:
    seconds = browser.open(report(**shape))
    for name in ("chart-ranking", "chart-who", "chart-map"):
        browser.chart(name)
    assert browser.errors() == []
    assert browser.js("return performance.getEntriesByType('resource').length") == 0
    assert seconds < 30


def test_words_leave_the_themes_and_firms_that_hold_them(
    browser: Browser, report: Callable[..., Path]
) -> None:
    browser.open(report(n_firms=12))
    assert len(browser.visible("#theme-parts > details")) == 4
    browser.set("#words", "Cloud  MIGRATION")
    assert browser.text("#matches") == "1 of 4 themes, 12 of 12 firms, 12 of 60 topics"
    assert browser.visible("#theme-parts > details") == ["cloud migration"]
    assert browser.visible("#theme-table tbody tr th") == ["cloud migration"]
    browser.set("#words", "firm 7 inc")
    assert browser.visible("#firm-parts > details") == ["Firm 7 Inc"]
    browser.set("#words", "no such word")
    assert browser.visible("#theme-parts > details") == []
    assert browser.visible("#no-theme") == ["No theme matches the filter."]
    assert browser.visible("#no-firm") == ["No firm matches the filter."]
    browser.set("#words", "")
    assert browser.text("#matches") == "4 of 4 themes, 12 of 12 firms, 60 of 60 topics"
    assert browser.errors() == []


def test_the_filter_for_a_theme_and_a_firm(browser: Browser, report: Callable[..., Path]) -> None:
    browser.open(report(n_firms=12))
    browser.set("#pick-theme", "1")
    assert browser.visible("#theme-parts > details") == ["price increases"]
    assert browser.text("#matches") == "1 of 4 themes, 12 of 12 firms, 12 of 60 topics"
    browser.set("#pick-firm", "3")
    assert len(browser.visible("#firm-parts > details")) == 1
    assert browser.text("#matches") == "1 of 4 themes, 1 of 12 firms, 1 of 60 topics"
    browser.js("document.querySelector('#filter button').click()")
    browser.until(lambda: browser.text("#matches").startswith("4 of 4 themes, 12 of 12 firms"))


def test_the_charts_follow_the_filter(browser: Browser, report: Callable[..., Path]) -> None:
    browser.open(report(n_firms=12))
    browser.chart("chart-ranking")
    bars = "return document.querySelectorAll('#chart-ranking .bars .point').length"
    assert browser.js(bars) == 2 * 4
    browser.set("#words", "cloud")
    browser.until(lambda: browser.js(bars) == 2)
    browser.chart("chart-map")
    faint = (
        "return [...document.querySelectorAll('#chart-map .scatterlayer .point')]"
        ".filter(n => Number(n.style.opacity) < .1).length"
    )
    browser.until(lambda: browser.js(faint) == 60 - 12)


def test_long_lists_are_cut_until_asked_for(browser: Browser, report: Callable[..., Path]) -> None:
    browser.open(report(n_firms=56, n_topics=12))
    assert len(browser.visible("#firm-parts > details")) == 20
    browser.js("document.querySelector('[data-more=firms]').click()")
    assert len(browser.visible("#firm-parts > details")) == 56
    assert browser.visible("[data-more=firms]") == []


def test_a_firms_part_is_filled_when_it_is_opened(browser: Browser, report: Callable[..., Path]) -> None:
    browser.open(report(n_firms=12))
    assert browser.js("return document.querySelectorAll('#firm-2 table').length") == 0
    browser.js("document.querySelector('#firm-2 summary').click()")
    browser.until(lambda: browser.js("return document.querySelectorAll('#firm-2 table').length") == 2)
    shown = browser.text("#firm-2")
    assert "Its themes, against the average firm" in shown
    assert "18.2 %" in shown  # 4 of 22 sentences
    browser.until(lambda: browser.js("return document.querySelector('#firm-2 .main-svg')"))


def test_a_link_opens_the_part_that_it_leads_to(browser: Browser, report: Callable[..., Path]) -> None:
    path = report(n_firms=12)
    browser.open(path)
    browser.js("document.querySelector('#theme-table a[href=\"#theme-2\"]').click()")
    browser.until(lambda: browser.js("return document.querySelector('#theme-2').open"))
    browser.until(lambda: browser.js("return document.activeElement.parentElement.id") == "theme-2")


def test_html_in_a_transcript_is_shown_and_never_run(browser: Browser, report: Callable[..., Path]) -> None:
    browser.open(report(n_firms=3, label=HOSTILE, text=HOSTILE))
    for name in ("chart-ranking", "chart-who", "chart-map"):
        browser.chart(name)
    browser.js("for (const part of document.querySelectorAll('details')) part.open = true")
    browser.until(lambda: browser.js("return document.querySelectorAll('#firm-0 table').length") == 2)
    browser.js(
        "Plotly.Fx.hover(document.getElementById('chart-map'), [{curveNumber: 0, pointNumber: 0}])",
    )
    assert HOSTILE.strip() in browser.text("#theme-0 blockquote")
    assert HOSTILE.strip() in browser.text("#firm-0")
    assert "<script>window" in browser.text("#chart-ranking .ytick text")
    assert browser.js("return window.ran ?? null") is None
    assert browser.js("return document.querySelectorAll('main img, main script, main b').length") == 0
    assert browser.errors() == []


def test_the_policy_stops_a_script_that_gets_in_all_the_same(
    browser: Browser, report: Callable[..., Path]
) -> None:
    browser.open(report(n_firms=2))
    browser.js(
        "const s = document.createElement('script'); s.textContent = 'window.ran = 3'; document.body.append(s);"
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 4\">')"
    )
    browser.until(lambda: len(browser.errors()) >= 1)
    assert browser.js("return window.ran ?? null") is None


@pytest.mark.parametrize("label", ["供应链 ", "سلسلة التوريد ", "Цепочка поставок ", "आपूर्ति श्रृंखला "])
def test_labels_in_other_scripts_are_shown_and_found(
    browser: Browser, report: Callable[..., Path], label: str
) -> None:
    browser.open(report(n_firms=3, label=label, text=label))
    assert browser.visible("#theme-parts > details")[0] == f"{label}supply chain"
    browser.set("#words", f"{label.strip().upper()} cloud")
    assert browser.visible("#theme-parts > details") == [f"{label}cloud migration"]
    assert browser.errors() == []


def test_dark_and_light_follow_the_system_and_the_button(
    browser: Browser, report: Callable[..., Path]
) -> None:
    ground = "return getComputedStyle(document.body).backgroundColor"
    path = report(n_firms=12)
    browser.open(path, dark=True)
    dark = browser.js(ground)
    assert browser.js("return document.getElementById('mode').getAttribute('aria-pressed')") == "true"
    browser.js("document.getElementById('mode').click()")
    light = browser.js(ground)
    assert light == "rgb(255, 255, 255)" != dark
    assert browser.js("return document.getElementById('mode').getAttribute('aria-pressed')") == "false"
    browser.open(path)
    assert browser.js(ground) == light


def test_nothing_is_wider_than_a_phone(browser: Browser, report: Callable[..., Path]) -> None:
    browser.open(report(n_firms=12), width=390)
    browser.js("for (const part of document.querySelectorAll('details')) part.open = true")
    for name in ("chart-ranking", "chart-who", "chart-map"):
        browser.chart(name)
    assert browser.js("return document.documentElement.scrollWidth") == 390


def test_the_keyboard_reaches_and_opens_everything(browser: Browser, report: Callable[..., Path]) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    browser.open(report(n_firms=2))
    body = browser.driver.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    assert browser.js("return document.activeElement.className") == "skip"
    reached = set()
    for _ in range(60):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        reached.add(browser.js("return document.activeElement.id || document.activeElement.parentElement.id"))
    assert {"mode", "words", "pick-theme", "pick-firm", "theme-0", "firm-1"} <= reached
    browser.js("document.querySelector('#theme-0 summary').focus()")
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    browser.until(lambda: browser.js("return document.querySelector('#theme-0').open"))


def test_printing_opens_the_themes_and_puts_them_back(browser: Browser, report: Callable[..., Path]) -> None:
    browser.open(report(n_firms=2), dark=True)
    opened = "return document.querySelectorAll('#theme-parts details[open]').length"
    browser.js("window.dispatchEvent(new Event('beforeprint'))")
    assert browser.js(opened) == 4
    browser.js("window.dispatchEvent(new Event('afterprint'))")
    assert browser.js(opened) == 0
    pdf = browser.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert len(pdf["data"]) > 10_000


def test_paper_has_every_theme_and_charts_that_fit_it(browser: Browser, report: Callable[..., Path]) -> None:
    browser.open(report(n_firms=4, n_topics=30), width=1440)
    parts = "#theme-parts > details"
    assert len(browser.visible(parts)) == 20
    browser.js("window.dispatchEvent(new Event('beforeprint'))")
    assert len(browser.visible(parts)) == 29
    widths = browser.js(
        "return [...document.querySelectorAll('.main-svg')].map(n => n.getBoundingClientRect().width)"
    )
    assert len(widths) >= 3
    assert max(widths) <= 680
    browser.js("window.dispatchEvent(new Event('afterprint'))")
    assert len(browser.visible(parts)) == 20
    browser.until(
        lambda: browser.js("return document.querySelector('#chart-ranking .main-svg').clientWidth") > 680
    )


def _axe() -> Path | None:
    roots = [Path.cwd() / "node_modules", *map(Path, os.environ.get("NODE_PATH", "").split(os.pathsep))]
    return next((path for root in roots if (path := root / "axe-core" / "axe.min.js").is_file()), None)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_no_serious_fault(
    browser: Browser, report: Callable[..., Path], width: int, dark: bool
) -> None:
    axe = _axe()
    if axe is None:
        pytest.skip("axe-core is not installed: npm ci, or NODE_PATH")
    browser.open(report(n_firms=12), width, dark)
    for name in ("chart-ranking", "chart-who", "chart-map"):
        browser.chart(name)
    browser.js("for (const id of ['theme-0', 'firm-0']) document.getElementById(id).open = true")
    browser.until(lambda: browser.js("return document.querySelector('#firm-0 .main-svg')"))
    browser.js(axe.read_text(encoding="utf-8"))
    found = browser.driver.execute_async_script(
        "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations))"
    )
    serious = [
        f"{fault['id']}: {fault['nodes'][0]['html']}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
    assert serious == []
