"""A theme that two subjects share becomes two: proposed, divided by subject, and the same in every quarter's files."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pandas as pd
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from earnings_themes.cli.app import app
from earnings_themes.errors import RegistryError, ResultError
from earnings_themes.panel.build import build_panel
from earnings_themes.registry import Registry, RegistryTheme, Version
from earnings_themes.registry.history import changes, over_time
from earnings_themes.system.s3 import S3Folder
from earnings_themes.themes.curate import apply_decisions, proposals, read_decisions
from earnings_themes.themes.registered import settle_known
from earnings_themes.themes.splits import Members, divide, members_of, stability_of
from tests.unit.registry.test_curation import copied
from tests.unit.registry.test_quarters import AFTER, BEFORE, frozen_bytes, registry_bytes, run, themes
from tests.unit.themes.test_find_and_settle import blobs

SAID = {"q1": BEFORE, "q2": {f"{firm}x": said for firm, said in AFTER.items()}}


@pytest.fixture(scope="module")
def quarters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two quarters of a registry in which a theme holds two subjects, because somebody merged what does not belong together."""
    place = tmp_path_factory.mktemp("quarters")
    for name, said in SAID.items():
        run(place, name, said)
    merged(Registry(str(place / "registry")), place / "q2")
    return place


def merged(registry: Registry, folder: Path) -> None:
    """Merge the two themes that most sentences of a run are in, as r000001 if that is one."""
    first, second = sorted(n for n, _ in zip(themes(folder), range(2), strict=False))
    apply_decisions(registry, read_decisions(f"merge: {{{second}: {first}}}", "d"), "d")


def version_of(registry: Registry) -> Version:
    named = registry.current()
    assert named is not None
    return named.version


def mixed(version: Version) -> str:
    """Return the theme that holds two subjects."""
    return next(theme.into for theme in version.fine if theme.into)


def counted(version: Version, registry: Registry) -> dict[str, int]:
    """Return how many past sentences count as each theme, of those that have some."""
    said = members_of(version, registry.pasts(version))
    return {name: len(own.rows) for name, own in said.items() if len(own.rows)}


def subjects(folder: Path, theme_id: str) -> set[str]:
    """Return the words that the sentences of a theme are about."""
    texts = pd.read_parquet(folder / "transcripts.parquet").set_index("sentence_id")["text"]
    rows = pd.read_parquet(folder / "sentences.parquet")
    return {text.split()[1] for text in texts[rows.loc[rows["theme_id"] == theme_id, "sentence_id"]]}


def test_a_split_holds_in_every_quarter_that_is_made_again_and_its_parts_add_up(
    quarters: Path, tmp_path: Path
) -> None:
    registry = copied(quarters, tmp_path)
    whole = mixed(version_of(registry))
    folders = {name: run(tmp_path, name, said) for name, said in SAID.items()}
    for folder in folders.values():
        build_panel(str(folder), folder)
    before = panel(tmp_path)
    bytes_before = registry_bytes(tmp_path)
    files_before = {name: frozen_bytes(folder) for name, folder in folders.items()}

    named = apply_decisions(registry, read_decisions(f"split: {{{whole}: [one half, other half]}}", "d"), "d")
    parts = ["r000008", "r000009"]
    number = named.version.number
    table = json.loads((tmp_path / f"registry/mappings/{number:06d}.json").read_text())
    assert table == {"version": number, "ids": {whole: parts}}
    # What was written stays as it was, until a run is made again.
    after = registry_bytes(tmp_path)
    assert bytes_before.items() - {("current", bytes_before["current"])} <= after.items()
    assert {name: frozen_bytes(folder) for name, folder in folders.items()} == files_before
    with pytest.raises(
        ResultError, match=f"q1: its themes were made before {whole} was split. Run snakemake"
    ):
        panel(tmp_path)

    for name, said in SAID.items():
        build_panel(str(run(tmp_path, name, said)), folders[name])
        assert {len(subjects(folders[name], part)) for part in parts} == {1}
        assert subjects(folders[name], parts[0]) != subjects(folders[name], parts[1])
        assert whole not in themes(folders[name])
        assert themes(folders[name])[parts[0]]["label"] == "one half"
    now = panel(tmp_path)
    key = ["quarter", "theme_id"]
    old, new = (each.groupby(key)[["n", "words"]].sum().unstack("quarter") for each in (before, now))
    assert (new.loc[parts].sum() == old.loc[whole]).all() and (new.loc[parts, "n"] > 0).all(axis=None)
    pd.testing.assert_frame_equal(new.drop(parts), old.drop(whole))
    # The registry's own count of the quarters before the split is what their files say.
    for theme in named.version.fine:
        if theme.theme_id in parts:
            assert [each.n_sentences for each in over_time(named.version, theme)] == new.loc[
                theme.theme_id, "n"
            ].tolist()
            assert theme.state == "active"
    assert whole not in {each.theme.theme_id for each in changes(named.version)} > set(parts)


