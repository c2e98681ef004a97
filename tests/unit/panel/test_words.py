"""Word lists, and a class of one's own, as columns of the panel."""

from pathlib import Path

import pandas as pd
import pytest

from earnings_themes.errors import ConfigError
from earnings_themes.panel.build import build_panel
from earnings_themes.panel.count import Scoring
from earnings_themes.panel.roles import (
    ANALYSTS,
    MANAGEMENT,
    OTHER,
    PRESENTATION,
    QA,
    UNKNOWN,
    is_ceo,
    is_cfo,
    role_of,
    role_of_name,
    section_of,
)
from earnings_themes.panel.words import holds, load_scorer, read_lists
from tests.panel_run import random_sentences, write_run


class Lengths:
    """Scores a sentence by its characters."""

    def score(self, texts: list[str]) -> list[float]:
        return [float(len(text)) for text in texts]


def test_lists_and_scores_are_counted_a_theme_and_call(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("# mine\nGAINS\nROSE\n", encoding="utf-8-sig")
    (tmp_path / "bad.txt").write_text("loss\nfreight costs\n")
    lists = read_lists({"positive": str(tmp_path / "good.txt"), "negative": str(tmp_path / "bad.txt")})
    lines = random_sentences()
    write_run(tmp_path, lines)
    build_panel(str(tmp_path), tmp_path, Scoring(lists, load_scorer("tests.unit.panel.test_words:Lengths")))
    frame = pd.DataFrame(lines)
    frame["good"] = [bool({"gains", "rose"} & set(text.split())) for text in frame["text"]]
    frame["bad"] = [
        "loss" in text.split() or " freight costs " in f" {text} ".replace(" — ", " ")
        for text in frame["text"]
    ]
    frame["length"] = frame["text"].str.len()
    key = ["firm_id", "transcript_id", "theme_id"]
    want = frame[frame["theme_id"].notna()].groupby(key)[["good", "bad", "length"]].sum()
    panel = pd.read_parquet(tmp_path / "panel.parquet").query("level == 1 and n > 0").set_index(key)
    assert len(panel) == len(want)
    panel, want = panel.sort_index(), want.sort_index()
    assert panel["n_positive"].tolist() == want["good"].tolist()
    assert panel["n_negative"].tolist() == want["bad"].tolist()
    assert panel["tone"].tolist() == pytest.approx(((want["good"] - want["bad"]) / panel["n"]).tolist())
    assert panel["score"].tolist() == pytest.approx((want["length"] / panel["n"]).tolist())
    calls = pd.read_parquet(tmp_path / "calls.parquet")
    assert calls["n_positive"].tolist() == frame.groupby(key[:2])["good"].sum().tolist()


def test_whole_words_in_any_case_and_phrases_are_found(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("Risk\nhead wind\n")
    lists = read_lists({"risk": str(tmp_path / "list.txt")})
    texts = ["A RISK.", "risky", "a head wind, really", "ahead winds", ""]
    assert holds(lists, texts)["risk"].tolist() == [True, False, True, False, False]


def test_lists_and_classes_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"panel\.words\.risk names .*cannot be read"):
        read_lists({"risk": str(tmp_path / "none.txt")})
    (tmp_path / "empty.txt").write_text("# nothing\n")
    with pytest.raises(ConfigError, match="holds no word"):
        read_lists({"risk": str(tmp_path / "empty.txt")})
    with pytest.raises(ConfigError, match="called 'a b'"):
        read_lists({"a b": str(tmp_path / "empty.txt")})
    with pytest.raises(ConfigError, match="cannot be used"):
        load_scorer("nowhere:Nothing")
    with pytest.raises(ConfigError, match=r"no method score"):
        load_scorer("pathlib:Path")


@pytest.mark.parametrize(
    ("text", "section"),
    [
        ("Presentation Operator Message", PRESENTATION), ("Presenter Speech", PRESENTATION), ("Question", QA),
        ("Question and Answer Operator Message", QA), ("Answer", QA), ("Q&A", QA), ("", UNKNOWN), ("Unknown", UNKNOWN),
        ("prepared remarks", PRESENTATION),
    ],
)  # fmt: skip
def test_sections(text: str, section: int) -> None:
    assert section_of(text) == section


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("Executives", MANAGEMENT), ("Analysts", ANALYSTS), ("Operator", OTHER), ("Attendees", OTHER),
        ("Shareholders", OTHER), ("Unknown", UNKNOWN), ("", UNKNOWN), ("Corporate Participant", MANAGEMENT),
        ("CIO", MANAGEMENT), ("SVP Finance", MANAGEMENT), ("Head of IR", MANAGEMENT), ("Founder", MANAGEMENT),
        ("Directeur financier", MANAGEMENT), ("Finanzvorstand", MANAGEMENT), ("VP Analyst Relations", MANAGEMENT),
        ("Orrin Bank, Research Division", ANALYSTS), ("Director, Equity Research", ANALYSTS), ("Sell-side", ANALYSTS),
        ("Opératrice", OTHER), ("Cho", UNKNOWN), ("Irvine", UNKNOWN),
    ],
)  # fmt: skip
def test_roles(text: str, role: int) -> None:
    assert role_of(text) == role


def test_titles_behind_names() -> None:
    assert role_of_name("Jane Roe, CFO") == role_of_name("Jane Roe - Chief Executive Officer") == MANAGEMENT
    assert role_of_name("Jane Director") == role_of_name("Jane Company-Smith") == UNKNOWN
    assert role_of_name("Ed Poe -- Acme Bank, Analyst") == ANALYSTS
    assert role_of_name("Ed Poe -- Acme Bank -- Analyst") == role_of_name("Ed Poe: Analyst") == ANALYSTS
    assert role_of_name("Kim, Cho") == UNKNOWN
    assert is_ceo("Ann, President & CEO") and is_cfo(
        "Bo, Executive Vice President and Chief Financial Officer"
    )
    assert not is_ceo("Ann, former CEO") and not is_cfo("Bo, Deputy Chief Financial Officer")
