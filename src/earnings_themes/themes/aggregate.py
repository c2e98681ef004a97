"""The reduce: all firms' topics become themes that cross firms.

Centroids are clustered; words only describe what came out. A firm whose file is missing, damaged or of
another version is skipped by name and reason. No themes is a valid result.
"""

import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
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
from earnings_themes.abstractions.records import FirmStatus, Kind
from earnings_themes.config import ThemeSettings
from earnings_themes.labels import (
    FirmWords,
    TopicTerms,
    Vocabulary,
    WordsOfFirm,
    best_example,
    example_candidates,
    label_without_terms,
    pack,
    theme_words,
    unpack,
    words_of_firm,
)
from earnings_themes.labels.kinds import NO_TRAITS, Traits, theme_kind, traits
from earnings_themes.results.artifacts import write_themes
from earnings_themes.results.provenance import OF_THEMES, peak_memory_mb, versions
from earnings_themes.results.topics_reader import CentroidRows, TopicsReader
from earnings_themes.system.processes import one_thread, pool
from earnings_themes.themes.llm_names import name_themes
from earnings_themes.themes.methods import Clusterer, sets_procedure_aside, theme_clusterer

KIND_ORDER: Final[tuple[Kind, ...]] = ("subject", "reporting", "procedure", "filler")
# Three sentences from three firms: enough to see what a theme is about, and that it is not one firm's.
_N_REPRESENTATIVES: Final = 3
# The prototype named a topic by five words, joined.
_N_WORDS: Final = 5
# More topics, and a clustering takes up to 4 GB (docs/validation.md, "Size"): several at once would not fit.
_MOST_BESIDE: Final = 30_000
_NO_TERMS: Final = TopicTerms(array("I"), b"")


@dataclass(frozen=True, slots=True)
class TopicRecord:
    """What the reduce keeps of a topic: as little as can be, because 10,000 firms have 280,000 of them."""

    firm_id: str
    topic_id: int
    label: str
    terms: TopicTerms
    size: int
    kind: Kind
    examples: bytes  # labels.pack of the sentences that may stand for it
    traits: Traits = NO_TRAITS
    words: str = ""  # its first keywords, which the prototype's method clusters


@dataclass(frozen=True, slots=True)
class FirmRecords:
    """What the reduce takes from a firm's file; the topics' terms are numbered when all firms' come together."""

    firm_id: str
    status: FirmStatus
    topics: list[TopicRecord]
    centroids: NDArray[np.float32]
    words: WordsOfFirm


def aggregate_files(
    run: str,
    firms: TopicsReader,
    output: Path,
    settings: ThemeSettings,
    min_firm_coverage: float,
    seed: int,
    workers: int = 1,
) -> Themes:
    """Read the firms' topics one by one, find the themes, write themes.json and return them.

    workers: processes that share the work; the result does not depend on it.

    Raises CoverageError when fewer than `min_firm_coverage` of the firms have a readable file, ResultError
    when the files do not belong together, and CloudError when AWS refuses to give them.
    """
    started = time.perf_counter()
    topics: list[TopicRecord] = []
    centroids = CentroidRows()
    quiet: list[SkippedFirm] = []
    words = FirmWords()
    for firm in firms.map(_records, workers):
        if firm.status != "ok":
            quiet.append(SkippedFirm(firm.firm_id, firm.status))
        terms = words.add(firm.words)
        topics += [replace(topic, terms=found) for topic, found in zip(firm.topics, terms, strict=True)]
        centroids.add(firm.centroids)
    firms.check_coverage(min_firm_coverage)
    read = time.perf_counter() - started
    skipped = sorted([*quiet, *firms.unreadable], key=lambda firm: firm.firm_id)
    themes = aggregate(
        run,
        topics,
        centroids.matrix(),
        skipped,
        settings,
        seed,
        {"read": read},
        words.names(),
        words.vocabulary,
        workers,
    )
    write_themes(output, themes)
    return themes


