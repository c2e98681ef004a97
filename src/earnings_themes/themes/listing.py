"""The reduce's result as records: the themes and broad themes of themes.json, with their firms, topics and voices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from earnings_themes.abstractions import (
    SCHEMA_VERSION,
    RepresentativeSentence,
    SkippedFirm,
    Theme,
    Themes,
    ThemeTopic,
    UnassignedTopic,
)
from earnings_themes.abstractions.records import Kind, Level
from earnings_themes.config import ThemeSettings
from earnings_themes.results.provenance import OF_THEMES, versions
from earnings_themes.speech import CONTENT, KINDS
from earnings_themes.themes.corpus import Corpus, members
from earnings_themes.themes.describe import Words
from earnings_themes.themes.find import cohesion_across
from earnings_themes.themes.hierarchy import Tree
from earnings_themes.themes.registered import Names, Placed
from earnings_themes.themes.settle import held_broadly
from earnings_themes.themes.stability import Stability


@dataclass(frozen=True)
class Reduced:
    """What the reduce found, of m modelled sentences and k themes in their order.

    Attributes
    ----------
    firm_ids : the firms, by number
    firms : (m,) the firm of each sentence
    kinds : (k,)
    """

    corpus: Corpus
    firm_ids: Sequence[str]
    firms: NDArray[np.int64]
    placed: Placed
    tree: Tree
    words: Words
    kinds: Sequence[Kind]
    stability: Stability
    names: Names


def list_themes(
    run: str, found: Reduced, settings: ThemeSettings, skipped: Sequence[SkippedFirm], seed: int
) -> Themes:
    """Return themes.json but for what tells time."""
    corpus, firm_ids, firms, tree = found.corpus, found.firm_ids, found.firms, found.tree
    placed, words, names = found.placed, found.words, found.names
    settled = placed.settled
    cohesion = cohesion_across(corpus.rows, firms, settled.labels)
    by_theme: dict[Any, Any] = dict(iter(tree.topics.groupby("theme")))
    fine = []
    for theme, rows in enumerate(members(settled.labels, len(placed.known))):
        topics = by_theme[theme].sort_values(["size", "firm"], ascending=[False, True])
        said_by = sorted(firm_ids[firm] for firm in np.unique(firms[rows]).tolist())
        fine.append(
            Theme(
                theme_id=names.ids[theme],
                kind=found.kinds[theme],
                label=words.labels[theme],
                keywords=words.keywords[theme],
                n_firms=len(said_by),
                n_topics=len(topics),
                n_sentences=len(rows),
                centroid=tuple(placed.places.unit[theme].tolist()),
                cohesion=float(cohesion[theme]),
                stability=found.stability.themes[theme],
                firms=tuple(said_by),
                topics=tuple(
                    ThemeTopic(firm_ids[firm], topic, words.labels[theme], size, similarity)
                    for firm, topic, size, similarity in _rows(topics)
                ),
                representative_sentences=_representatives(words.shown[theme], found),
                level=1,
                parent=names.parents[theme],
                threshold=float(placed.floors[theme]),
                born=names.born[theme],
            )
        )
    held = held_broadly(settled, placed.floors)
    wide = _broad_themes(run, fine, found, np.where(held >= 0, placed.broad[held], -1) if len(fine) else held)
    alone = tree.topics[tree.topics["theme"] < 0]
    return Themes(
        schema_version=SCHEMA_VERSION,
        run=run,
        n_themes=len(fine),
        themes=tuple(fine),
        unassigned_topics=tuple(
            UnassignedTopic(firm_ids[firm], topic, "no_theme", "", size)
            for firm, topic, size, _ in _rows(alone)
        ),
        skipped_firms=tuple(skipped),
        metadata={
            "min_firms": settings.min_firms,
            "max_firm_share": settings.max_firm_share,
            "granularity": settings.granularity,
            "floor": settings.floor,
            "stability_runs": settings.stability_runs,
            "n_topics": len(tree.topics),
            "n_firms_with_topics": int(tree.topics["firm"].nunique()),
            "n_sentences": len(corpus.table),
            "n_modelled": len(corpus.rows),
            "n_content": int((corpus.content >= CONTENT).sum()),
            "n_settled": int((settled.labels >= 0).sum()),
            "alike": _alike(corpus, firms),
            **corpus.about,
            "seed": seed,
            "versions": versions(OF_THEMES),
        },
        levels=(Level(1, len(fine), _mean_stability(fine)), Level(2, len(wide), _mean_stability(wide))),
        broad=tuple(wide),
    )


def _alike(corpus: Corpus, firms: NDArray[np.int64]) -> float | None:
    """Return the mean cosine of two firms' sentences with content, whatever they say; None where no two firms have some."""
    one_group = np.where(corpus.content >= CONTENT, 0, -1)
    found = cohesion_across(corpus.rows, firms, one_group)
    return float(found[0]) if len(found) and found[0] > -1 else None


def _rows(topics: pd.DataFrame) -> Iterator[tuple[int, int, int, float]]:
    """Give firm, topic_id, size and similarity of some topics of the tree."""
    return zip(*(topics[name].tolist() for name in ("firm", "topic_id", "size", "similarity")), strict=True)


def _mean_stability(themes: Sequence[Theme]) -> float | None:
    known = [(theme.stability, theme.n_sentences) for theme in themes if theme.stability is not None]
    total = sum(n for _, n in known)
    return sum(value * n for value, n in known) / total if total else None


def _broad_themes(run: str, fine: Sequence[Theme], found: Reduced, alone: NDArray[np.int64]) -> list[Theme]:
    """Return the broad themes, each the union of its themes and of what it alone holds.

    Subject matter first, then those with the first of the themes. alone: of each sentence the number of the broad theme that
    alone holds it, -1 for none.
    """
    wide = []
    broad = found.placed.broad.tolist()
    for number in dict.fromkeys(broad):
        members = [theme for theme, of in zip(fine, broad, strict=True) if of == number]
        if known := found.placed.known_broad[number]:
            kind, label, keywords, born = known.kind, known.label, known.keywords, known.born
        else:
            kind = max(KINDS, key=lambda one: sum(t.n_sentences for t in members if t.kind == one))
            label, keywords = found.words.broad[number]
            born = run
        more = found.firms[alone == number]
        of_more = {found.firm_ids[firm] for firm in np.unique(more).tolist()}
        firms = sorted(of_more.union(*(theme.firms for theme in members)))
        centre = np.sum([np.array(theme.centroid) * theme.n_sentences for theme in members], axis=0)
        wide.append(
            Theme(
                theme_id=found.names.broad_ids[number],
                kind=kind,
                label=label,
                keywords=keywords,
                n_firms=len(firms),
                n_topics=sum(theme.n_topics for theme in members),
                n_sentences=sum(theme.n_sentences for theme in members) + len(more),
                centroid=tuple((centre / max(float(np.linalg.norm(centre)), 1e-12)).tolist()),
                cohesion=float(np.average([theme.cohesion for theme in members])),
                stability=found.stability.broad[number],
                firms=tuple(firms),
                topics=(),
                representative_sentences=members[0].representative_sentences,
                level=2,
                born=born,
            )
        )
    return sorted(wide, key=lambda theme: KINDS.index(theme.kind))


def _representatives(rows: NDArray[np.int64], found: Reduced) -> tuple[RepresentativeSentence, ...]:
    return tuple(
        RepresentativeSentence(
            found.firm_ids[found.firms[row]], int(found.tree.topic_id[row]), name, found.words.texts[name]
        )
        for row, name in zip(rows.tolist(), found.corpus.ids(rows), strict=True)
    )
