"""Deals items to sheets that hide their origin, and writes the key apart from them.

    OUT/sheets/pairs_001.csv, second_001.csv, codebook.txt    for the raters
    OUT/key/key.csv, runs.json                                not for them

Each sheet holds random items (the rater's lowest level) and repeats of its own items with sides swapped
(agreement with himself); `second` sheets repeat a share of all items for another rater (agreement of two).
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from earnings_themes.errors import InputError
from earnings_themes.quality.ruler import elsewhere, groups, pairs
from earnings_themes.quality.ruler.inputs import Clustering, JudgedCorpus, effective
from earnings_themes.quality.ruler.items import Item, generator
from earnings_themes.system.files import write_atomically
from earnings_themes.system.spreadsheet import safe_cell

KINDS: Final = ("pairs", "intruders", "labels")
# Items a sheet: what a person reads in one sitting.
SHEET_ITEMS: Final = {"pairs": 200, "intruders": 100, "labels": 100, "members": 200}
RANDOM_SHARE: Final = 0.08
AGAIN_SHARE: Final = 0.03
# The columns that a rater fills.
ASKED: Final = {
    "pairs": ("score", "content_a", "content_b"),
    "intruders": ("answer",),
    "labels": ("n", "fit"),
    "members": ("about",),
}
LETTERS: Final = "abcde"
# Runs whose effective numbers of themes differ by more cannot be compared: finer themes are surer by themselves.
TOO_FAR: Final = 1.15
# Characters shown of a sentence, and of the one before it.
_SENTENCE: Final = 400
_BEFORE: Final = 200


@dataclass(frozen=True)
class SheetWish:
    """What to draw."""

    kind: str  # pairs, intruders, labels, or members (sentences judged against a theme)
    n: int  # items a run
    coverage: float = 0.5  # surest share (0 to 1) of the modelled sentences in use
    seed: int = 1
    second: float = 0.2  # share (0 to 1) of items for a second rater
    recall: int = 0  # pairs from each source elsewhere (words, neighbours where vectors are given, random)


@dataclass(frozen=True)
class PlacedItem:
    """An item's sheet, its number there, and whether it is new, repeated, or for a second rater."""

    sheet: str
    number: int
    unit: int
    role: str
    item: Item


def draw_items(
    corpus: JudgedCorpus,
    runs: Sequence[Clustering],
    wish: SheetWish,
    vectors: Path | None = None,
    ceiling_vectors: Path | None = None,
    not_again: frozenset[frozenset[str]] = frozenset(),
) -> tuple[list[Item], dict[str, Any]]:
    """Draw all items, random ones included, in no meaningful order, and the content of runs.json, which describes each run.

    vectors: of sentences, for neighbours, a source of pairs for recall. ceiling_vectors: for the ceiling, n pairs of nearest
    sentences. not_again: pairs judged before.
    """
    n_modelled = len(corpus.ids)
    kept = {run.name: run.surest(wish.coverage, n_modelled) for run in runs}
    facts = {
        "kind": wish.kind,
        "coverage": wish.coverage,
        "seed": wish.seed,
        "n_modelled": n_modelled,
        "runs": {run.name: _facts(run, kept[run.name], n_modelled) for run in runs},
    }
    n, seed, recall = wish.n, wish.seed, wish.recall
    if wish.kind == "pairs":
        items = [x for run in runs for x in pairs.of_themes(run, kept[run.name], corpus, n, seed, not_again)]
        if ceiling_vectors:
            matrix = elsewhere.read_unit_vectors(ceiling_vectors, corpus)
            items += elsewhere.ceiling(matrix, corpus, wish.coverage, n, seed, not_again)
        others: list[Item] = []
        if recall:
            others += elsewhere.near("words", elsewhere.words(corpus), corpus, recall, seed, not_again)
            if vectors:
                matrix = elsewhere.read_unit_vectors(vectors, corpus)
                others += elsewhere.near("neighbours", matrix, corpus, recall, seed, not_again)
        n_random = max(recall, _random(len(items) + len(others)))
        others += pairs.random_pairs(corpus, n_random, seed, not_again)
        items += pairs.with_themes(others, runs, kept)
    elif wish.kind == "labels":
        items = [x for run in runs for x in groups.with_label(run, kept[run.name], n, seed)]
        items += groups.random_groups(corpus, [x.label for x in items], _random(len(items)), seed)
    else:
        matrix = elsewhere.words(corpus)
        items = [
            x for run in runs for x in groups.with_intruder(run, kept[run.name], matrix, corpus, n, seed)
        ]
        items += groups.random_groups(corpus, [], _random(len(items)), seed)
    return items, facts