@one_thread
def aggregate(
    run: str,
    topics: Sequence[TopicRecord],
    centroids: NDArray[np.float32],
    skipped: Sequence[SkippedFirm],
    settings: ThemeSettings,
    seed: int,
    seconds: dict[str, float] | None = None,
    names: Set[str] = frozenset(),
    vocabulary: Vocabulary | None = None,
    workers: int = 1,
) -> Themes:
    """Cluster topics into themes and describe them.

    centroids: (n_topics, dim) float32, L2 norm 1. names: words that no label and keyword may hold. vocabulary:
    what the topics' terms are numbered by.
    """
    timing = dict(seconds or {})
    started = time.perf_counter()
    # Procedure is common to all firms by its nature, and would be the largest theme.
    aside = sets_procedure_aside(settings.params)
    open_rows = np.array(
        [row for row, topic in enumerate(topics) if not (aside and topic.kind == "procedure")], dtype=np.int64
    )
    reasons = dict.fromkeys(set(range(len(topics))) - set(open_rows.tolist()), "procedural")
    cluster = theme_clusterer(
        settings.params,
        [topic.firm_id for topic in topics],
        [topic.words for topic in topics],
        centroids,
        seed,
    )
    labels = cluster(open_rows)
    groups: dict[int, list[int]] = defaultdict(list)
    for row, label in zip(open_rows.tolist(), labels.tolist(), strict=True):
        if label < 0:
            reasons[row] = "outlier"
        else:
            groups[label].append(row)
    timing["cluster"] = time.perf_counter() - started

    kept: list[list[int]] = []
    for _, rows in sorted(groups.items()):
        members, left_out = _apply_rules(rows, topics, centroids, settings)
        reasons |= left_out
        if members:
            kept.append(members)
    started = time.perf_counter()
    # The prototype's method has used torch's threads by now, after which a forked process can hang.
    beside = workers if aside else 1
    stability = theme_stability(kept, open_rows, len(topics), cluster, settings.stability_runs, seed, beside)
    timing["stability"] = time.perf_counter() - started

    started = time.perf_counter()
    themes = _describe(run, kept, stability, topics, centroids, settings, names, vocabulary or Vocabulary())
    timing["describe"] = time.perf_counter() - started
    plain_labels: dict[str, dict[str, str]] = {}
    if settings.llm:
        started = time.perf_counter()
        themes, plain = name_themes(themes, settings.llm, settings.max_words)
        plain_labels = {"plain_labels": plain}
        timing["name"] = time.perf_counter() - started
    unassigned = [UnassignedTopic(topics[row].firm_id, topics[row].topic_id, reasons[row]) for row in reasons]
    return Themes(
        schema_version=SCHEMA_VERSION,
        run=run,
        n_themes=len(themes),
        themes=themes,
        unassigned_topics=tuple(sorted(unassigned, key=lambda topic: (topic.firm_id, topic.topic_id))),
        skipped_firms=tuple(skipped),
        metadata={
            "min_firms": settings.min_firms,
            "max_firm_share": settings.max_firm_share,
            "params": dict(settings.params),
            "stability_runs": settings.stability_runs,
            "n_topics": len(topics),
            "n_firms_with_topics": len({topic.firm_id for topic in topics}),
            "seed": seed,
            **plain_labels,
            "versions": versions(OF_THEMES),
            "timing": {"seconds": timing, "peak_memory_mb": peak_memory_mb()},
        },
    )


