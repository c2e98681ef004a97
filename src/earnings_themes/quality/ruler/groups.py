"""Draws groups of five sentences of five firms: with their theme's label, or with an intruder."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from earnings_themes.errors import InputError
from earnings_themes.quality.ruler.inputs import Clustering, JudgedCorpus
from earnings_themes.quality.ruler.items import Item, generator

FIVE: Final = 5


def with_label(run: Clustering, kept: pd.DataFrame, n: int, seed: int) -> list[Item]:
    """Draw n themes with equal probability, and five sentences of five firms of each.

    Fewer if the run has fewer such themes. Raises InputError if it has no labels.
    """
    if not run.labels:
        raise InputError(
            f"{run.name} has no labels. Add a column label to its table, or themes.json to its folder."
        )
    rng = generator(seed, run.name)
    return [
        Item(run.name, five, label=run.labels.get(theme, ""))
        for theme, five in _each_theme(kept, FIVE, n, rng, run.name)
    ]


def with_intruder(
    run: Clustering, kept: pd.DataFrame, words: Any, corpus: JudgedCorpus, n: int, seed: int
) -> list[Item]:
    """Draw n themes, four sentences of four firms of each, and one of a fifth firm from the nearest other theme.

    Word intrusion (Chang et al. 2009, "Reading tea leaves") with sentences. Nearness is by words for every
    run, so no system's vectors choose its own intruders. words: tf-idf, one row per modelled sentence.
    """
    from sklearn.preprocessing import normalize

    rng = generator(seed, run.name)
    themes = sorted(kept["theme"].unique())
    groups = kept.groupby("theme")
    columns = pd.Index(corpus.ids).get_indexer(pd.Index(kept["sentence_id"]))
    lines = np.searchsorted(themes, kept["theme"])
    holds = csr_array((np.ones(len(columns)), (lines, columns)), shape=(len(themes), len(corpus.ids)))
    means = normalize(holds @ words)  # sparse, one row per theme
    items = []
    for theme, four in _each_theme(kept, FIVE - 1, n, rng, run.name):
        place = themes.index(theme)
        like = (means @ means[[place]].T).toarray().ravel()
        firms = {corpus.firm[x] for x in four}
        for other in np.argsort(-like, kind="stable"):
            others = groups.get_group(themes[other])
            others = others[~others["firm"].isin(firms)]
            if len(others) and themes[other] != theme:
                intruder = others["sentence_id"].iloc[rng.integers(len(others))]
                items.append(Item(run.name, (*four, intruder), intruder=intruder))
                break
    return items


def random_groups(corpus: JudgedCorpus, labels: list[str], n: int, seed: int) -> list[Item]:
    """Draw n groups of any five sentences of five firms, with a random label and a random intruder."""
    rng = generator(seed, "random")
    rows = pd.DataFrame({"sentence_id": corpus.ids, "firm": corpus.firms})
    if rows["firm"].nunique() < FIVE:
        raise InputError(
            f"The transcripts hold {rows['firm'].nunique()} firms. Groups need sentences of five."
        )
    items = []
    for _ in range(n):
        five = _of_different_firms(rows, FIVE, rng)
        label = labels[rng.integers(len(labels))] if labels else ""
        items.append(Item("random", five, label=label, intruder=five[rng.integers(FIVE)]))
    return items


def _each_theme(
    kept: pd.DataFrame, k: int, n: int, rng: np.random.Generator, name: str
) -> Iterator[tuple[str, tuple[str, ...]]]:
    large = kept[kept.groupby("theme")["firm"].transform("nunique") >= k]
    themes = sorted(large["theme"].unique())
    if not themes:
        raise InputError(
            f"{name}: no theme has sentences of {k} firms among those that count. Raise --coverage."
        )
    for place in rng.permutation(len(themes))[:n]:
        theme = themes[place]
        yield theme, _of_different_firms(large[large["theme"] == theme], k, rng)


def _of_different_firms(rows: pd.DataFrame, k: int, rng: np.random.Generator) -> tuple[str, ...]:
    """Return k sentences of k firms, at random."""
    mixed = rows.iloc[rng.permutation(len(rows))]
    return tuple(mixed.drop_duplicates("firm")["sentence_id"].head(k))
