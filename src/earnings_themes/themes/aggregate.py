"""The reduce: sentences of all firms become themes, every sentence settles, and the tree is written.

Vectors decide; words only describe what came out. A firm whose topics are missing or damaged is skipped by name and
reason. No themes is a valid result.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from earnings_themes.abstractions import (
    SCHEMA_VERSION,
    FirmTopics,
    RepresentativeSentence,
    SkippedFirm,
    Theme,
    Themes,
    ThemeTopic,
    UnassignedTopic,
)
from earnings_themes.abstractions.records import Kind, Level
from earnings_themes.config import ThemeSettings
from earnings_themes.embedding.space import load_space
from earnings_themes.errors import ResultError
from earnings_themes.results.artifacts import write_themes
from earnings_themes.results.provenance import OF_THEMES, peak_memory_mb, versions
from earnings_themes.results.topics_reader import TopicsReader
from earnings_themes.system.folders import Folder
from earnings_themes.system.processes import one_thread
from earnings_themes.themes.corpus import Corpus, read_corpus
from earnings_themes.themes.describe import Words, describe
from earnings_themes.themes.find import Found, cohesion_across, find_themes
from earnings_themes.themes.hierarchy import CONTENT, Tree, make_tree, write_sentences
from earnings_themes.themes.llm_names import name_themes
from earnings_themes.themes.settle import Centres, Settled, centres, settle
from earnings_themes.themes.stability import Stability, stability_of

KIND_ORDER: Final[tuple[Kind, ...]] = ("subject", "reporting", "procedure", "filler")
# Five sentences from five firms: what raters read of a theme.
_N_REPRESENTATIVES: Final = 5
# Exemplars that are compared with each other, at most: 40,000 take two cores a minute.
_MOST_EXEMPLARS: Final = 40_000
# A sentence with this share of the floor is held by its theme's broad theme alone.
_BROAD_SHARE: Final = 0.6
# Settled, a theme's pairs of different firms must cohere by this share of what it was found with; else nothing is shared.
_COHESION_SHARE: Final = 0.7
# After two rounds fewer than one sentence in a hundred moves.
_ROUNDS: Final = 2


@dataclass
class Pool:
    """What the reduce keeps of the firms' topics.

    Attributes
    ----------
    exemplars : (e,) rows of the modelled sentences that the themes are found from
    model_topic : (m,) the model's topic of each modelled sentence, -1 for its outliers
    """

    exemplars: NDArray[np.int64]
    model_topic: NDArray[np.int64]


def aggregate_files(
    run: str,
    folder: Folder,
    firms: TopicsReader,
    output: Path,
    settings: ThemeSettings,
    min_firm_coverage: float,
    seed: int,
    workers: int = 1,
    space: str | None = None,
) -> Themes:
    """Read a run's topics, sentences and vectors, find the themes, write themes.json and sentences.parquet; return the themes.

    folder: where the run's files lie. output: themes.json; sentences.parquet is written beside it. workers: processes
    that read and measure; the result does not depend on it.

    Raises CoverageError when fewer than `min_firm_coverage` of the firms have a readable file, ResultError
    when the files do not belong together, and CloudError when AWS refuses to give them.
    """
    started = time.perf_counter()
    topics: list[tuple[str, list[list[str]]]] = []
    quiet: list[SkippedFirm] = []
    for firm in firms.map(_sentences_of, workers):
        if firm[1] != "ok":
            quiet.append(SkippedFirm(firm[0], firm[1]))
        topics.append((firm[0], firm[2]))
    firms.check_coverage(min_firm_coverage)
    skipped = sorted([*quiet, *firms.unreadable], key=lambda firm: firm.firm_id)
    corpus = read_corpus(folder, [firm for firm, _ in topics])
    read = time.perf_counter() - started
    themes, tree, settled = aggregate(
        run, corpus, topics, folder, skipped, settings, seed, {"read": read}, space, workers
    )
    parent = {theme.theme_id: theme.parent or "" for theme in themes.themes}
    ids = [theme.theme_id for theme in themes.themes]
    write_sentences(
        output.with_name("sentences.parquet"), corpus, settled, tree, ids, [parent[theme] for theme in ids],
        held_broadly(settled, settings),
    )  # fmt: skip
    write_themes(output, themes)
    return themes


def held_broadly(settled: Settled, settings: ThemeSettings) -> NDArray[np.int64]:
    """Return (m,) the theme whose broad theme alone holds a sentence, -1 for none."""
    near = (settled.labels < 0) & (settled.strength >= _BROAD_SHARE * settings.floor)
    return np.where(near, settled.nearest, -1)


def _sentences_of(firm: FirmTopics) -> tuple[str, str, list[list[str]]]:
    return (
        firm.firm_id,
        firm.status,
        [[sentence.sentence_id for sentence in topic.sentences] for topic in firm.topics],
    )


@one_thread
def aggregate(
    run: str,
    corpus: Corpus,
    topics: Sequence[tuple[str, list[list[str]]]],
    folder: Folder,
    skipped: Sequence[SkippedFirm],
    settings: ThemeSettings,
    seed: int,
    seconds: dict[str, float] | None = None,
    space: str | None = None,
    workers: int = 1,
) -> tuple[Themes, Tree, Settled]:
    """Find the themes of a corpus, settle its sentences, and describe both.

    topics: each firm's topics as sentence ids, the surest first. folder: where the texts are. space: the file of the
    subject space, None for the packaged one. workers: processes that measure the stability.

    Raises ResultError where the vectors are of another subject space.
    """
    timing = dict(seconds or {})
    started = time.perf_counter()
    wanted = load_space(space).digest
    if len(corpus.rows) and corpus.about.get("space") != wanted:
        raise ResultError(
            f"{folder}: its vectors are of the subject space {corpus.about.get('space', '')[:12]}, the settings name "
            f"{wanted[:12]}. Delete embeddings/ and topics/ and run again, or set embedding.space back."
        )
    # By id, so that the order in which a run lists its firms changes nothing.
    topics = sorted(topics, key=lambda firm: firm[0])
    firm_ids = [firm for firm, _ in topics]
    number = {firm: place for place, firm in enumerate(firm_ids)}
    of_row = corpus.table["firm_id"].to_pylist()
    firms = np.array([number[of_row[row]] for row in corpus.modelled.tolist()], dtype=np.int64)
    pool = make_pool(corpus, topics)
    found = find_themes(
        corpus.rows[pool.exemplars], firms[pool.exemplars], settings.granularity, settings.min_firms, seed
    )
    timing["find"] = time.perf_counter() - started

    started = time.perf_counter()
    places, settled, broad = settle_all(corpus, firms, pool, found, settings)
    timing["settle"] = time.perf_counter() - started

    started = time.perf_counter()
    stability = stability_of(
        corpus.rows[pool.exemplars], firms[pool.exemplars], settled.labels[pool.exemplars], broad,
        settings.granularity, settings.min_firms, settings.stability_runs, seed, workers,
    )  # fmt: skip
    timing["stability"] = time.perf_counter() - started

    started = time.perf_counter()
    order, kinds = _ranked(firms, settled, corpus.content, len(places.whole))
    settled, places, broad = _in_order(settled, places, broad, order)
    stability = stability.in_order(order)
    tree = make_tree(firms, settled, corpus.content, pool.model_topic)
    words = describe(
        corpus, folder, firm_ids, settled, places.unit, [kinds[place] for place in order], settings, space
    )
    themes = _themes(run, corpus, firm_ids, firms, settled, places, broad, tree, words,
                     [kinds[place] for place in order], stability, settings, skipped, seed)  # fmt: skip
    timing["describe"] = time.perf_counter() - started
    if settings.llm:
        started = time.perf_counter()
        named, plain = name_themes(themes.themes, settings.llm, settings.max_words)
        themes = replace(themes, themes=named, metadata={**themes.metadata, "plain_labels": plain})
        timing["name"] = time.perf_counter() - started
    timed = {"seconds": timing, "peak_memory_mb": peak_memory_mb()}
    return replace(themes, metadata={**themes.metadata, "timing": timed}), tree, settled


def make_pool(corpus: Corpus, topics: Sequence[tuple[str, list[list[str]]]]) -> Pool:
    """Choose the exemplars: of each topic the surest sentences with content, as many as fit into the limit.

    Every topic gives the same number where there is room, so that a talkative firm makes no themes of its own; where
    even one a topic is too many, every so-manieth topic gives one. Exemplars stand in the order of their ids, because the
    clustering that follows depends on their order.
    """
    ids = corpus.table["sentence_id"].take(corpus.modelled).to_pylist()
    place = {sentence: row for row, sentence in enumerate(ids)}
    model_topic = np.full(len(corpus.modelled), -1, dtype=np.int64)
    groups: list[list[int]] = []
    for _, of_firm in topics:
        for topic, sentences in enumerate(of_firm):
            rows = [place[sentence] for sentence in sentences if sentence in place]
            model_topic[rows] = topic
            groups.append([row for row in rows if corpus.content[row] >= CONTENT])
    groups = [group for group in groups if group]
    each = max(1, _MOST_EXEMPLARS // max(len(groups), 1))
    step = -(-len(groups) // _MOST_EXEMPLARS) if len(groups) > _MOST_EXEMPLARS else 1
    chosen = sorted((row for group in groups[::step] for row in group[:each]), key=lambda row: ids[row])
    return Pool(np.array(chosen, dtype=np.int64), model_topic)


def settle_all(
    corpus: Corpus, firms: NDArray[np.int64], pool: Pool, found: Found, settings: ThemeSettings
) -> tuple[Centres, Settled, NDArray[np.int64]]:
    """Settle every modelled sentence, recompute the centres from what settled, and keep the themes that still hold.

    Returns the centres, where each sentence settled, and the broad theme (k,) of each theme.
    """
    labels = np.full(len(corpus.rows), -1, dtype=np.int64)
    labels[pool.exemplars] = found.labels
    places = centres(corpus.rows, labels, found.n_themes)
    broad = found.broad
    settled = settle(corpus.rows, corpus.content, places, settings.floor)
    for _ in range(_ROUNDS):
        places = centres(corpus.rows, settled.labels, len(places.whole))
        keep = np.flatnonzero(_holds(corpus.rows, firms, settled.labels, len(places.whole), settings))
        places = Centres(places.whole[keep], places.tightness[keep])
        broad = broad[keep]
        settled = settle(corpus.rows, corpus.content, places, settings.floor)
    keep = np.flatnonzero(_holds(corpus.rows, firms, settled.labels, len(places.whole), settings))
    places = Centres(places.whole[keep], places.tightness[keep])
    settled = settle(corpus.rows, corpus.content, places, settings.floor)
    return places, settled, np.unique(broad[keep], return_inverse=True)[1].astype(np.int64)


def _holds(
    rows: NDArray[np.int8],
    firms: NDArray[np.int64],
    labels: NDArray[np.int64],
    k: int,
    settings: ThemeSettings,
) -> NDArray[np.bool_]:
    """Return (k,) which themes have enough firms, none of which dominates, and hold together across firms."""
    inside = labels >= 0
    pairs, counts = np.unique(np.stack([labels[inside], firms[inside]], axis=1), axis=0, return_counts=True)
    n_firms = np.bincount(pairs[:, 0], minlength=k)
    total = np.bincount(labels[inside], minlength=k)
    largest = np.zeros(k, dtype=np.int64)
    np.maximum.at(largest, pairs[:, 0], counts)
    # Two firms hold at least a half: an equal share, half as much again, is no domination, whatever the limit.
    most = np.maximum(settings.max_firm_share, 1.5 / np.maximum(n_firms, 1))
    cohesion = np.full(k, -1.0)
    across = cohesion_across(rows, firms, labels)
    cohesion[: len(across)] = across
    held: NDArray[np.bool_] = (
        (n_firms >= settings.min_firms)
        & (largest <= most * np.maximum(total, 1))
        & (cohesion >= _COHESION_SHARE * settings.granularity)
    )
    return held


def _ranked(
    firms: NDArray[np.int64], settled: Settled, content: NDArray[np.float32], k: int
) -> tuple[list[int], list[Kind]]:
    """Return the themes' order (subject first, then firms, then sentences) and the kind of each."""
    kinds: list[Kind] = []
    sizes = []
    for theme in range(k):
        rows = np.flatnonzero(settled.labels == theme)
        mean = float(content[rows].mean()) if len(rows) else 0.0
        kinds.append("subject" if mean >= _SUBJECT else "filler")
        sizes.append((len(np.unique(firms[rows])), len(rows)))
    order = sorted(
        range(k), key=lambda theme: (KIND_ORDER.index(kinds[theme]), *(-n for n in sizes[theme]), theme)
    )
    return order, kinds


