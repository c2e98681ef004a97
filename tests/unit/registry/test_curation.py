"""What people decide about themes holds from then on, is replayed to the same bytes, and moves no sentence by itself."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from earnings_themes.errors import NotFoundError, RegistryError
from earnings_themes.registry import Registry
from earnings_themes.registry.history import changes, find, firm_over_time, over_time, then_and_now
from earnings_themes.themes.curate import Decisions, apply_decisions, proposals, read_decisions
from tests.unit.registry.test_quarters import AFTER, BEFORE, registry_bytes, run, themes

DECISIONS = """
rename: {r000001: our own name}
note: {r000001: read by two}
kind: {r000001: reporting}
hide: [r000002]
merge: {r000003: r000004}
"""


@pytest.fixture(scope="module")
def quarters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two quarters, of which the second brings a theme forth."""
    place = tmp_path_factory.mktemp("quarters")
    run(place, "q1", BEFORE)
    run(place, "q2", AFTER)
    return place


def copied(quarters: Path, place: Path) -> Registry:
    for name, data in registry_bytes(quarters).items():
        path = place / "registry" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return Registry(str(place / "registry"))


def test_decisions_hold_in_every_quarter_that_is_made_again(quarters: Path, tmp_path: Path) -> None:
    registry = copied(quarters, tmp_path)
    before = {name: themes(quarters / name) for name in ("q1", "q2")}
    named = apply_decisions(registry, read_decisions(DECISIONS, "d.yaml"), "d.yaml")
    assert named.version.number == 3
    table = json.loads((tmp_path / "registry/mappings/000003.json").read_text())
    assert table == {"version": 3, "ids": {"r000002": None, "r000003": "r000004"}}
    for name, said in (("q1", BEFORE), ("q2", AFTER)):
        folder = run(tmp_path, name, said)
        after = themes(folder)
        assert (after["r000001"]["label"], after["r000001"]["kind"]) == ("our own name", "reporting")
        assert not {"r000002", "r000003"} & after.keys()
        counts = pd.read_parquet(folder / "sentences.parquet")["theme_id"].value_counts()
        old = {one: theme["n_sentences"] for one, theme in before[name].items()}
        merged = old.get("r000003", 0) + old.get("r000004", 0)
        assert counts["r000004"] == after["r000004"]["n_sentences"] == merged
        assert counts.drop("r000004").to_dict() == {
            one: n for one, n in old.items() if one[0] == "r" and one not in ("r000002", "r000003", "r000004")
        }
    # A theme of the second quarter is not in the first, made again after it.
    assert "r000007" in after and "r000007" not in themes(tmp_path / "q1")


def test_the_same_decisions_give_the_same_bytes_and_once_only_a_version(
    quarters: Path, tmp_path: Path
) -> None:
    written = []
    for name in ("one", "other"):
        registry = copied(quarters, tmp_path / name)
        first = apply_decisions(registry, read_decisions(DECISIONS, "d"), "d")
        assert apply_decisions(registry, read_decisions(DECISIONS, "d"), "d") == first
        written.append(registry_bytes(tmp_path / name))
    assert written[0] == written[1] and "versions/000004.json" not in written[0]
    assert written[0]["versions/000002.json"] == registry_bytes(quarters)["versions/000002.json"]


def test_a_curated_registry_is_extended_under_its_names(quarters: Path, tmp_path: Path) -> None:
    registry = copied(quarters, tmp_path)
    apply_decisions(registry, read_decisions(DECISIONS, "d"), "d")
    after = themes(run(tmp_path, "q3", {f"z{firm}": said for firm, said in AFTER.items()}))
    assert after["r000001"]["label"] == "our own name" and not {"r000002", "r000003"} & after.keys()
    current = registry.current()
    assert current and current.version.number == 4 and current.version.runs[-1].n_born == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rename: {r999999: x}", "r999999, which the registry has not"),
        ("rename: {r000001: same, r000002: Same}", "r000001 and r000002 would both be called"),
        ("merge: {r000001: r000002, r000002: r000001}", "circle"),
        ("merge: {r000001: b0001}", "another level"),
        ("parent: {r000001: r000002}", "expected a theme and a broad theme"),
        ("renames: {}", "holds renames; expected some of hide, kind, merge, note, parent, rename, split"),
        ("hide: r000001", "Expected"),
        ("just text", "expected some of"),
        ("{", "cannot be read"),
    ],
)
def test_a_wrong_decision_is_an_error_and_changes_nothing(
    quarters: Path, tmp_path: Path, text: str, said: str
) -> None:
    registry = copied(quarters, tmp_path)
    with pytest.raises(RegistryError, match=said):
        apply_decisions(registry, read_decisions(text, "d.yaml"), "d.yaml")
    assert registry_bytes(tmp_path) == registry_bytes(quarters)


def test_what_is_proposed_decides_nothing_until_a_person_uncomments_it(quarters: Path) -> None:
    registry = Registry(str(quarters / "registry"))
    current = registry.current()
    assert current
    assert read_decisions(proposals(current.version, registry.pasts(current.version)), "p") == Decisions()
    hidden = replace(
        current.version, themes=tuple(replace(each, hidden=True) for each in current.version.themes)
    )
    assert "nothing to decide on" in proposals(hidden, {})
    assert read_decisions(proposals(hidden, {}), "p") == Decisions()


def test_a_theme_has_a_history_with_zeros_and_sentences_then_and_now(quarters: Path) -> None:
    current = Registry(str(quarters / "registry")).current()
    assert current
    version = current.version
    gone = next(theme for theme in version.fine if len(theme.history) == 1 and theme.born == "q1")
    assert [(each.quarter, each.n_sentences > 0) for each in over_time(version, gone)] == [
        ("2023Q1", True), ("2023Q2", False),
    ]  # fmt: skip
    new = find(version, "r000007")
    (born,) = over_time(version, new)
    assert (born.run, born.n_firms, born.share, born.is_born) == ("q2", 8, pytest.approx(8 / 24), True)
    assert [each.theme.theme_id for each in changes(version) if each.is_born] == ["r000007"]
    fading = {each.theme.theme_id: each for each in changes(version) if each.share < each.before}
    assert fading[gone.theme_id].share == 0
    stays = next(theme for theme in version.fine if len(theme.history) == 2)
    (q1, then), (q2, now) = then_and_now(version, stays, str(quarters))
    assert (q1.run, q2.run) == ("q1", "q2")
    assert {said.firm_id[0] for said in then} == {"a"} and {said.firm_id[0] for said in now} == {"b"}
    with pytest.raises(NotFoundError, match="no theme 'nothing'"):
        find(version, "nothing")


def test_a_firm_has_a_history_by_id_or_name(quarters: Path) -> None:
    current = Registry(str(quarters / "registry")).current()
    assert current
    by_id = firm_over_time(current.version, "b00", str(quarters))
    assert by_id == firm_over_time(current.version, "firm B00", str(quarters))
    assert {each.run for each in by_id} == {"q2"}
    assert sum(each.n_sentences for each in by_id) == 24 and by_id[0].share == pytest.approx(6 / 30)
    with pytest.raises(NotFoundError, match="No run has a firm"):
        firm_over_time(current.version, "nobody", str(quarters))