def _random(n: int) -> int:
    """Return how many random items make RANDOM_SHARE of all, beside n others."""
    return max(1, round(n * RANDOM_SHARE / (1 - RANDOM_SHARE)))


def _facts(run: Clustering, kept: pd.DataFrame, n_modelled: int) -> dict[str, Any]:
    return {
        "n_themes": int(kept["theme"].nunique()),
        "effective_themes": round(effective(kept["theme"]), 1),
        "effective_themes_of_all": round(effective(run.table["theme"]), 1),
        "n_sentences": len(kept),
        "coverage": round(len(kept) / n_modelled, 4),
        "coverage_of_all": round(len(run.table) / n_modelled, 4),
        "has_strength": run.has_strength,
        "n_unmodelled": run.n_unmodelled,
    }


def warnings(facts: dict[str, Any]) -> Iterator[str]:
    """Yield a sentence for each way in which the runs of a sheet are unequal."""
    runs: dict[str, Any] = facts["runs"]
    for name, run in runs.items():
        covered = f"{run['coverage']:.0%} of the modelled sentences"
        if not run["has_strength"]:
            yield f"{name} has no strength: all its sentences count, {covered}, not the surest {facts['coverage']:.0%}."
        elif run["coverage"] < facts["coverage"] - 0.005:
            yield f"{name} gives a theme to {covered}, less than the {facts['coverage']:.0%} asked for."
        if run["n_unmodelled"]:
            yield f"{name}: {run['n_unmodelled']:,} of its sentences are procedure or empty, and are not judged."
    numbers = {name: run["effective_themes"] for name, run in runs.items()}
    few, many = min(numbers, key=numbers.__getitem__), max(numbers, key=numbers.__getitem__)
    if numbers[many] > TOO_FAR * numbers[few]:
        yield (
            f"{many} has {numbers[many]:.0f} effective themes and {few} {numbers[few]:.0f}, more than 15 % apart: "
            "finer themes are surer by themselves. Change the granularity of one before you compare."
        )


def deal(items: Sequence[Item], wish: SheetWish) -> list[PlacedItem]:
    """Deal items to sheets: each arm evenly, some repeated within the sheet, a share for a second rater."""
    rng = generator(wish.seed, "deal")
    size = SHEET_ITEMS[wish.kind]
    by_arm: dict[str, list[tuple[int, Item]]] = defaultdict(list)
    for unit, item in enumerate(pairs.shuffled(items, rng)):
        by_arm[item.arm].append((unit, item))
    arms = [by_arm[arm] for arm in sorted(by_arm)]
    dealt = [row for arm in arms for row in arm]
    n_sheets = math.ceil(len(dealt) * (1 + AGAIN_SHARE) / size)
    found: list[PlacedItem] = []
    for number in range(n_sheets):
        own = dealt[number::n_sheets]
        again = rng.choice(len(own), size=min(len(own), math.ceil(AGAIN_SHARE * len(own))), replace=False)
        rows = [(*row, "new") for row in own]
        rows += [
            (unit, replace(item, sentences=item.sentences[::-1]), "again")
            for unit, item in (own[i] for i in again)
        ]
        found += _sheet(f"{wish.kind}_{number + 1:03d}", rows, rng)
    # The same share of each arm, so that the second rater sees the same mixture.
    seconds = [row for arm in arms for row in arm[: math.ceil(wish.second * len(arm))]]
    n_sheets = math.ceil(len(seconds) / size)
    for number in range(n_sheets):
        rows = [(unit, item, "second") for unit, item in seconds[number::n_sheets]]
        found += _sheet(f"second_{number + 1:03d}", rows, rng)
    return found


