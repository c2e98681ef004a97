"""The part of the dossier that every run writes: contents, stability, precision against coverage, what it was made with."""

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pandas as pd

from earnings_themes import __version__
from earnings_themes.abstractions import Themes
from earnings_themes.quality.curve import precision_curve, rated_curve
from earnings_themes.quality.floor import is_unstable
from earnings_themes.results.artifacts import SIGNIFICANT_DIGITS, open_parquet, parse_themes, readable
from earnings_themes.system.files import sha256_of, write_atomically
from earnings_themes.system.folders import folder_at

FOLDER: Final = "dossier"
# Results whose digest says that two runs are the same.
_RESULTS: Final = ("panel.parquet", "calls.parquet", "codebook.md")


def write_basic(where: str, out: Path) -> Themes:
    """Write what costs little, and the contents page; return the run's themes.

    where: the run's folder, on a disk or s3://. out: the folder with its panel on this disk, in which dossier/ is made. Raises
    ResultError where a file of the run is missing or damaged.
    """
    folder = out / FOLDER
    raw = folder_at(where).read("themes.json")
    themes = parse_themes(raw, f"{where}/themes.json")
    write_evidence(folder / "stability.csv", stability_rows(themes))
    path = f"{where}/sentences.parquet"
    with readable(path, "themes"):
        table = open_parquet(path).read(columns=["content", "theme_id", "strength"])
    rated = rated_curve(themes.metadata)
    points = precision_curve(table.to_pandas(), float(themes.metadata.get("floor", 0.0)), rated)
    columns = ["floor", "n", "coverage", "strength", "precision"]
    write_evidence(folder / "curve.csv", pd.DataFrame(points, columns=columns))
    made_with = json.dumps(_made_with(themes, raw, out), indent=1, sort_keys=True)
    write_atomically(folder / "made_with.json", made_with + "\n")
    write_contents(folder, f"results/{themes.run}")
    return themes


def stability_rows(themes: Themes) -> pd.DataFrame:
    """Return one row per theme of both levels. trusted: yes or no, null without a stability."""
    columns = ["level", "theme_id", "label", "kind", "n_firms", "n_sentences", "cohesion", "stability"]
    every = (*themes.themes, *themes.broad)
    table = pd.DataFrame([[getattr(theme, name) for name in columns] for theme in every], columns=columns)
    table["trusted"] = [
        None if theme.stability is None else "no" if is_unstable(theme) else "yes" for theme in every
    ]
    return table


def _made_with(themes: Themes, raw: bytes, out: Path) -> dict[str, Any]:
    about = {name: value for name, value in themes.metadata.items() if name not in ("timing", "plain_labels")}
    # themes.json without how long it took, which is another every time.
    untimed = json.loads(raw)
    del untimed["metadata"]["timing"]
    digests = {"themes.json": hashlib.sha256(json.dumps(untimed, sort_keys=True).encode()).hexdigest()}
    for name in _RESULTS:
        if (out / name).exists():
            digests[name] = sha256_of(out / name)
    skipped = {firm.firm_id: firm.reason for firm in themes.skipped_firms}
    made = {"run": themes.run, "earnings_themes": __version__, "made": about, "sha256": digests}
    return {**made, "skipped_firms": skipped}


def write_contents(out: Path, run: str, left_out: Mapping[str, str] | None = None) -> None:
    """Write index.md into the dossier's folder. run: as a user types it. left_out: by file why it could not be made."""
    text = files("earnings_themes.quality.dossier").joinpath("asks.txt").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if line[0] != "#"]
    lines = [
        f"# Dossier\n\nThe run `{run}`: what a referee asks, and where the answer is.\n",
        "| a referee asks | the answer |\n| --- | --- |",
        *(
            f"| {asks} | {_answer(file, answer.format(run=run), out, run, left_out or {})} |"
            for asks, file, answer in rows
        ),
        "\n`examples.csv` and `rating` hold sentences of the calls: do not pass them on where the calls' licence forbids it. "
        "The other files hold none.\n",
    ]
    write_atomically(out / "index.md", "\n".join(lines))


def _answer(file: str, answer: str, out: Path, run: str, left_out: Mapping[str, str]) -> str:
    """Return a row's second cell. file: below dossier/, or ../ for one of the run; empty for a command."""
    if not file:
        return answer
    if file in left_out:
        return f"not made: {left_out[file]}"
    if file.startswith("..") or (out / file).exists():
        return f"[{file}]({file}): {answer}"
    return f"{file}: {answer}. Not there yet: `earnings-themes dossier {run}` makes it"


def write_evidence(path: Path, table: pd.DataFrame) -> None:
    """Write a table of the dossier: UTF-8, a null empty, numbers to six digits."""
    write_atomically(
        path, table.to_csv(index=False, lineterminator="\n", float_format=f"%.{SIGNIFICANT_DIGITS}g")
    )
