"""Recounts a run's panel with plain pandas, from its sentences alone, and says where it differs.

It shares no code with the panel: sentences.parquet and transcripts.parquet are joined and grouped. What it knows of sections and
speakers is what codebook.md says of them.

    python -m tests.longer.recount results/mine
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

CALL = ["firm_id", "transcript_id"]
COUNTS = ("n", "n_presentation", "n_qa", "n_management", "n_analysts", "words")


def recounted(run: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the panel and its denominators anew, indexed by call and theme, and by call."""
    said = pd.read_parquet(
        run / "transcripts.parquet",
        columns=[*CALL, "sentence_id", "section", "speaker_type", "speaker_name", "text"],
    )
    settled = pd.read_parquet(
        run / "sentences.parquet", columns=["sentence_id", "content", "theme_id", "strength", "broad_id"]
    )
    rows = said.merge(settled, on="sentence_id", validate="one_to_one")
    section, kind = rows["section"].fillna("").str.lower(), rows["speaker_type"].fillna("").str.lower()
    # What a name says after a comma or a dash is a title, and stands in where the source gives no type.
    title = (
        rows["speaker_name"]
        .fillna("")
        .str.replace(" - ", ", ", regex=False)
        .str.partition(",")[2]
        .str.lower()
    )
    kind = kind.where(kind != "", title)
    rows["n"] = 1
    rows["n_qa"] = section.str.contains("question|answer|q&a")
    rows["n_presentation"] = section.str.contains("present|prepared|remarks") & ~rows["n_qa"]
    rows["n_analysts"] = kind.str.contains("analyst")
    rows["n_management"] = (
        kind.str.contains("executive|management|corporate participant|company|chief|president|director")
        & ~rows["n_analysts"]
    )
    other = kind.str.contains("operator|moderator|attendee|shareholder|participant|audience|media|journalist")
    rows["words"] = [
        sum(any(c.isalnum() for c in piece) for piece in (text or "").split()) for text in rows["text"]
    ]
    rows["modelled"] = rows["content"].notna()
    rows["has_section"] = rows["n_qa"] | rows["n_presentation"]
    rows["has_role"] = rows["n_analysts"] | rows["n_management"] | other
    calls = rows.groupby(CALL).agg(
        sentences=("n", "sum"), modelled=("modelled", "sum"), words=("words", "sum"), settled=("theme_id", "count"),
        presentation=("n_presentation", "sum"), qa=("n_qa", "sum"), management=("n_management", "sum"),
        analysts=("n_analysts", "sum"), has_section=("has_section", "any"), has_role=("has_role", "any"),
    )  # fmt: skip
    parts = [
        rows.dropna(subset=["theme_id"]),
        rows.dropna(subset=["broad_id"]).assign(theme_id=lambda part: part["broad_id"]),
    ]
    if (run / "seeds.parquet").exists():
        asked = pd.read_parquet(run / "seeds.parquet")
        parts.append(rows.drop(columns=["theme_id", "strength"]).merge(asked, on="sentence_id"))
    inside = pd.concat(parts)
    panel = inside.groupby([*CALL, "theme_id"]).agg({**dict.fromkeys(COUNTS, "sum"), "strength": "mean"})
    return panel, calls


def differences(run: Path) -> list[str]:
    """Return a line for each way in which the run's panel and the recount differ; none where they agree."""
    panel, calls = recounted(run)
    ours = pd.read_parquet(run / "panel.parquet").set_index([*CALL, "theme_id"])
    totals = pd.read_parquet(run / "calls.parquet").set_index(CALL)
    found = []
    themes = ours.index.get_level_values("theme_id").unique()
    if len(ours) != len(totals) * len(themes) or ours.index.duplicated().any():
        found.append(
            f"{len(ours)} rows; expected each of {len(totals)} calls with each of {len(themes)} themes once"
        )
    if len(lost := panel.index.difference(ours.index)):
        found.append(f"{len(lost)} cells that sentences have are no row, the first {lost[0]}")
    calls = calls.reindex(totals.index)
    blank = calls["sentences"].isna()
    known = {
        "presentation": "has_section",
        "qa": "has_section",
        "management": "has_role",
        "analysts": "has_role",
    }
    for name in ("sentences", "modelled", "words", "settled", *known):
        wanted = calls[name].where(~blank, 0).astype(float)
        if name in known:
            wanted = wanted.where(calls[known[name]].eq(True))
        found += _compare(f"calls.{name}", totals[name], wanted)
    of_call = pd.MultiIndex.from_arrays([ours.index.get_level_values(name) for name in CALL])
    for name in COUNTS:
        wanted = panel[name].reindex(ours.index).fillna(0).astype(float)
        part = name.removeprefix("n_")
        if part in known:
            wanted = wanted.where(calls[known[part]].eq(True).reindex(of_call).to_numpy())
        found += _compare(f"panel.{name}", ours[name], wanted)
    modelled = calls["modelled"].reindex(of_call).astype(float).to_numpy()
    share = panel["n"].reindex(ours.index).fillna(0) / np.where(modelled > 0, modelled, np.nan)
    found += _compare("panel.share", ours["share"], share)
    found += _compare("panel.strength", ours["strength"], panel["strength"].reindex(ours.index))
    return found


def _compare(name: str, ours: pd.Series, wanted: pd.Series) -> list[str]:
    one, other = (
        np.asarray(values, dtype=float)
        for values in (ours.astype("Float64").to_numpy(float, na_value=np.nan), wanted)
    )
    wrong = ~np.isclose(one, other, rtol=1e-5, atol=1e-6, equal_nan=True)
    if not wrong.any():
        return []
    place = int(np.flatnonzero(wrong)[0])
    return [
        f"{name}: {wrong.sum():,} of {len(one):,} differ, the first {ours.index[place]}: {one[place]} there, {other[place]} recounted"
    ]


def main(run: Path) -> int:
    """Print the differences, and what was compared; 1 where there are any."""
    found = differences(run)
    for line in found:
        print(line)
    panel = pd.read_parquet(
        run / "panel.parquet",
        columns=["firm_id", "transcript_id", "n", "n_qa", "n_analysts", "share", "level"],
    )
    print(
        f"{run}: {len(panel):,} rows, {panel[CALL].drop_duplicates().shape[0]:,} calls; zeros {panel['n'].eq(0).sum():,}; null n_qa "
        f"{panel['n_qa'].isna().sum():,}, n_analysts {panel['n_analysts'].isna().sum():,}, share {panel['share'].isna().sum():,}; sum of n "
        f"{panel.groupby('level')['n'].sum().to_dict()}; {len(found)} differences"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
