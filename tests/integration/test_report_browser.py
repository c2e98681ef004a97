"""The report in a real browser: it opens, filters, shows HTML as text, and everybody can use it.

Needs Chromium, chromedriver and the Python package selenium; where one is missing the tests are skipped with
its name. The check for accessibility also needs axe-core (npm ci).
"""

import base64
import io
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from matplotlib.image import imread

from earnings_themes.report import build_report
from earnings_themes.report.figures import NAMES
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
THEMES = "[data-theme]"
FIRMS = "[data-firm]"


class Browser:
    """A page opened in Chromium, and the few things that a reader does with it."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, path: Path, width: int = 1440, dark: bool = False) -> None:
        """Open a page, and wait until it is complete."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        colors = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [colors]})
        self.driver.get_log("browser")
        self.driver.get(path.as_uri())
        self.until(lambda: self.js("return document.documentElement.dataset.ready") == "yes")

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

    def drawn(self) -> list[bool]:
        """Whether each picture was read: a broken one has no width."""
        found: list[bool] = self.js("return [...document.images].map(n => n.complete && n.naturalWidth > 0)")
        return found

    def picture(self, selector: str) -> Any:
        """An element as it stands on the whole page, without scrolling to it: (height, width, 4), 0 to 1."""
        clip = self.js(
            "const r = document.querySelector(arguments[0]).getBoundingClientRect();"
            "return {x: r.x, y: r.y + scrollY, width: r.width, height: r.height, scale: 1}",
            selector,
        )
        shot = {"captureBeyondViewport": True, "clip": clip}
        data = self.driver.execute_cdp_cmd("Page.captureScreenshot", shot)["data"]
        return imread(io.BytesIO(base64.b64decode(data)))


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
            build_report(run_dir)
            made[key] = run_dir / "report.html"
        return made[key]

    return make


@pytest.mark.parametrize(
    "shape",
    [
        {"n_firms": 2},
        {"n_firms": 56, "n_topics": 12},
        {"n_firms": 500, "n_topics": 28, "per_topic": 8, "n_quarters": 8, "n_sectors": 9},
        {"n_firms": 4, "n_themes": 0},
        {"n_firms": 0, "n_skipped": 3},
    ],
    ids=["2 firms", "56 firms", "500 firms, 8 quarters", "no theme", "only skipped firms"],
)
def test_it_opens_without_errors_and_shows_every_picture(
    browser: Browser, report: Callable[..., Path], shape: dict[str, int]
) -> None:
    browser.open(report(**shape))
    drawn = browser.drawn()
    # Over quarters, as a line, and by sector: only where there are several.
    assert len(drawn) >= len(NAMES) - (0 if "n_quarters" in shape else 4)
    browser.until(lambda: all(browser.drawn()))
    assert browser.errors() == []


def test_words_leave_the_themes_and_firms_that_hold_them(
    browser: Browser, report: Callable[..., Path]
) -> None:
    browser.open(report(n_firms=12))
    assert browser.visible(THEMES) == []
    browser.set("#words", "Cloud  MIGRATION")
    assert browser.text("#matches") == "1 of 4 themes, 12 of 12 firms"
    # The broad theme opens, so that what was found is seen.
    assert browser.visible(THEMES) == ["cloud migration"]
    browser.set("#words", "firm 7 inc")
    assert browser.visible(FIRMS) == ["Firm 7 Inc"]
    browser.set("#words", "no such word")
    assert browser.visible(THEMES) == []
    assert browser.visible("#no-theme") == ["No theme matches the filter."]
    assert browser.visible("#no-firm") == ["No firm matches the filter."]
    browser.set("#words", "")
    assert browser.text("#matches") == "4 of 4 themes, 12 of 12 firms"
    assert browser.errors() == []


def test_the_filter_for_a_theme_and_a_firm(browser: Browser, report: Callable[..., Path]) -> None:
    browser.open(report(n_firms=12))
    browser.set("#pick-theme", "1")
    assert browser.visible(THEMES) == ["price increases"]
    browser.set("#pick-firm", "3")
    assert len(browser.visible(FIRMS)) == 1
    assert browser.text("#matches") == "1 of 4 themes, 1 of 12 firms"
    browser.js("document.querySelector('#filter button').click()")
    browser.until(lambda: browser.text("#matches") == "4 of 4 themes, 12 of 12 firms")


def test_long_lists_are_cut_until_asked_for(browser: Browser, report: Callable[..., Path]) -> None:
    browser.open(report(n_firms=56, n_topics=12))
    assert len(browser.visible(FIRMS)) == 20
    browser.js("document.getElementById('more-firms').click()")
    assert len(browser.visible(FIRMS)) == 56
    assert browser.visible("#more-firms") == []


