"""Invented calls whose themes are known, clusterings of them, and raters who follow the codebook more or less."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd

N_FIRMS = 30
N_THEMES = 60


def true_theme(sentence_id: str) -> int:
    """The theme that a sentence was written of; its area is that number // 3."""
    return int(sentence_id.rpartition("t")[2])


def write_calls(folder: Path) -> Path:
    """Write transcripts: 30 firms, 60 themes, a sentence each, and one of procedure a call that nobody may judge."""
    rng = np.random.default_rng(3)
    rows = []
    for firm in range(N_FIRMS):
        for position, theme in enumerate(rng.permutation(N_THEMES)):
            text = f"Firm{firm} says that subject{theme} moved with area{theme // 3} in unit{rng.integers(10**6)}."
            rows.append((f"f{firm}_s{position}t{theme}", f"f{firm}", f"c{firm}", position, text, text, False))
        rows.append(
            (
                f"f{firm}_s{N_THEMES}t0",
                f"f{firm}",
                f"c{firm}",
                N_THEMES,
                "Good morning.",
                "Good morning.",
                True,
            )
        )
    columns = ["sentence_id", "firm_id", "transcript_id", "position", "text", "model_text", "procedural"]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "transcripts.parquet"
    pd.DataFrame(rows, columns=columns).to_parquet(path)
    return path


def clustering(transcripts: Path, path: Path, wrong: float, strength: bool = True) -> Path:
    """Write a table of themes; a share `wrong` of the sentences stands in a theme at random."""
    rng = np.random.default_rng(4)
    table = pd.read_parquet(transcripts).query("not procedural")
    theme = table["sentence_id"].map(true_theme).to_numpy()
    moved = rng.random(len(theme)) < wrong
    theme = np.where(moved, rng.integers(N_THEMES, size=len(theme)), theme)
    found = pd.DataFrame({"sentence_id": table["sentence_id"], "theme": theme})
    found["label"] = [f"subject{t}" for t in theme]
    if strength:
        found["strength"] = rng.random(len(theme)).round(4)
    found.to_csv(path, index=False)
    return path


def fill(sheets: Path, key: Path, blunder: float = 0.0, seed: int = 5) -> list[Path]:
    """Rate every sheet as the codebook asks; a share `blunder` of the answers is any answer at all."""
    secret = {
        (row["sheet"], row["item"]): row for row in csv.DictReader((key / "key.csv").open(encoding="utf-8"))
    }
    rng = np.random.default_rng(seed)
    paths = sorted(sheets.glob("*.csv"))
    for path in paths:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
        for place, row in rows.iterrows():
            hidden = secret[row["sheet"], row["item"]]
            ids = [hidden[f"sentence_id_{x}"] for x in "abcde" if hidden.get(f"sentence_id_{x}")]
            for column, value in answers(hidden["kind"], ids, row, rng, rng.random() < blunder).items():
                rows.loc[place, column] = value
        rows.to_csv(path, index=False)
    return paths


def answers(
    kind: str, ids: list[str], row: pd.Series, rng: np.random.Generator, blunder: bool
) -> dict[str, str]:
    """What a rater writes for one item."""
    themes = [true_theme(x) for x in ids]
    if kind == "pairs":
        score = 2 if themes[0] == themes[1] else int(themes[0] // 3 == themes[1] // 3)
        content = {"content_a": "ce"[int(ids[0] < "f15")], "content_b": "ce"[int(ids[1] < "f15")]}
        return {"score": str(rng.integers(3) if blunder else score)} | content
    common = max(set(themes), key=themes.count)
    if kind == "labels":
        n = rng.integers(1, 6) if blunder else themes.count(common)
        fits = row["label"] == f"subject{common}" and themes.count(common) > 2
        return {"n": str(n), "fit": "g" if fits else "m"}
    rare = min(range(5), key=lambda i: themes.count(themes[i]))
    return {"answer": "abcde"[rng.integers(5) if blunder or len(set(themes)) == 5 else rare]}
