"""A quarter after the other through the reduce: ids last, what is new is born, and what was written never changes."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from earnings_themes.config import Config, RegistrySettings, ThemeSettings
from earnings_themes.errors import RegistryError
from earnings_themes.registry import Registry
from earnings_themes.system.folders import LocalFolder
from earnings_themes.themes.run import reduce_run
from tests.small_run import Said, write_run

Spoken = Mapping[str, Sequence[Said]]
DAYS = {"q1": dt.date(2023, 2, 2), "q2": dt.date(2023, 5, 2), "q3": dt.date(2023, 8, 2)}
# Twenty-four firms, each on three of six subjects.
BEFORE: Spoken = {f"a{n:02d}": [Said((n + step) % 6, 6) for step in range(3)] for n in range(24)}
# Others, of which eight speak of something new, and two of something that nobody else says.
AFTER: Spoken = {
    f"b{n:02d}": [
        *[Said((n + step) % 5, 6) for step in range(3)],
        *([Said(7, 6)] if n % 3 == 0 else []),
        *([Said(8, 6)] if n < 1 else []),
    ]
    for n in range(24)
}


def run(
    place: Path, name: str, said: Spoken, mode: str = "extend", registry: bool = True, **more: Any
) -> Path:
    """Reduce a quarter and return its folder."""
    folder = write_run(place / name, said, run=name, day=DAYS[name])
    settings = RegistrySettings(path=str(place / "registry"), mode=mode) if registry else None
    config = Config(run=name, themes=ThemeSettings(stability_runs=0), registry=settings, **more)
    reduce_run(config, LocalFolder(folder), folder / "themes.json", folder / "reduce.json")
    return folder


def themes(folder: Path) -> dict[str, dict[str, Any]]:
    found = json.loads((folder / "themes.json").read_text(encoding="utf-8"))["themes"]
    return {theme["theme_id"]: theme for theme in found}


def frozen_bytes(folder: Path) -> dict[str, bytes]:
    """All that a run wrote but for what tells time."""
    plain = json.loads((folder / "themes.json").read_text(encoding="utf-8"))
    del plain["metadata"]["timing"]
    return {"themes": json.dumps(plain).encode(), "sentences": (folder / "sentences.parquet").read_bytes()}


def registry_bytes(place: Path) -> dict[str, bytes]:
    return {
        path.relative_to(place / "registry").as_posix(): path.read_bytes()
        for path in sorted((place / "registry").rglob("*"))
        if path.is_file() and "mappings" not in path.parts
    }


def test_a_second_quarter_settles_in_the_themes_of_the_first_and_what_is_new_is_born(tmp_path: Path) -> None:
    first = themes(run(tmp_path, "q1", BEFORE))
    assert [name for name in first if name[0] == "r"] == [f"r{n:06d}" for n in range(1, 7)]
    folder = run(tmp_path, "q2", AFTER)
    second = themes(folder)
    fine = {name: theme for name, theme in second.items() if theme["level"] == 1}
    assert len(fine) == 6
    born = {name for name, theme in fine.items() if theme["born"] == "q2"}
    assert born == {"r000007"} and fine["r000007"]["n_firms"] == 8
    for name in fine.keys() - born:
        assert fine[name]["label"] == first[name]["label"] and fine[name]["born"] == "q1"
        assert np.allclose(fine[name]["centroid"], first[name]["centroid"])
    # One id means one subject in both quarters.
    word = {name: theme["representative_sentences"][0]["text"].split()[1] for name, theme in first.items()}
    for name in fine.keys() - born:
        assert all(word[name] in said["text"] for said in fine[name]["representative_sentences"])
    assert all(theme["parent"] in second for theme in fine.values())
    # What one firm alone speaks of is in no theme.
    sentences = pd.read_parquet(folder / "sentences.parquet")
    assert sentences["theme_id"].isna().sum() == 6


def test_what_earlier_quarters_wrote_stays_the_same_bytes_and_so_does_a_quarter_made_again(
    tmp_path: Path,
) -> None:
    q1 = run(tmp_path, "q1", BEFORE)
    wrote, version = frozen_bytes(q1), registry_bytes(tmp_path)
    q2 = run(tmp_path, "q2", AFTER)
    assert frozen_bytes(q1) == wrote
    both = registry_bytes(tmp_path)
    assert version.items() - {("current", version["current"])} <= both.items()
    again = frozen_bytes(q2)
    # The last quarter, and one before it: nothing is added, and the files come out the same.
    assert frozen_bytes(run(tmp_path, "q2", AFTER)) == again
    assert frozen_bytes(run(tmp_path, "q1", BEFORE)) == wrote
    assert registry_bytes(tmp_path) == both


def test_a_quarter_in_which_nothing_is_new_brings_nothing_forth(tmp_path: Path) -> None:
    run(tmp_path, "q1", BEFORE)
    same = {f"c{firm}": said for firm, said in BEFORE.items()}
    folder = run(tmp_path, "q2", same)
    assert {theme["born"] for theme in themes(folder).values()} == {"q1"}
    current = Registry(str(tmp_path / "registry")).current()
    assert current and current.version.runs[-1].n_born == 0
    assert {theme.state for theme in current.version.themes} == {"active"}
    assert current.version.fine[0].history[1].run == "q2"


def test_what_too_few_firms_say_is_not_born(tmp_path: Path) -> None:
    run(tmp_path, "q1", BEFORE)
    # Five firms bear a theme; three do not, though two make one elsewhere.
    many = {f"d{n:02d}": [Said(n % 6, 6), *([Said(9, 6)] if n < 3 else [])] for n in range(50)}
    assert {theme["born"] for theme in themes(run(tmp_path, "q2", many)).values()} == {"q1"}


def test_frozen_brings_nothing_forth_and_writes_nothing(tmp_path: Path) -> None:
    run(tmp_path, "q1", BEFORE)
    before = registry_bytes(tmp_path)
    folder = run(tmp_path, "q2", AFTER, mode="frozen")
    assert {theme["born"] for theme in themes(folder).values()} == {"q1"}
    assert registry_bytes(tmp_path) == before
    about = json.loads((folder / "themes.json").read_text(encoding="utf-8"))["metadata"]["registry"]
    assert (about["version"], about["mode"], about["n_born"]) == (1, "frozen", 0)


def test_a_firm_that_comes_after_the_next_quarter_settles_without_births(tmp_path: Path) -> None:
    run(tmp_path, "q1", BEFORE)
    run(tmp_path, "q2", AFTER)
    before = registry_bytes(tmp_path)
    late = {**BEFORE, "late": [Said(0, 6), Said(10, 6)], "later": [Said(10, 6)], "last": [Said(10, 6)]}
    found = themes(run(tmp_path, "q1", late))
    assert any("late" in theme["firms"] for theme in found.values())
    assert {theme["born"] for theme in found.values()} == {"q1"} and registry_bytes(tmp_path) == before


def test_a_quarter_of_the_past_is_refused_and_leaves_everything_as_it_was(tmp_path: Path) -> None:
    run(tmp_path, "q2", AFTER)
    before = registry_bytes(tmp_path)
    with pytest.raises(RegistryError, match=r"q1 ends in 2023Q1.*frozen"):
        run(tmp_path, "q1", BEFORE)
    assert registry_bytes(tmp_path) == before and not (tmp_path / "q1/themes.json").exists()


def test_a_run_by_itself_and_the_first_of_a_registry_find_the_same_themes(tmp_path: Path) -> None:
    alone = themes(run(tmp_path / "alone", "q1", BEFORE, registry=False))
    kept = themes(run(tmp_path / "kept", "q1", BEFORE))
    named = ("label", "n_firms", "n_sentences", "firms", "keywords", "level")
    assert [[theme[name] for name in named] for theme in alone.values()] == [
        [theme[name] for name in named] for theme in kept.values()
    ]
    assert next(iter(alone)) == "q1-001" and next(iter(kept)) == "r000001"


def test_a_quarter_is_not_compared_with_a_past_that_was_altered(tmp_path: Path) -> None:
    run(tmp_path, "q1", BEFORE)
    (past,) = (tmp_path / "registry/past").iterdir()
    past.write_bytes(past.read_bytes()[:-1])
    before = registry_bytes(tmp_path)
    with pytest.raises(RegistryError, match="is not the file that run q1 wrote"):
        run(tmp_path, "q2", AFTER)
    past.unlink()
    with pytest.raises(RegistryError, match=r"past/.* cannot be read"):
        run(tmp_path, "q2", AFTER)
    assert registry_bytes(tmp_path) == {
        name: data for name, data in before.items() if name != f"past/{past.name}"
    }