def _sheet(name: str, rows: list[tuple[int, Item, str]], rng: np.random.Generator) -> Iterator[PlacedItem]:
    for number, place in enumerate(rng.permutation(len(rows)), start=1):
        unit, item, role = rows[place]
        yield PlacedItem(name, number, unit, role, item)


def codebook_of(kind: str) -> str:
    """Return the raters' instructions for a kind of sheet."""
    return files("earnings_themes.quality.ruler").joinpath(f"{kind}.txt").read_text(encoding="utf-8")


def write_sheets(
    placed: Sequence[PlacedItem],
    facts: dict[str, Any],
    corpus: JudgedCorpus,
    out: Path,
    codebook: str | None = None,
) -> list[Path]:
    """Write sheets, codebook and key; return the sheets' paths.

    codebook: replaces the kind's own. Raises InputError if `out` holds sheets, whose ratings would be lost.
    """
    sheets, key, kind = out / "sheets", out / "key", facts["kind"]
    if sheets.exists() or key.exists():
        raise InputError(
            f"{out} holds sheets, and perhaps ratings. Give another --out, or remove it yourself."
        )
    written = []
    for name in dict.fromkeys(row.sheet for row in placed):
        written.append(sheets / f"{name}.csv")
        rows = [_shown(row, corpus, kind) for row in placed if row.sheet == name]
        # The mark at the start tells Excel that the file is UTF-8.
        write_atomically(written[-1], "\ufeff" + _csv(rows))
    write_atomically(sheets / "codebook.txt", codebook or codebook_of(kind))
    write_atomically(key / "key.csv", _csv([_secret(row, corpus, facts) for row in placed]))
    write_atomically(key / "runs.json", json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
    return written


def _shown(row: PlacedItem, corpus: JudgedCorpus, kind: str) -> dict[str, Any]:
    cells: dict[str, Any] = {"sheet": row.sheet, "item": row.number}
    if kind in ("labels", "members"):
        cells["label" if kind == "labels" else "theme"] = safe_cell(row.item.label)
    for letter, sentence in zip(LETTERS, row.item.sentences, strict=False):
        if kind in ("pairs", "members"):
            before = corpus.table.at[sentence, "before"]
            cells[f"before_{letter}"] = safe_cell(_tail(before)) if isinstance(before, str) else ""
        cells[f"sentence_{letter}"] = safe_cell(_head(str(corpus.table.at[sentence, "text"])))
    return cells | dict.fromkeys(ASKED[kind], "")


def _secret(row: PlacedItem, corpus: JudgedCorpus, facts: dict[str, Any]) -> dict[str, Any]:
    item = row.item
    cells: dict[str, Any] = {"kind": facts["kind"], "sheet": row.sheet, "item": row.number, "unit": row.unit}
    cells |= {"role": row.role, "arm": item.arm, "weight": f"{item.weight:.6g}"}
    lettered = list(zip(LETTERS, item.sentences, strict=False))
    for letter, sentence in lettered:
        cells |= {f"sentence_id_{letter}": sentence, f"firm_{letter}": corpus.firm[sentence]}
    if facts["kind"] == "members":
        cells |= {
            "stratum": item.stratum,
            "probability": f"{1 / item.weight:.6g}",
            "inside": "yes" if item.inside else "no",
        }
    if facts["kind"] == "intruders":
        cells["intruder"] = LETTERS[item.sentences.index(item.intruder)]
    if facts["kind"] == "pairs":
        cells |= {f"together_{name}": item.together.get(name, "") for name in facts["runs"]}
        cells |= {
            f"themed_{letter}_{name}": item.themed.get(name, {}).get(sentence, "")
            for letter, sentence in lettered
            for name in facts["runs"]
        }
    return cells


def _csv(rows: list[dict[str, Any]]) -> str:
    return pd.DataFrame(rows).to_csv(index=False, lineterminator="\n")


def _head(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SENTENCE else text[:_SENTENCE].rstrip() + " …"


def _tail(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _BEFORE else "… " + text[-_BEFORE:].lstrip()
