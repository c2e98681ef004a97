"""Draws pairs of sentences from two firms: of one theme, or at random."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from earnings_themes.errors import InputError
from earnings_themes.quality.ruler.inputs import Clustering, JudgedCorpus
from earnings_themes.quality.ruler.items import Item, generator

Pair = tuple[str, str]
Pairs = frozenset[frozenset[str]]
# Draws in a row that brought nothing new before an arm counts as exhausted.
_TRIES = 1_000


def of_themes(
    run: Clustering, kept: pd.DataFrame, corpus: JudgedCorpus, n: int, seed: int, not_again: Pairs
) -> list[Item]:
    """Draw n pairs of one theme: a random sentence, then another of its theme from another firm.

    A theme is drawn as often as it has sentences; the estimate is how often another firm's sentence of a sentence's theme is
    about the same. kept: rows of the run in use, from `Clustering.surest`. not_again: pairs judged before. Raises InputError
    where no theme has sentences of two firms, or fewer than n fresh pairs exist.
    """
    crossing = kept[kept.groupby("theme")["firm"].transform("nunique") > 1].reset_index(drop=True)
    if crossing.empty:
        raise InputError(
            f"{run.name}: no theme has sentences of two firms among those that count. Raise --coverage."
        )
    rng = generator(seed, run.name)
    ids, firms, themes = (crossing[name].to_numpy(dtype=object) for name in ("sentence_id", "firm", "theme"))
    members = {theme: rows.to_numpy() for theme, rows in crossing.groupby("theme").groups.items()}

    def draw() -> Pair:
        first = rng.integers(len(ids))
        others = members[themes[first]]
        others = others[firms[others] != firms[first]]
        return ids[first], ids[others[rng.integers(len(others))]]

    return [Item(run.name, pair) for pair in fresh(draw, n, corpus, run.name, not_again)]


def random_pairs(corpus: JudgedCorpus, n: int, seed: int, not_again: Pairs) -> list[Item]:
    """Draw n pairs of any two modelled sentences of two firms; each stands for (number of such pairs) / n."""
    rng = generator(seed, "random")
    counts = pd.Series(corpus.firms).value_counts().to_numpy(dtype=float)
    if len(counts) < 2:
        raise InputError("The transcripts hold one firm. Pairs need sentences of two.")

    def draw() -> Pair:
        a, b = corpus.ids[rng.integers(len(corpus.ids), size=2)]
        return a, b

    pairs = fresh(draw, n, corpus, "random", not_again)
    population = counts.sum() ** 2 - (counts**2).sum()
    return [Item("random", pair, weight=population / n) for pair in pairs]


def fresh(draw: Callable[[], Pair], n: int, corpus: JudgedCorpus, arm: str, not_again: Pairs) -> list[Pair]:
    """Return n different pairs of two firms and two texts. Raises InputError if there are fewer."""
    taken = set(not_again)
    pairs: list[Pair] = []
    failed = 0
    while len(pairs) < n:
        a, b = draw()
        if corpus.firm[a] == corpus.firm[b] or frozenset((a, b)) in taken or corpus.same_text(a, b):
            failed += 1
            if failed == _TRIES:
                raise InputError(
                    f"{arm}: only {len(pairs)} of {n} pairs could be drawn that were not judged before. Lower --n."
                )
            continue
        failed = 0
        taken.add(frozenset((a, b)))
        pairs.append((a, b))
    return pairs


def with_themes(items: list[Item], runs: Sequence[Clustering], kept: dict[str, pd.DataFrame]) -> list[Item]:
    """Record with every pair from elsewhere what each run makes of it, for recall and coverage of content."""
    themes = {
        run.name: [
            dict(zip(rows["sentence_id"], rows["theme"], strict=True)) for rows in (kept[run.name], run.table)
        ]
        for run in runs
    }
    return [_noted(item, themes) for item in items]


def _noted(item: Item, themes: dict[str, list[dict[str, str]]]) -> Item:
    a, b = item.sentences
    together, themed = dict[str, str](), dict[str, dict[str, str]]()
    for run, (sure, every) in themes.items():
        together[run] = _state(
            a in sure and sure[a] == sure.get(b),
            a in every and every[a] == every.get(b),
        )
        themed[run] = {x: _state(x in sure, x in every) for x in (a, b)}
    return replace(item, together=together, themed=themed if item.arm == "random" else {})


def _state(among_surest: bool, at_all: bool) -> str:
    return "sure" if among_surest else "all" if at_all else "no"


def shuffled(items: Sequence[Item], rng: np.random.Generator) -> list[Item]:
    """Return the items, and the sentences in each, in random order."""
    mixed = []
    for place in rng.permutation(len(items)):
        sentences = items[place].sentences
        order = rng.permutation(len(sentences))
        mixed.append(replace(items[place], sentences=tuple(sentences[at] for at in order)))
    return mixed
