"""Draws sentences for judging one theme: its precision and its recall.

Sentences with the theme are drawn by thirds of strength, those without it by how near they come, because
nearly everything missed is near. Strata are sampled without replacement, so each sentence's probability is
known (Horvitz and Thompson 1952), and the estimates need no model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from earnings_themes.abstractions import Theme
from earnings_themes.embedding.shard import iter_vectors
from earnings_themes.errors import InputError
from earnings_themes.panel.block import ratio
from earnings_themes.quality.ruler.items import Item, generator
from earnings_themes.quality.settled import read_settled
from earnings_themes.results.artifacts import read_themes
from earnings_themes.themes.seeds import Answer, answer_questions, asked_in

# Strata without the theme: as many sentences as have it, the nearest first; then three, then twelve times as many; the rest.
_OUTSIDE: Final = (1, 3, 12)
_THIRDS: Final = 3


@dataclass(frozen=True)
class Target:
    """A theme, or a question of the user's own.

    theme_id, label: as in the panel. examples: texts that show raters what it is. direction: (k,) of length 1. answer: a
    question's sentences; None for a theme.
    """

    theme_id: str
    label: str
    examples: tuple[str, ...]
    direction: NDArray[np.float64]
    answer: Answer | None = None


def targets(run: Path, wanted: Sequence[str]) -> list[Target]:
    """Return themes and questions of a run by id, label, part of a label, or a question's name.

    Raises InputError if none or several match; ResultError if the run's files are damaged.
    """
    themes = read_themes(run / "themes.json").themes
    questions = {name: q for q in asked_in(str(run)) for name in (q.name, q.theme_id)}
    found = []
    for name in wanted:
        if name in questions:
            (answer,) = answer_questions(str(run), [questions[name]])
            question = answer.question
            found.append(Target(question.theme_id, question.name, question.texts, answer.direction, answer))
        else:
            theme = _theme(themes, name, run)
            texts = tuple(sentence.text for sentence in theme.representative_sentences)
            found.append(Target(theme.theme_id, theme.label, texts, np.array(theme.centroid)))
    return found


def _theme(themes: Sequence[Theme], wanted: str, run: Path) -> Theme:
    low = wanted.lower()
    for fits in (
        [t for t in themes if t.theme_id == wanted],
        [t for t in themes if t.label.lower() == low],
        [t for t in themes if low in t.label.lower()],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            several = ", ".join(f"{t.theme_id} ({t.label})" for t in fits[:5])
            raise InputError(f"--for {wanted!r} fits {len(fits)} themes: {several}. Give one's id.")
    raise InputError(
        f"--for {wanted!r}: {run} has no such theme or question. `earnings-themes themes` lists the themes."
    )


def draw_members(run: Path, wanted: Sequence[Target], n: int, seed: int) -> list[Item]:
    """Draw n sentences for each theme, half with it and half without.

    Raises InputError if no sentence has a theme; ResultError if files are missing or damaged.
    """
    settled = read_settled(run, ["sentence_id", "theme_id"])
    ids, nearness = _nearness(run, wanted)
    items = []
    for target, near in zip(wanted, nearness, strict=True):
        if target.answer is None:
            own = settled.loc[settled["theme_id"] == target.theme_id, "sentence_id"]
        else:
            own = target.answer.inside["sentence_id"].to_pandas()
        inside = pd.Index(ids).isin(own)
        if not inside.any():
            raise InputError(
                f"{target.theme_id} ({target.label}) has no sentence, so there is nothing to judge."
            )
        items += _of_target(target, ids, near, inside, n, seed)
    return items


def _nearness(run: Path, wanted: Sequence[Target]) -> tuple[NDArray[np.object_], list[NDArray[np.float64]]]:
    """Return the modelled sentences, and by target the nearness of each: content × cosine."""
    ids: list[str] = []
    found: list[list[NDArray[np.float64]]] = [[] for _ in wanted]
    for _, some, rows, content in iter_vectors(str(run)):
        ids += some
        whole = rows.astype(np.float64)
        unit = whole / np.linalg.norm(whole, axis=1, keepdims=True).clip(1e-12)
        for number, target in enumerate(wanted):
            # Rounded, so that no machine's last bits order two sentences.
            found[number].append(np.round(content * (unit @ target.direction), 6))
    return np.array(ids, dtype=object), [np.concatenate(parts) if parts else np.empty(0) for parts in found]


def _of_target(
    target: Target,
    ids: NDArray[np.object_],
    near: NDArray[np.float64],
    inside: NDArray[np.bool_],
    n: int,
    seed: int,
) -> list[Item]:
    rng = generator(seed, target.theme_id)
    order = np.lexsort((ids.astype(str), -near))
    have, lack = order[inside[order]], order[~inside[order]]
    strata = [(f"settled_{k + 1}", rows) for k, rows in enumerate(np.array_split(have, _THIRDS))]
    cuts = np.cumsum([share * len(have) for share in _OUTSIDE])
    strata += [(f"outside_{k + 1}", rows) for k, rows in enumerate(np.split(lack, cuts.clip(max=len(lack))))]
    items = []
    for name, rows in strata:
        of_side = _THIRDS if name.startswith("settled") else len(_OUTSIDE) + 1
        size = min(len(rows), max(1, round(n / 2 / of_side)))
        for row in rng.choice(rows, size=size, replace=False) if size else ():
            has, weight = bool(inside[row]), len(rows) / size
            items.append(
                Item(target.theme_id, (str(ids[row]),), weight, target.label, stratum=name, inside=has)
            )
    return items


def facts(wanted: Sequence[Target], seed: int, run: Path) -> dict[str, Any]:
    """Return what runs.json says of such a sheet."""
    return {
        "kind": "members",
        "seed": seed,
        "run": run.resolve().name,
        "runs": {},
        "themes": {t.theme_id: {"label": t.label, "examples": list(t.examples)} for t in wanted},
    }


def rating_codebook(text: str, wanted: Sequence[Target]) -> str:
    """Return the codebook with the label and example sentences of each theme."""
    parts = [text.rstrip(), ""]
    for target in wanted:
        parts += ["", f"THEME {target.label}", *(f"  - {' '.join(each.split())}" for each in target.examples)]
    return "\n".join(parts) + "\n"


def estimates(units: pd.DataFrame, draws: int, seed: int) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Estimate precision, recall and true sentences of each theme, as seen and in bootstrap draws.

    units: one row per sentence: arm (the theme), stratum, weight (1 ÷ probability), inside (bool), about (0 to 1). draws: within
    strata (Rao and Wu 1988, rescaled: n − 1 of n); fully sampled strata have no sampling error. Returns (theme, "precision" |
    "recall" | "true_sentences") → (1 + draws,) float64, nan where undefined; (theme, "recall_floor") → (1,): recall if 3 ÷ n of
    each stratum without the theme in which none was found were about it (rule of three, Hanley and Lippman-Hand 1983).
    """
    rng = np.random.default_rng(seed)
    found: dict[tuple[str, str], NDArray[np.float64]] = {}
    for theme, of_theme in units.groupby("arm"):
        weights, unseen = [], 0.0
        of_theme = of_theme.sort_values(["stratum", "unit"])
        for _, rows in of_theme.groupby("stratum"):
            n, weight = len(rows), rows["weight"].to_numpy(np.float64)
            times = np.ones((draws + 1, n))
            if n > 1 and weight[0] > 1:
                times[1:] = rng.multinomial(n - 1, np.full(n, 1 / n), size=draws) * (n / (n - 1))
            if not rows["inside"].iloc[0] and not rows["about"].any() and weight[0] > 1:
                unseen += min(3 / n, 1.0) * weight.sum()
            weights.append(times * weight)
        weight = np.concatenate(weights, axis=1)
        inside, about = of_theme["inside"].to_numpy(np.float64), of_theme["about"].to_numpy(np.float64)
        right, true = weight @ (inside * about), weight @ about
        found[str(theme), "precision"] = ratio(right, weight @ inside)
        found[str(theme), "recall"] = ratio(right, true)
        found[str(theme), "recall_floor"] = ratio(right[:1], true[:1] + unseen)
        found[str(theme), "true_sentences"] = true
    return found