# A theme whose sentences have less content than this, on average, is talk without a subject.
_SUBJECT: Final = 0.7


def _in_order(
    settled: Settled, places: Centres, broad: NDArray[np.int64], order: list[int]
) -> tuple[Settled, Centres, NDArray[np.int64]]:
    rank = np.full(len(order) + 1, -1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    moved = Settled(rank[settled.labels], rank[settled.nearest], settled.strength, settled.cosine)
    return moved, Centres(places.whole[order], places.tightness[order]), broad[order]


def _themes(
    run: str,
    corpus: Corpus,
    firm_ids: Sequence[str],
    firms: NDArray[np.int64],
    settled: Settled,
    places: Centres,
    broad: NDArray[np.int64],
    tree: Tree,
    words: Words,
    kinds: Sequence[Kind],
    stability: Stability,
    settings: ThemeSettings,
    skipped: Sequence[SkippedFirm],
    seed: int,
) -> Themes:
    ids = corpus.table["sentence_id"].take(corpus.modelled).to_pylist()
    cohesion = cohesion_across(corpus.rows, firms, settled.labels)
    by_theme: dict[Any, Any] = dict(iter(tree.topics.groupby("theme")))
    # The broad themes are numbered by their first theme, so that the largest stand first.
    first: dict[int, int] = {}
    for number in broad.tolist():
        first.setdefault(number, len(first) + 1)
    broad_ids = [f"{run}-B{first[number]:02d}" for number in broad.tolist()]
    fine = []
    for theme in range(len(places.whole)):
        rows = np.flatnonzero(settled.labels == theme)
        topics = by_theme[theme].sort_values(["size", "firm"], ascending=[False, True])
        fine.append(
            Theme(
                theme_id=f"{run}-{theme + 1:03d}",
                kind=kinds[theme],
                label=words.labels[theme],
                keywords=words.keywords[theme],
                n_firms=len(np.unique(firms[rows])),
                n_topics=len(topics),
                n_sentences=len(rows),
                centroid=tuple(places.unit[theme].tolist()),
                cohesion=float(cohesion[theme]),
                stability=stability.themes[theme],
                firms=tuple(sorted(firm_ids[firm] for firm in np.unique(firms[rows]).tolist())),
                topics=tuple(
                    ThemeTopic(
                        firm_ids[int(topic.firm)],
                        int(topic.topic_id),
                        words.labels[theme],
                        int(topic.size),
                        float(topic.similarity),
                    )
                    for topic in _records(topics)
                ),
                representative_sentences=_representatives(rows, firms, settled, tree, firm_ids, ids, words),
                level=1,
                parent=broad_ids[theme],
                threshold=settings.floor,
                born=run,
            )
        )
    near = held_broadly(settled, settings)
    more = np.bincount(broad[near[near >= 0]], minlength=len(first))
    wide = _broad_themes(fine, stability, first, broad, more)
    alone = tree.topics[tree.topics["theme"] < 0]
    return Themes(
        schema_version=SCHEMA_VERSION,
        run=run,
        n_themes=len(fine),
        themes=tuple(fine),
        unassigned_topics=tuple(
            UnassignedTopic(firm_ids[int(row.firm)], int(row.topic_id), "no_theme", "", int(row.size))
            for row in _records(alone)
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
            **corpus.about,
            "seed": seed,
            "versions": versions(OF_THEMES),
        },
        levels=(
            Level(1, len(fine), _mean_stability(fine)),
            Level(2, len(wide), _mean_stability(wide)),
        ),
        broad=tuple(wide),
    )


def _records(topics: pd.DataFrame) -> list[Any]:
    return list(topics.itertuples(index=False))


def _mean_stability(themes: Sequence[Theme]) -> float | None:
    known = [(theme.stability, theme.n_sentences) for theme in themes if theme.stability is not None]
    total = sum(n for _, n in known)
    return sum(value * n for value, n in known) / total if total else None


def _broad_themes(
    fine: Sequence[Theme],
    stability: Stability,
    first: dict[int, int],
    broad: NDArray[np.int64],
    more: NDArray[np.int64],
) -> list[Theme]:
    """Return the broad themes, each the union of its themes, called by its largest themes' labels.

    more: sentences that a broad theme alone holds, by its number.
    """
    found = []
    for number in first:
        members = [theme for theme, other in zip(fine, broad.tolist(), strict=True) if other == number]
        labels = [theme.label for theme in sorted(members, key=lambda theme: -theme.n_sentences)]
        firms = sorted({firm for theme in members for firm in theme.firms})
        centre = np.sum([np.array(theme.centroid) * theme.n_sentences for theme in members], axis=0)
        found.append(
            Theme(
                theme_id=members[0].parent or "",
                kind=members[0].kind,
                label="; ".join(labels[:3]),
                keywords=tuple((label, 1.0) for label in labels[:10]),
                n_firms=len(firms),
                n_topics=sum(theme.n_topics for theme in members),
                n_sentences=sum(theme.n_sentences for theme in members) + int(more[number]),
                centroid=tuple((centre / max(float(np.linalg.norm(centre)), 1e-12)).tolist()),
                cohesion=float(np.average([theme.cohesion for theme in members])),
                stability=stability.broad[number],
                firms=tuple(firms),
                topics=(),
                representative_sentences=members[0].representative_sentences,
                level=2,
                born=members[0].born,
            )
        )
    return found


def _representatives(
    rows: NDArray[np.int64],
    firms: NDArray[np.int64],
    settled: Settled,
    tree: Tree,
    firm_ids: Sequence[str],
    ids: Sequence[str],
    words: Words,
) -> tuple[RepresentativeSentence, ...]:
    """Return the surest sentences of a theme, no two of one firm while firms last."""
    ordered = sorted(rows.tolist(), key=lambda row: (-round(float(settled.strength[row]), 5), ids[row]))
    of_new_firms: list[int] = []
    seen: set[int] = set()
    for row in ordered:
        if int(firms[row]) not in seen:
            seen.add(int(firms[row]))
            of_new_firms.append(row)
    chosen = [*of_new_firms, *(row for row in ordered if row not in set(of_new_firms))][:_N_REPRESENTATIVES]
    return tuple(
        RepresentativeSentence(
            firm_ids[int(firms[row])], int(tree.topic_id[row]), ids[row], words.texts.get(ids[row], "")
        )
        for row in chosen
    )