def test_a_link_opens_the_part_that_it_leads_to_and_what_is_around_it(
    browser: Browser, report: Callable[..., Path]
) -> None:
    browser.open(report(n_firms=12))
    browser.js("document.querySelector('#firm-2 a[href=\"#theme-2\"]').click()")
    browser.until(lambda: browser.visible("#theme-2 blockquote"))
    browser.until(lambda: browser.js("return document.activeElement.parentElement.id") == "theme-2")


def test_html_in_a_transcript_is_shown_and_never_run(browser: Browser, report: Callable[..., Path]) -> None:
    browser.open(report(n_firms=3, label=HOSTILE, text=HOSTILE))
    browser.js("for (const part of document.querySelectorAll('details')) part.open = true")
    assert HOSTILE.strip() in browser.text("#theme-0 blockquote")
    assert HOSTILE.strip() in browser.text("#firm-0")
    assert browser.js("return window.ran ?? null") is None
    assert browser.js("return document.querySelectorAll('main script, main b').length") == 0
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
    browser.set("#words", f"{label.strip().upper()} cloud")
    assert browser.visible(THEMES) == [f"{label}cloud migration"]
    assert browser.errors() == []


@pytest.mark.parametrize("dark", [False, True])
def test_dark_and_light_follow_the_system(browser: Browser, report: Callable[..., Path], dark: bool) -> None:
    browser.open(report(n_firms=12), dark=dark)
    ground = browser.js("return getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") != dark


def test_a_picture_of_the_whole_page_shows_what_is_far_below(
    browser: Browser, report: Callable[..., Path]
) -> None:
    browser.open(report(n_firms=12, n_quarters=3, n_sectors=3))
    browser.js("for (const part of document.querySelectorAll('.broad, #theme-3')) part.open = true")
    browser.until(lambda: all(browser.drawn()))
    assert browser.js("return scrollY") == 0
    for selector in (".drawing.map", ".drawing.sides", "#theme-3", "#firm-0"):
        # Letters are dark on a light ground.
        assert browser.picture(selector)[..., :3].min() < 0.3, selector


def test_letters_of_pictures_are_readable_on_a_phone(browser: Browser, report: Callable[..., Path]) -> None:
    browser.open(report(n_firms=12, n_topics=12, n_quarters=3, n_sectors=3), width=390)
    browser.until(lambda: all(browser.drawn()))
    # Pixels of a letter of 10 points, of which the smallest in the pictures is nine tenths.
    sizes = browser.js(
        "return [...document.images].map(n => 10 / .75 * n.getBoundingClientRect().width / n.naturalWidth)"
    )
    assert len(sizes) == len(NAMES) and min(sizes) > 9


def test_nothing_is_wider_than_a_phone(browser: Browser, report: Callable[..., Path]) -> None:
    browser.open(report(n_firms=12), width=390)
    browser.js("for (const part of document.querySelectorAll('details')) part.open = true")
    assert browser.js("return document.documentElement.scrollWidth") == 390


def test_the_keyboard_reaches_and_opens_everything(browser: Browser, report: Callable[..., Path]) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    browser.open(report(n_firms=2))
    browser.js("for (const part of document.querySelectorAll('.broad')) part.open = true")
    body = browser.driver.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    assert browser.js("return document.activeElement.className") == "skip"
    reached = set()
    for _ in range(60):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        reached.add(browser.js("return document.activeElement.id || document.activeElement.parentElement.id"))
    assert {"words", "pick-theme", "pick-firm", "theme-0", "firm-1"} <= reached
    browser.js("document.querySelector('#theme-0 summary').focus()")
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    browser.until(lambda: browser.js("return document.querySelector('#theme-0').open"))


def test_printing_opens_the_broad_themes_and_closes_them_again(
    browser: Browser, report: Callable[..., Path]
) -> None:
    browser.open(report(n_firms=2), dark=True)
    opened = "return document.querySelectorAll('.broad[open]').length"
    browser.js("window.dispatchEvent(new Event('beforeprint'))")
    assert browser.js(opened) == 2
    browser.js("window.dispatchEvent(new Event('afterprint'))")
    assert browser.js(opened) == 0
    pdf = browser.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert len(pdf["data"]) > 10_000


@pytest.mark.parametrize(
    "shape",
    [{"n_firms": 4, "n_topics": 300}, {"n_firms": 56, "n_topics": 60, "n_quarters": 4, "n_sectors": 30}],
    ids=["300 themes", "4 quarters, 30 sectors"],
)
def test_a_print_has_at_most_12_pages(
    browser: Browser, report: Callable[..., Path], shape: dict[str, int]
) -> None:
    browser.open(report(**shape))
    a4 = {"paperWidth": 8.27, "paperHeight": 11.69}
    pdf = base64.b64decode(browser.driver.execute_cdp_cmd("Page.printToPDF", a4)["data"])
    n_pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert 3 <= n_pages <= 12


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
    browser.js("for (const part of document.querySelectorAll('.broad, #theme-0, #firm-0')) part.open = true")
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