def panel(place: Path) -> pd.DataFrame:
    out = place / "panel.parquet"
    words = ["panel", str(place / "registry"), "--results", str(place), "--out", str(out)]
    CliRunner().invoke(app, words, catch_exceptions=False)
    return pd.read_parquet(out)


def test_a_theme_of_two_subjects_is_proposed_and_no_other(quarters: Path, tmp_path: Path) -> None:
    registry = copied(quarters, tmp_path)
    version = version_of(registry)
    text = proposals(version, registry.pasts(version))
    assert not read_decisions(text, "p").split
    lines = text.split("split:\n")[1].split("rename:\n")[0].splitlines()
    assert [line.split(":")[0].strip(" #") for line in lines if "#   " not in line] == [mixed(version)]
    # As it stands there, without the sign of a comment, it can be applied.
    decided = read_decisions("split:\n" + lines[0].replace("# ", "", 1), "p")
    after = apply_decisions(registry, decided, "p").version
    assert not any(line.startswith("  # r") for line in proposals(after, registry.pasts(after)).split("split:\n")[1]
                   .split("rename:")[0].splitlines())  # fmt: skip


def test_a_tight_theme_is_as_likely_to_fall_into_any_two_parts() -> None:
    rows, truth = blobs(2, 400, spread=0.1)
    firms = np.arange(800) % 40
    stable = [
        stability_of(Members(some, np.zeros(len(some), dtype=np.int64), firms[: len(some)]))
        for some in (rows, rows[truth == 0])
    ]
    assert stable[0] > 0.95 and stable[1] < 0.75
    division = divide(rows)
    assert division is not None
    assert np.array_equal(division.labels, truth) or np.array_equal(division.labels, 1 - truth)
    assert divide(rows[:1]) is None and divide(np.repeat(rows[:1], 9, axis=0)) is None


def test_the_same_split_gives_the_same_bytes_once_only_a_version_and_the_same_on_s3(
    quarters: Path, tmp_path: Path, bucket: S3Folder
) -> None:
    whole = mixed(version_of(Registry(str(quarters / "registry"))))
    decided = read_decisions(f"split: {{{whole}: }}\nhide: [r000009]\nrename: {{r000008: kept}}", "d")
    written = []
    for name in ("one", "other"):
        registry = copied(quarters, tmp_path / name)
        first = apply_decisions(registry, decided, "d")
        assert apply_decisions(registry, decided, "d") == first
        written.append(registry_bytes(tmp_path / name))
    assert written[0] == written[1]
    for name, data in registry_bytes(quarters).items():
        folder, _, file = name.rpartition("/")
        assert (bucket.child(folder) if folder else bucket).swap(file, data, None)
    assert apply_decisions(Registry(bucket), decided, "d") == first
    for name in ("current", f"versions/{first.version.number:06d}.json"):
        folder, _, file = name.rpartition("/")
        assert (bucket.child(folder) if folder else bucket).read(file) == written[0][name]
    file = f"{first.version.number:06d}.json"
    assert bucket.child("mappings").read(file) == (tmp_path / f"one/registry/mappings/{file}").read_bytes()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Folder]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client: Any = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="bucket")
        yield S3Folder("bucket", "registry/mine", client)


