"""Several quarters of a registry as one panel, and a share against its industry's."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from earnings_themes.cli.app import app
from earnings_themes.errors import ResultError
from earnings_themes.panel.build import build_panel
from earnings_themes.registry import Registry
from earnings_themes.themes.curate import apply_decisions, read_decisions
from tests.panel_run import random_sentences
from tests.panel_run import write_run as write_panel_run
from tests.unit.registry.test_quarters import AFTER, BEFORE, run, themes


def _asked(*words: str | Path) -> str:
    done = CliRunner().invoke(app, ["panel", *map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def quarters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two quarters, of which the second brings a theme forth, with their panels; other calls, so other transcript ids."""
    place = tmp_path_factory.mktemp("quarters")
    for name, said in (("q1", BEFORE), ("q2", {f"{firm}x": said for firm, said in AFTER.items()})):
        folder = run(place, name, said)
        build_panel(str(folder), folder)
    return place


def test_a_registry_is_one_panel_with_zeros_and_with_nulls_before_a_birth(
    quarters: Path, tmp_path: Path
) -> None:
    out = tmp_path / "both.parquet"
    _asked(quarters / "registry", "--results", quarters, "--out", out)
    both = pd.read_parquet(out)
    n_themes = both["theme_id"].nunique()
    assert len(both) == (len(BEFORE) + len(AFTER)) * n_themes
    parts = [pd.read_parquet(quarters / name / "panel.parquet") for name in ("q1", "q2")]
    key = ["firm_id", "transcript_id", "theme_id"]
    merged = pd.concat(parts).merge(both, on=key, how="left", suffixes=("", "_both"), validate="one_to_one")
    for column in ("n", "words", "n_management", "strength", "share"):
        np.testing.assert_allclose(merged[column], merged[f"{column}_both"])
    assert both["n"].sum() == sum(part["n"].sum() for part in parts)
    found = themes(quarters / "q2").values()
    born = [theme["theme_id"] for theme in found if theme["born"] == "q2" and theme["level"] == 1]
    assert born
    n = both.set_index(["firm_id", "theme_id"])["n"].unstack()[born]
    assert n.loc[list(BEFORE)].isna().all(axis=None)
    assert n.loc[[f"{firm}x" for firm in AFTER]].notna().all(axis=None)


def test_what_people_decided_since_holds_for_runs_that_were_made_before(
    quarters: Path, tmp_path: Path
) -> None:
    before = tmp_path / "before.parquet"
    _asked(quarters / "q1", quarters / "q2", "--out", before)
    old = pd.read_parquet(before).groupby("theme_id")["n"].sum()
    decided = read_decisions(
        "rename: {r000001: our own name}\nhide: [r000002]\nmerge: {r000003: r000004}\n", "d"
    )
    apply_decisions(Registry(str(quarters / "registry")), decided, "d")
    out = tmp_path / "after.parquet"
    _asked(quarters / "registry", "--results", quarters, "--out", out)
    after = pd.read_parquet(out)
    new = after.groupby("theme_id")["n"].sum()
    assert new["r000004"] == old["r000003"] + old["r000004"]
    assert not {"r000002", "r000003"} & set(new.index)
    assert set(after.loc[after["theme_id"] == "r000001", "label"]) == {"our own name"}
    assert new.drop("r000004").equals(old.drop(["r000002", "r000003", "r000004"]))


def test_runs_that_share_no_ids_are_refused(quarters: Path, tmp_path: Path) -> None:
    alone = write_panel_run(tmp_path / "alone", random_sentences())
    build_panel(str(alone), alone)
    for wrong, message in (
        ([alone, quarters / "q1"], "no registry"),
        ([quarters / "q1"] * 2, "each call once"),
    ):
        words = ["panel", *map(str, wrong), "--out", str(tmp_path / "x.csv")]
        error = CliRunner().invoke(app, words).exception
        assert isinstance(error, ResultError) and message in str(error)


def test_a_share_stands_against_other_firms_of_its_industry(tmp_path: Path) -> None:
    lines = random_sentences()
    folder = write_panel_run(tmp_path / "run", lines, keep=("sector",))
    build_panel(str(folder), folder)
    # Kept columns of the made run differ by firm: here two firms share one, and one has none.
    for name in ("panel.parquet", "calls.parquet"):
        frame = pd.read_parquet(folder / name)
        frame["sector"] = frame["firm_id"].map({"000": "a", "001": "a", "002": "a", "003": "b"})
        frame.loc[frame["firm_id"].eq("002") & frame["quarter"].eq("2023Q1"), "sector"] = None
        _write_like(frame, folder / name)
    out = tmp_path / "cut.parquet"
    _asked(folder, "--industry", "sector", "--out", out)
    cut = pd.read_parquet(out)
    for row in cut.itertuples():
        peers = cut[
            cut["sector"].eq(row.sector) & cut["quarter"].eq(row.quarter) & cut["theme_id"].eq(row.theme_id)
            & cut["firm_id"].ne(row.firm_id)
        ]  # fmt: skip
        want = row.share - peers["share"].mean() if row.sector and len(peers) else np.nan
        assert row.abnormal_industry == pytest.approx(want, nan_ok=True)
    assert cut["abnormal_industry"].notna().any() and cut["abnormal_industry"].isna().any()


def _write_like(frame: pd.DataFrame, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pq.read_schema(path)
    pq.write_table(
        pa.Table.from_pandas(frame, schema=schema, preserve_index=False).replace_schema_metadata({}), path
    )
