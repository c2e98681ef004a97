"""Reads a key and filled sheets, and keeps both as ids and scores without text.

A sheet may come back as any spreadsheet saves it (comma, semicolon or tab; UTF-8 or Windows), or as
item,score,a,b in a file whose name begins with the sheet's: pairs_001.csv, pairs_001.anna.csv. The result is
one table, one row per rating: the key's columns, the rater, and the ratings (docs/rating.md, Files).
"""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from earnings_themes.errors import InputError, ResultError
from earnings_themes.quality.ruler.inputs import read_table
from earnings_themes.quality.ruler.sheets import ASKED, LETTERS
from earnings_themes.system.files import write_atomically

_ALLOWED: Final = {
    "score": ("0", "1", "2"),
    "content_a": ("c", "e"),
    "content_b": ("c", "e"),
    "answer": tuple(LETTERS),
    "n": ("1", "2", "3", "4", "5"),
    "fit": ("g", "s", "m"),
    "about": ("y", "n"),
}
_SHORT: Final = {"a": "content_a", "b": "content_b"}
_KEY: Final = ("kind", "sheet", "item", "unit", "role", "arm")
# Faults that are named one by one.
_NAMED: Final = 5


def read_rated(key: Path, paths: Sequence[Path]) -> pd.DataFrame:
    """Return one row per rating: the key's columns (text), rater, and ratings as the codebook spells them.

    key: key.csv, its folder, or a table written by `save`, which holds ratings too. paths: the filled sheets; none with such
    a table. Raises InputError where a file is no key or no ratings, a sheet is not of this key, or there are no ratings;
    ResultError, which names them, where items are missing, repeated, not filled or filled wrongly.
    """
    key = key / "key.csv" if key.is_dir() else key
    table = read_table(key)
    missing = [name for name in _KEY if name not in table]
    if missing:
        raise InputError(
            f"{key} is no key: it lacks the column {missing[0]!r}. Expected the key.csv that `sheet` wrote."
        )
    if table["kind"].nunique() != 1 or table["kind"].iloc[0] not in ASKED:
        raise InputError(
            f"{key}: the kinds are {sorted(set(table['kind']))}. Expected one of {', '.join(ASKED)} in all rows."
        )
    asked = ASKED[table["kind"].iloc[0]]
    if not paths:
        if "rater" not in table:
            raise InputError(f"{key} holds no ratings. Give the filled sheets after it: score {key} SHEET...")
        rated = table
    else:
        rated = pd.concat([_one(path, table, asked) for path in paths], ignore_index=True)
    faults = list(_faults(rated, asked))
    if faults:
        more = f"; and {len(faults) - _NAMED:,} more" if len(faults) > _NAMED else ""
        raise ResultError(
            f"{len(faults):,} items are not rated as the codebook asks: {'; '.join(faults[:_NAMED])}{more}."
        )
    return _reweighted(rated, table) if asked == ASKED["members"] else rated


def _reweighted(rated: pd.DataFrame, key: pd.DataFrame) -> pd.DataFrame:
    """Return ratings of some of a key's sheets with the weights that these sentences have: more, because they are fewer.

    Sheets are filled in random order, so those of a stratum that were judged are drawn at random. Raises ResultError where none
    of a stratum was.
    """
    drawn, judged = (rows.groupby(["arm", "stratum"])["unit"].nunique() for rows in (key, rated))
    if len(lost := drawn.index.difference(judged.index)):
        raise ResultError(
            f"no sentence of {' '.join(lost[0])} is judged, so what lies there is not known. Give the other sheets too."
        )
    times = (drawn / judged).loc[pd.MultiIndex.from_frame(rated[["arm", "stratum"]])].to_numpy()
    if (times == 1).all():
        return rated
    weight = rated["weight"].astype(float) * times
    return rated.assign(weight=weight.map("{:.6g}".format), probability=(1 / weight).map("{:.6g}".format))


def save(rated: pd.DataFrame, path: Path) -> None:
    """Write ratings as ids and scores (CSV). Raises OSError."""
    write_atomically(path, rated.to_csv(index=False, lineterminator="\n"))


def _one(path: Path, key: pd.DataFrame, asked: Sequence[str]) -> pd.DataFrame:
    """Return one file's ratings joined with its sheet's key."""
    rows = _read(path)
    rows = rows.rename(
        columns={short: name for short, name in _SHORT.items() if name in asked and name not in rows}
    )
    lacking = [name for name in ("item", *asked) if name not in rows]
    if lacking:
        raise InputError(
            f"{path} lacks the column {lacking[0]!r}. Found {', '.join(map(str, rows))}; "
            f"expected item, {', '.join(asked)}."
        )
    sheets = set(rows["sheet"]) if "sheet" in rows else {path.name.split(".")[0]}
    sheet = min(sheets, default="")
    of_sheet = key[key["sheet"] == sheet]
    if len(sheets) != 1 or of_sheet.empty:
        raise InputError(
            f"{path}: {', '.join(sorted(sheets))!r} is no sheet of this key. "
            f"It has {', '.join(sorted(set(key['sheet'])))}."
        )
    rows = rows[["item", *asked]].apply(lambda column: column.str.strip().str.lower())
    unknown = sorted(set(rows["item"]) - set(of_sheet["item"]))
    twice = rows["item"][rows["item"].duplicated()].tolist()
    if unknown or twice:
        what = "is not in" if unknown else "stands twice in"
        raise ResultError(
            f"{path}: item {(unknown or twice)[0]!r} {what} sheet {sheet}. "
            f"Expected items 1 to {len(of_sheet)}, once each."
        )
    joined = of_sheet.merge(rows, on="item", how="left")
    joined.insert(list(joined).index(asked[0]), "rater", _rater(path, sheet))
    return joined.fillna("")


def _rater(path: Path, sheet: str) -> str:
    """The name in pairs_001.anna.csv; without one, the sheet itself stands for its rater."""
    name = path.name.removeprefix(sheet).removesuffix(path.suffix).strip("._- ")
    return name or sheet


def _read(path: Path) -> pd.DataFrame:
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path} is not there. Give the path of a filled sheet.") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    head = text.split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    if len(rows) < 2:
        raise InputError(f"{path} holds no ratings. Expected a filled sheet as CSV.")
    width = len(rows[0])
    # A spreadsheet leaves out empty cells at the end of a line.
    body = [(row + [""] * width)[:width] for row in rows[1:] if any(row)]
    return pd.DataFrame(body, columns=[name.strip().lower() for name in rows[0]], dtype=str)


def _faults(rated: pd.DataFrame, asked: Sequence[str]) -> Iterator[str]:
    for name in asked:
        wrong = rated[~rated[name].isin(_ALLOWED[name])]
        for sheet, item, value in zip(wrong["sheet"], wrong["item"], wrong[name], strict=True):
            allowed = ", ".join(_ALLOWED[name])
            yield (
                f"sheet {sheet}, item {item}: {name} is {value!r}, expected one of {allowed}"
                if value
                else f"sheet {sheet}, item {item}: {name} is empty"
            )
