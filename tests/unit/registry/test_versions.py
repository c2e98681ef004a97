"""A registry's folder: versions only added, one pointer, and of two runs at once one that is told to run again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
from moto import mock_aws

from earnings_themes.errors import BusyError, RegistryError
from earnings_themes.registry import Ran, Registry, RegistryTheme, Version
from earnings_themes.registry.grow import check_space, grown, ids
from earnings_themes.registry.records import Seen, decode_version, digest_of, encode_version, state_of
from earnings_themes.registry.versions import Ground
from earnings_themes.system.folders import Folder, LocalFolder
from earnings_themes.system.s3 import S3Folder
from earnings_themes.themes.curate import Decisions, apply_decisions

ABOUT = {"space": "a" * 64, "embedding_sha256": "b" * 64}


@pytest.fixture(params=["disk", "s3"])
def folder(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Folder]:
    if request.param == "disk":
        yield LocalFolder(tmp_path / "registry")
        return
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client: Any = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="bucket")
        yield S3Folder("bucket", "registry/mine", client)


def version(ground: Ground, run: str, quarter: str, *directions: int) -> Version:
    """What a run adds that finds a theme in each of these directions."""
    centroids = 4096 * np.eye(8, dtype=np.int64)[list(directions)]
    born = [
        RegistryTheme(name, 1, "subject", f"label {direction}", (), "b0001", tuple(centroid.tolist()), 0.5, 0.25, run,
                      "transient", exemplars=("1_1_0001",))
        for name, direction, centroid in zip(ids(ground, centroids, 1), directions, centroids, strict=True)
    ]  # fmt: skip
    ran = Ran(run, quarter, "2020-01-01", "2020-03-31", 10, 100, 50, len(born))
    seen = {one.theme_id: Seen(run, 5, 20) for one in born}
    return grown(ground, ABOUT, 2, ran, seen, born)


def extend(registry: Registry, run: str, quarter: str, *directions: int) -> Any:
    ground = registry.ground(run, quarter, "extend")
    return registry.commit(version(ground, run, quarter, *directions), ground)


def files(folder: Folder) -> dict[str, bytes]:
    versions = folder.child("versions")
    return {name: versions.read(name) for name in versions.list()}


def test_each_quarter_adds_a_version_and_what_was_there_keeps_its_bytes(folder: Folder) -> None:
    registry = Registry(folder)
    assert registry.current() is None
    extend(registry, "q1", "2020Q1", 0, 1)
    before = files(folder)
    named = extend(registry, "q2", "2020Q2", 2)
    after = files(folder)
    assert list(after) == ["000001.json", "000002.json"]
    assert after["000001.json"] == before["000001.json"]
    assert [one.theme_id for one in named.version.fine] == ["r000001", "r000002", "r000003"]
    assert named.version.parent == digest_of(before["000001.json"])
    assert Registry(folder).current() == named
    assert [found.version.made_by for found in registry.lineage()] == ["q2", "q1"]


def test_the_last_run_made_again_adds_nothing_when_nothing_changed(folder: Folder) -> None:
    registry = Registry(folder)
    extend(registry, "q1", "2020Q1", 0)
    first = extend(registry, "q2", "2020Q2", 1)
    kept, pointer = files(folder), folder.read("current")
    assert extend(registry, "q2", "2020Q2", 1) == first
    assert files(folder) == kept and folder.read("current") == pointer


def test_the_last_run_made_again_with_other_calls_keeps_the_ids_of_what_it_finds_again(
    folder: Folder,
) -> None:
    registry = Registry(folder)
    extend(registry, "q1", "2020Q1", 0)
    first = extend(registry, "q2", "2020Q2", 1, 2)
    kept = files(folder)
    # Now it finds the second of both, and another one.
    ground = registry.ground("q2", "2020Q2", "extend")
    assert ground.base and ground.base.version.made_by == "q1"
    names = ids(ground, np.eye(8)[[5, 2]], 1)
    assert names == ["r000004", "r000003"]
    again = extend(registry, "q2", "2020Q2", 2)
    assert again.version.replaces == first.sha256 and again.version.parent == first.version.parent
    assert {name: data for name, data in files(folder).items() if name in kept} == kept
    assert [one.theme_id for one in again.version.fine] == ["r000001", "r000003"]
    # A number is never given twice, not even one that no theme has any more.
    assert extend(registry, "q3", "2020Q3", 4).version.fine[-1].theme_id == "r000004"


def test_an_earlier_run_settles_in_its_own_themes_and_a_new_one_of_the_past_is_refused(
    folder: Folder,
) -> None:
    registry = Registry(folder)
    first = extend(registry, "q1", "2020Q1", 0)
    last = extend(registry, "q3", "2020Q3", 1)
    late = registry.ground("q1", "2020Q1", "extend")
    assert late == Ground(first, births=False)
    with pytest.raises(RegistryError, match=r"q2 ends in 2020Q2.*q3.*2020Q3.*registry\.mode: frozen"):
        registry.ground("q2", "2020Q2", "extend")
    assert registry.ground("q2", "2020Q2", "frozen") == Ground(last, births=False)
    assert registry.ground("other firms", "2020Q3", "extend").births


def test_a_run_is_made_again_after_a_curation_and_for_nothing_that_runs_add(folder: Folder) -> None:
    registry = Registry(folder)
    before = registry.basis("q1")
    extend(registry, "q1", "2020Q1", 0)
    new = registry.basis("q2")
    extend(registry, "q2", "2020Q2", 1)
    assert (registry.basis("q1"), registry.basis("q2")) == (before, new) and before != new
    apply_decisions(registry, Decisions(rename={"r000001": "ours"}), "d")
    curated = {run: registry.basis(run) for run in ("q1", "q2", "q3")}
    assert not {before, new} & set(curated.values())
    frozen = registry.basis("other", "frozen")
    extend(registry, "q3", "2020Q3", 2)
    assert {run: registry.basis(run) for run in curated} == curated
    assert registry.basis("other", "frozen") == frozen


def test_nothing_to_be_frozen_says_so(folder: Folder) -> None:
    with pytest.raises(RegistryError, match=r"no themes yet.*extend"):
        Registry(folder).ground("q1", "2020Q1", "frozen")


def test_of_two_runs_at_once_the_second_is_told_to_run_again_and_then_can(folder: Folder) -> None:
    registry = Registry(folder)
    extend(registry, "q1", "2020Q1", 0)
    one, other = (registry.ground(run, "2020Q2", "extend") for run in ("one", "other"))
    first = registry.commit(version(one, "one", "2020Q2", 1), one)
    with pytest.raises(BusyError, match="Run the same command again"):
        registry.commit(version(other, "other", "2020Q2", 2), other)
    assert registry.current() == first
    after = extend(registry, "other", "2020Q2", 2)
    assert [ran.run for ran in after.version.runs] == ["q1", "one", "other"]
    assert [found.version.made_by for found in registry.lineage()] == ["other", "one", "q1"]


def test_a_run_cut_short_before_the_pointer_moved_leaves_the_registry_as_it_was(folder: Folder) -> None:
    registry = Registry(folder)
    first = extend(registry, "q1", "2020Q1", 0)
    ground = registry.ground("q2", "2020Q2", "extend")
    folder.child("versions").write("000002.json", b"a half")
    assert registry.current() == first
    second = registry.commit(version(ground, "q2", "2020Q2", 1), ground)
    assert files(folder)["000002.json"] == b"a half" and second.version.number == 3
    assert [found.version.number for found in registry.lineage()] == [3, 1]


def test_a_changed_file_of_the_past_is_an_error_that_names_it(folder: Folder) -> None:
    registry = Registry(folder)
    extend(registry, "q1", "2020Q1", 0)
    named = extend(registry, "q2", "2020Q2", 1)
    folder.child("versions").write("000001.json", encode_version(named.version))
    with pytest.raises(RegistryError, match="no file has the SHA-256"):
        list(registry.lineage())
    folder.child("versions").write("000002.json", b"{}")
    with pytest.raises(RegistryError, match=r"000002\.json.*never.*changes"):
        registry.current()
    folder.write("current", b"3")
    with pytest.raises(RegistryError, match="current: cannot be read"):
        registry.current()


@pytest.mark.parametrize("what", ["space", "embedding_sha256"])
def test_vectors_of_another_space_or_encoder_are_refused(folder: Folder, what: str) -> None:
    registry = Registry(folder)
    extend(registry, "q1", "2020Q1", 0)
    ground = registry.ground("q2", "2020Q2", "extend")
    check_space(ground, ABOUT, "results/q2")
    with pytest.raises(RegistryError, match=r"results/q2.*cccccccccccc"):
        check_space(ground, ABOUT | {what: "c" * 64}, "results/q2")


def test_a_version_reads_back_as_it_was_written_and_another_schema_is_refused(folder: Folder) -> None:
    named = extend(Registry(folder), "q1", "2020Q1", 0, 1)
    assert decode_version(encode_version(named.version), "x") == named.version
    plain = json.loads(encode_version(named.version))
    with pytest.raises(RegistryError, match="schema_version is 9"):
        decode_version(json.dumps(plain | {"schema_version": 9}).encode(), "x")
    with pytest.raises(RegistryError, match="x: is no version"):
        decode_version(json.dumps(plain | {"themes": 3}).encode(), "x")


def test_a_theme_is_transient_then_active_and_dormant_after_four_quarters_without_it() -> None:
    runs = tuple(
        Ran(quarter, quarter, "", "", 10, 0, 0, 0)
        for quarter in ("2019Q4", "2020Q1", "2020Q2", "2020Q3", "2020Q4", "2021Q1")
    )
    born, again = Seen("2019Q4", 5, 9), Seen("2020Q1", 2, 3)
    assert state_of("2019Q4", (born,), runs[:1], 2) == "transient"
    assert state_of("2019Q4", (born,), runs[:4], 2) == "transient"
    assert state_of("2019Q4", (born,), runs[:5], 2) == "dormant"
    assert state_of("2019Q4", (born, again), runs[:2], 2) == "active"
    assert state_of("2019Q4", (born, again), runs[:5], 2) == "active"
    assert state_of("2019Q4", (born, again), runs, 2) == "dormant"
    # One firm alone does not keep a theme alive.
    assert state_of("2019Q4", (born, again, Seen("2020Q4", 1, 9)), runs, 2) == "dormant"
