"""The registry that ships: both encoders' files belong together, a run settles in it as it is, or in a copy that it extends."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from earnings_themes.config import (
    Config,
    Embedding,
    RegistrySettings,
    Source,
    ThemeSettings,
    TopicSettings,
    parse_config,
)
from earnings_themes.embedding.encoders import PACKAGED_SHA256
from earnings_themes.embedding.shard import embed_shard
from earnings_themes.embedding.space import load_space
from earnings_themes.errors import ConfigError, RegistryError
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.registry import Registry, Version
from earnings_themes.registry.records import REFERENCE_RUN
from earnings_themes.registry.reference import open_registry, registry_at
from earnings_themes.results.firms import encode_firm, read_firms
from earnings_themes.system.folders import LocalFolder
from earnings_themes.themes.run import reduce_run
from earnings_themes.topics.firm import process_firm_files
from tests.conftest import REPO
from tests.small_run import Said, write_run

FROZEN = RegistrySettings(path="reference", mode="frozen")


def version_of(registry: Registry) -> Version:
    named = registry.current()
    assert named is not None
    return named.version


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's calls up to their firms' topics, with word vectors."""
    run = tmp_path_factory.mktemp("sample")
    transcripts, firms, vectors = (
        run / "transcripts.parquet",
        run / "firms.tsv",
        run / "embeddings/0000.parquet",
    )
    source = Source(path=str(REPO / "data/sample_calls.csv"))
    ingest(source, transcripts, firms, run / "ingest.json", calls=run / "source_calls.parquet")
    for folder in ("embeddings", "topics"):
        (run / folder).mkdir()
    embed_shard(transcripts, firms, vectors, 0, Embedding(model="static"), False)
    for firm in read_firms(firms):
        topics = run / f"topics/{encode_firm(firm.firm_id)}.json"
        process_firm_files("sample", firm.firm_id, firms, transcripts, vectors, topics, TopicSettings(), 42)
    return run


def settle(run: Path, registry: RegistrySettings) -> dict[str, dict[str, object]]:
    """Reduce the run with a registry; return its themes by id."""
    config = Config(run="sample", themes=ThemeSettings(stability_runs=0), registry=registry)
    reduce_run(config, LocalFolder(run), run / "themes.json", run / "reduce.json")
    found = json.loads((run / "themes.json").read_text(encoding="utf-8"))
    assert found["metadata"]["registry"]["path"] == registry.path
    return {theme["theme_id"]: theme for theme in found["themes"]}


def test_the_two_encoders_files_hold_the_same_ids_and_names_each_in_its_own_space() -> None:
    static, packaged = (version_of(registry_at("reference", model)) for model in ("static", "packaged"))
    assert static.space == packaged.space == static.encoder == load_space().digest
    assert packaged.encoder == PACKAGED_SHA256
    for one, other in zip(static.themes, packaged.themes, strict=True):
        for name in ("theme_id", "level", "parent", "kind", "label", "note", "hidden", "into", "history"):
            assert getattr(one, name) == getattr(other, name)
        assert (len(one.centroid), len(other.centroid)) == (64, 128)
    # What readers see has a name that was given to it, not the words that the program joins.
    seen = [theme.label for theme in static.themes if not theme.hidden and theme.into is None]
    assert not [label for label in seen if ";" in label or label.startswith(("various", "results ("))]
    assert {theme.born for theme in static.themes} == {REFERENCE_RUN}


def test_the_page_calls_themes_as_the_registry_does() -> None:
    names = {theme.theme_id: theme.label for theme in version_of(registry_at("reference")).themes}
    page = (REPO / "docs/reference.md").read_text(encoding="utf-8")
    listed = re.findall(r"\| (r\d{6}) ([^|]+) (?=\|)", page)
    assert len(listed) == 20 and all(names[theme_id] == label for theme_id, label in listed)


def test_a_frozen_run_settles_in_it_under_its_ids_and_names_and_leaves_it_as_it_is(sample: Path) -> None:
    there = {theme.theme_id: theme for theme in version_of(registry_at("reference")).themes}
    package = Path(str(registry_at("reference")))
    before = {path: path.read_bytes() for path in package.rglob("*") if path.is_file()}
    themes = settle(sample, FROZEN)
    assert themes and all(theme["label"] == there[name].label for name, theme in themes.items())
    assert not any(there[name].hidden for name in themes)
    settled = pd.read_parquet(sample / "sentences.parquet")["theme_id"].dropna()
    assert len(settled) and set(settled) <= there.keys()
    assert {path: path.read_bytes() for path in package.rglob("*") if path.is_file()} == before


def test_a_registry_of_ones_own_begins_as_a_copy_keeps_the_ids_and_grows(
    sample: Path, tmp_path: Path
) -> None:
    mine = RegistrySettings(path=str(tmp_path / "mine"), founded_on="reference")
    shipped = registry_at("reference").current()
    assert shipped is not None
    basis = open_registry(mine, "static").basis("sample")
    settle(sample, mine)
    first, second = sorted((tmp_path / "mine/versions").iterdir())
    assert first.read_bytes() == (Path(str(registry_at("reference"))) / "versions" / first.name).read_bytes()
    version = version_of(Registry(str(tmp_path / "mine")))
    assert second.name == "000002.json" and version.parent == shipped.sha256
    assert [ran.run for ran in version.runs] == [REFERENCE_RUN, "sample"]
    old = {theme.theme_id: (theme.label, theme.centroid, theme.born) for theme in shipped.version.themes}
    kept = {theme.theme_id: (theme.label, theme.centroid, theme.born) for theme in version.themes}
    assert old.items() <= kept.items()
    # A second call finds nothing to do, and the same run made again adds no version.
    assert open_registry(mine, "static").basis("sample") == basis == shipped.sha256
    settle(sample, mine)
    assert len(list((tmp_path / "mine/versions").iterdir())) == 2


def test_another_encoder_is_refused_and_told_what_to_set(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {firm: [Said(0)] for firm in "abc"}, run="sample")
    with pytest.raises(
        RegistryError, match=r"set embedding\.space: null, embedding\.model: static or packaged"
    ):
        settle(run, FROZEN)


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    shutil.copytree(str(registry_at("reference")), tmp_path / "copy")
    version = tmp_path / "copy/versions/000001.json"
    version.write_bytes(version.read_bytes().replace(b'"level":1', b'"level":2', 1))
    with pytest.raises(RegistryError, match="A version never changes"):
        Registry(str(tmp_path / "copy")).current()


def test_the_settings_say_frozen_or_a_copy() -> None:
    assert parse_config({"registry": "reference"}).registry == FROZEN
    with pytest.raises(ConfigError, match=r"founded_on: reference"):
        parse_config({"registry": {"path": "reference"}})
