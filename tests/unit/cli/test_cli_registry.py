"""`earnings-themes registry`: lists, histories and decisions, from a terminal."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.unit.cli.ended import Command
from tests.unit.registry.test_quarters import AFTER, BEFORE, run


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("quarters")
    run(place, "q1", BEFORE)
    run(place, "q2", AFTER)
    return place


def test_what_is_there_what_is_new_and_what_fades(command: Command, place: Path) -> None:
    registry = ("--registry", str(place / "registry"))
    listed = command("registry", "themes", *registry)
    assert len(listed.out.splitlines()) == 8 and listed.code == 0
    rows = {
        row["theme_id"]: row
        for row in csv.DictReader(
            io.StringIO(command("registry", "themes", *registry, "--format", "csv").out)
        )
    }
    assert (rows["r000007"]["state"], rows["r000007"]["born"]) == ("transient", "q2")
    assert (
        json.loads(command("registry", "new", *registry, "--format", "json").out)[0]["theme_id"] == "r000007"
    )
    fading = json.loads(command("registry", "fading", *registry, "--format", "json").out)
    (gone,) = [row for row in fading if row["share"] == 0]
    assert rows[gone["theme_id"]]["n_firms"] == "0"
    assert command("registry", "new", *registry, "--run", "q3").code == 1


def test_a_theme_and_a_firm_over_the_quarters(command: Command, place: Path) -> None:
    given = ("--registry", str(place / "registry"), "--results", str(place))
    shown = command("registry", "history", "r000001", *given).out
    assert "q1 (2023Q1)" in shown and "q2 (2023Q2)" in shown and "born" in shown
    record = json.loads(command("registry", "history", "r000001", *given, "--format", "json").out)
    assert [quarter["run"] for quarter in record["quarters"]] == ["q1", "q2"] == list(record["sentences"])
    firm = json.loads(command("registry", "firm", "a00", *given, "--format", "json").out)
    assert {row["run"] for row in firm} == {"q1"} and sum(row["n_sentences"] for row in firm) == 18


def test_decisions_are_applied_and_a_wrong_place_is_named(
    command: Command, place: Path, tmp_path: Path
) -> None:
    registry = ("--registry", str(place / "registry"))
    decisions = tmp_path / "decisions.yaml"
    decisions.write_text(
        command("registry", "propose", *registry).out + "\nrename: {r000001: our own name}\n"
    )
    ended = command("registry", "curate", str(decisions), *registry)
    assert ended.code == 0 and "mappings/000003.json" in ended.out
    assert "our own name" in command("registry", "themes", *registry).out
    decisions.write_text("split: {r000001: [one half, other half]}\n")
    ended = command("registry", "curate", str(decisions), *registry)
    assert ended.code == 0 and "r000001 → r000008 one half: " in ended.out
    listed = command("registry", "themes", *registry, "--format", "csv").out
    states = {row["theme_id"]: row["state"] for row in csv.DictReader(io.StringIO(listed))}
    assert (states["r000001"], states["r000008"]) == ("now r000008 and r000009", "active")
    whole = json.loads(command("registry", "history", "r000001", *registry, "--format", "json").out)
    assert whole["parts"] == ["r000008", "r000009"]
    nowhere = command("registry", "themes", "--registry", str(tmp_path / "none"))
    assert nowhere.code == 1 and "no registry is there" in nowhere.err
    assert command("registry", "curate", str(tmp_path / "none.yaml"), *registry).code == 2


def test_the_quarters_are_compared_with_one_pooled_run(command: Command, place: Path, tmp_path: Path) -> None:
    given = ("--registry", str(place / "registry"), "--results", str(place), "--format", "json")
    # The second quarter by itself stands for the pooled run: the registry's themes of it are the same six.
    pooled = run(tmp_path, "q2", AFTER, registry=False)
    found = json.loads(command("registry", "compare", str(pooled), *given).out)
    assert found["n_settled"] == found["n_settled_pooled"] and found["ami"]["value"] == pytest.approx(1)
    assert len(found["matches"]) == 6 and {match["f1"] for match in found["matches"]} == {1.0}
    other = run(
        tmp_path / "other", "q1", {f"z{n}": said for n, said in enumerate(BEFORE.values())}, registry=False
    )
    ended = command("registry", "compare", str(other), *given)
    assert ended.code == 1 and "shares no sentence" in ended.err