def theme_stability(
    groups: Sequence[Sequence[int]],
    rows: NDArray[np.int64],
    n_topics: int,
    cluster: Clusterer,
    stability_runs: int,
    seed: int,
    workers: int = 1,
) -> list[float | None]:
    """Return, for each theme, how far it comes back when a tenth of the topics is left out: 0 to 1.

    The mean, over `stability_runs` repeats of the clustering on a random 90 %, of the largest Jaccard index
    between the theme and a cluster of the repeat (clusterwise stability, Hennig 2007,
    doi:10.1016/j.csda.2006.11.025; he calls themes under 0.6 not to be trusted). groups: rows of the topics
    of each theme. rows: the rows that were clustered, of `n_topics`. None where it is not measured.
    """
    if not stability_runs or not groups:
        return [None] * len(groups)
    draw = np.random.default_rng(seed)
    jaccard = np.zeros(len(groups))
    samples = [np.sort(draw.permutation(rows)[: -(-9 * len(rows) // 10)]) for _ in range(stability_runs)]
    for sample, found in zip(samples, _clustered(samples, cluster, workers), strict=True):
        label = np.full(n_topics, -1, dtype=np.int64)
        label[sample] = found
        inside = np.zeros(n_topics, dtype=bool)
        inside[sample] = True
        sizes = np.bincount(found[found >= 0], minlength=1)
        for number, group in enumerate(groups):
            members = np.asarray(group)[inside[group]]
            shared = np.bincount(label[members][label[members] >= 0], minlength=len(sizes))
            union = sizes + len(members) - shared
            jaccard[number] += float((shared / np.maximum(union, 1)).max())
    return [float(total) / stability_runs for total in jaccard]


def _clustered(
    samples: Sequence[NDArray[np.int64]], cluster: Clusterer, workers: int
) -> Iterator[NDArray[np.int64]]:
    if workers == 1 or sum(map(len, samples)) > _MOST_BESIDE * len(samples):
        yield from map(cluster, samples)
        return
    with pool(workers) as processes:
        yield from processes.map(partial(_on_one_thread, cluster), samples)


@one_thread
def _on_one_thread(cluster: Clusterer, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    return cluster(rows)


def _records(firm: FirmTopics) -> FirmRecords:
    spoken = [[sentence.text for sentence in topic.sentences] for topic in firm.topics]
    words = words_of_firm(firm.firm_name, spoken)
    names = words.names | words.own
    topics = [
        TopicRecord(
            firm.firm_id,
            topic.topic_id,
            topic.label,
            _NO_TERMS,
            topic.size,
            topic.kind,
            pack(example_candidates((sentence.sentence_id, sentence.text) for sentence in topic.sentences)),
            traits(texts, names),
            ", ".join(word for word, _ in topic.keywords[:_N_WORDS]),
        )
        for topic, texts in zip(firm.topics, spoken, strict=True)
    ]
    centroids = np.asarray(firm.centroids, dtype=np.float32)
    return FirmRecords(firm.firm_id, firm.status, topics, centroids, words)


def _apply_rules(
    rows: list[int], topics: Sequence[TopicRecord], centroids: NDArray[np.float32], settings: ThemeSettings
) -> tuple[list[int], dict[int, str]]:
    """Return the rows that make a theme, and the reason for each that is left out."""
    reasons: dict[int, str] = {}
    similarity = dict(zip(rows, _similarity(centroids[rows]).tolist(), strict=True))
    members = sorted(rows, key=lambda row: (-similarity[row], topics[row].firm_id, topics[row].topic_id))
    while members:
        by_firm = Counter(topics[row].firm_id for row in members)
        if len(by_firm) < settings.min_firms:
            return [], reasons | dict.fromkeys(members, "too_few_firms")
        firm, most = max(sorted(by_firm.items()), key=lambda item: item[1])
        # Two firms with a topic each hold one half: an equal share is no domination, whatever the limit.
        if most / len(members) <= max(settings.max_firm_share, 1 / len(by_firm)):
            break
        if most == 1:
            break
        farthest = next(row for row in reversed(members) if topics[row].firm_id == firm)
        members.remove(farthest)
        reasons[farthest] = "one_firm_dominates"
    return members, reasons


def _similarity(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cosine (n,) of each row (n, dim), L2 norm 1, to the mean of all."""
    cosines: NDArray[np.float32] = vectors @ _centroid(vectors)
    return cosines


def _centroid(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    mean: NDArray[np.float64] = vectors.mean(axis=0, dtype=np.float64)
    mean /= max(float(np.linalg.norm(mean)), float(np.finfo(np.float32).tiny))
    return mean.astype(np.float32)


def _describe(
    run: str,
    groups: list[list[int]],
    stability: Sequence[float | None],
    topics: Sequence[TopicRecord],
    centroids: NDArray[np.float32],
    settings: ThemeSettings,
    names: Set[str],
    vocabulary: Vocabulary,
) -> tuple[Theme, ...]:
    def size(number: int) -> tuple[int, int, str, int]:
        rows = groups[number]
        first = min((topics[row].firm_id, topics[row].topic_id) for row in rows)
        return (-len({topics[row].firm_id for row in rows}), -sum(topics[row].size for row in rows), *first)

    by_size = sorted(range(len(groups)), key=size)
    found = theme_words(
        [[(topics[row].firm_id, topics[row].terms) for row in groups[number]] for number in by_size],
        vocabulary,
        names,
        settings.n_keywords,
        settings.max_words,
    )
    words = dict(zip(by_size, found, strict=True))
    kinds = {
        number: theme_kind(
            [(topics[row].kind, topics[row].traits, topics[row].size) for row in groups[number]],
            has_words=bool(words[number].terms),
        )
        for number in by_size
    }
    used = {of_theme.label for of_theme in found}
    for number in by_size:
        if not words[number].label:
            words[number] = words[number]._replace(label=label_without_terms(kinds[number], used))
            used.add(words[number].label)
    order = sorted(by_size, key=lambda number: KIND_ORDER.index(kinds[number]))
    themes = []
    for place, number in enumerate(order):
        rows = groups[number]
        vectors = centroids[rows]
        similarity = _similarity(vectors)
        nearest = sorted(zip(rows, similarity.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
        themes.append(
            Theme(
                theme_id=f"{run}-{place + 1:03d}",
                kind=kinds[number],
                label=words[number].label,
                keywords=words[number].keywords,
                n_firms=len({topics[row].firm_id for row in rows}),
                n_topics=len(rows),
                n_sentences=sum(topics[row].size for row in rows),
                centroid=tuple(_centroid(vectors).tolist()),
                coherence=float(similarity.mean()),
                stability=stability[number],
                firms=tuple(sorted({topics[row].firm_id for row in rows})),
                topics=tuple(
                    ThemeTopic(
                        topics[row].firm_id, topics[row].topic_id, topics[row].label, topics[row].size, cosine
                    )
                    for row, cosine in nearest
                ),
                representative_sentences=_representatives(
                    [topics[row] for row, _ in nearest], words[number].terms
                ),
            )
        )
    return tuple(themes)


def _representatives(
    topics: Sequence[TopicRecord], terms: Sequence[str]
) -> tuple[RepresentativeSentence, ...]:
    """Return sentences of the topics, nearest to the centroid first, that say what the theme is about."""
    telling: list[RepresentativeSentence] = []
    others: list[RepresentativeSentence] = []
    firms: set[str] = set()
    for topic in topics:
        if topic.firm_id in firms:
            continue
        firms.add(topic.firm_id)
        (sentence_id, text), n_terms = best_example(unpack(topic.examples), terms)
        chosen = telling if n_terms else others
        chosen.append(RepresentativeSentence(topic.firm_id, topic.topic_id, sentence_id, text))
        if len(telling) == _N_REPRESENTATIVES:
            break
    return tuple([*telling, *others][:_N_REPRESENTATIVES])