def test_a_part_is_merged_hidden_and_split_as_any_theme(quarters: Path, tmp_path: Path) -> None:
    registry = copied(quarters, tmp_path)
    whole = mixed(version_of(registry))
    before = counted(version_of(registry), registry)
    split = apply_decisions(registry, read_decisions(f"split: {{{whole}: }}", "d"), "d").version
    parts = counted(split, registry)
    assert parts["r000008"] + parts["r000009"] == before[whole]
    assert {name: n for name, n in parts.items() if name not in ("r000008", "r000009")} == {
        name: n for name, n in before.items() if name != whole
    }
    other = next(theme.theme_id for theme in split.counted if theme.theme_id not in ("r000008", "r000009"))
    decided = f"merge: {{r000008: {other}}}\nsplit: {{r000009: }}"
    again = counted(apply_decisions(registry, read_decisions(decided, "d"), "d").version, registry)
    assert again[other] == parts[other] + parts["r000008"]
    assert (
        again["r000010"] + again["r000011"] == parts["r000009"] and not {"r000008", "r000009"} & again.keys()
    )
    # The decisions of before may be said again.
    assert (
        apply_decisions(registry, read_decisions(f"split: {{{whole}: }}\n{decided}", "d"), "d").version.number
        == 5
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("split: {r999999: }", "r999999, which the registry has not"),
        ("split: {r000001: [one]}", "Expected"),
        ("split: [r000001]", "Expected"),
        ("split: {r000001: [same, same]}", "would both be called 'same'"),
        ("split: {b0001: }", "is a broad theme"),
        ("split: {HIDDEN: }", "which is hidden"),
        ("split: {MERGED: }", "which counts as r00000"),
        ("hide: [SPLIT]", "was split into r000008 and r000009. Hide or merge one of these"),
        ("merge: {SPLIT: r000007}", "was split into r000008 and r000009"),
        ("merge: {OTHER: SPLIT}", "was split into r000008 and r000009"),
        ("merge: {r000008: MERGED}", "circle"),
    ],
)
def test_a_split_that_cannot_be_is_an_error_and_changes_nothing(
    quarters: Path, tmp_path: Path, text: str, said: str
) -> None:
    registry = copied(quarters, tmp_path)
    version = version_of(registry)
    names = {"SPLIT": mixed(version), "MERGED": next(theme.theme_id for theme in version.fine if theme.into)}
    names["HIDDEN"] = next(theme.theme_id for theme in version.counted if theme.theme_id != names["SPLIT"])
    names["OTHER"] = version.counted[-1].theme_id
    for name, theme_id in names.items():
        text = text.replace(name, theme_id)
    first = f"split: {{{names['SPLIT']}: }}\nhide: [{names['HIDDEN']}]"
    apply_decisions(registry, read_decisions(first, "d"), "d")
    before = registry_bytes(tmp_path)
    with pytest.raises(RegistryError, match=said):
        apply_decisions(registry, read_decisions(text, "d.yaml"), "d.yaml")
    assert registry_bytes(tmp_path) == before


def test_without_past_sentences_nothing_can_be_divided(quarters: Path, tmp_path: Path) -> None:
    registry = copied(quarters, tmp_path)
    version = version_of(registry)
    bare = replace(version, runs=tuple(replace(ran, past="") for ran in version.runs))
    registry.commit(replace(bare, curation="x"), registry.curated_ground())
    with pytest.raises(RegistryError, match="the registry keeps 0 sentences of it"):
        apply_decisions(registry, read_decisions("split: {r000001: }", "d"), "d")


def test_a_part_takes_what_the_whole_takes_and_is_strong_enough_in_it() -> None:
    def theme(theme_id: str, direction: list[int], parts: tuple[str, ...] = ()) -> RegistryTheme:
        centroid = 4096 * np.array(direction) / np.linalg.norm(direction)
        made = RegistryTheme(theme_id, 1, "subject", theme_id, (), "b0001", tuple(centroid.round().astype(int).tolist()),
                             0.9, 0.7, "q1", "active")  # fmt: skip
        return replace(made, parts=(parts[0], parts[1])) if parts else made

    whole = theme("r000001", [1, 1, 0], ("r000002", "r000003"))
    named = [whole, theme("r000002", [1, 0, 0]), theme("r000003", [0, 1, 0])]
    said = np.array([[200, 120, 0], [120, 200, 0], [160, 160, 0], [220, 0, 0]], dtype=np.int64)
    rows = (said / 2).astype(np.int8)
    found = settle_known(rows, np.ones(4, dtype=np.float32), named)
    # The third is between the parts, and not near enough to either; the fourth is nearer to a part than to the whole.
    assert found.labels.tolist() == [1, 2, -1, -1]
    assert found.nearest.tolist()[:2] == [1, 2] and found.nearest[3] == 1
    assert (found.strength[:2] >= 0.7).all() and found.strength[2:].max() < 0.7
