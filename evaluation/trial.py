"""The trial: every method on every data set, and what is counted.

Agreement with labels is always given in two forms, because ARI and AMI take whatever is not assigned for a
cluster: "filled" puts outliers into the nearest cluster, "alone" makes each a cluster of its own.
"""

import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score as ami
from sklearn.metrics import adjusted_rand_score as ari

from earnings_themes.clustering.communities import CentroidCommunities, GraphCommunities, in_context, nearest
from evaluation.clusterers import ThemeClusterer, TooManyRowsError, TopicClusterer
from evaluation.data import NO_THEME, Sentences

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

Labeller = Callable[[Sentences], Integers]

_DROPS = 3  # draws of nine tenths, and row orders, a firm: three pairs each
_MIN_FIRMS = 2  # the production default of a theme


def filled(vectors: Floats, labels: Integers) -> Integers:
    """The labels (n,) with every −1 put into the cluster with the nearest centroid."""
    out, n_clusters = labels.copy(), int(labels.max(initial=-1)) + 1
    if n_clusters:
        out[labels < 0] = (vectors[labels < 0] @ centroids(vectors, labels).T).argmax(axis=1)
    return out


def centroids(vectors: Floats, labels: Integers) -> Floats:
    """Mean of each cluster's rows at L2 norm 1: (n_clusters, dim), zeros for a number that is not used."""
    sums = np.zeros((int(labels.max(initial=-1)) + 1, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, labels[labels >= 0], vectors[labels >= 0])
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.maximum(length, np.finfo(np.float32).tiny), dtype=np.float32)


def alone(labels: Integers) -> Integers:
    """The labels (n,) with every −1 as a cluster of its own."""
    out = labels.copy()
    out[labels < 0] = int(labels.max(initial=-1)) + 1 + np.arange((labels < 0).sum())
    return out


@dataclass(frozen=True)
class Topics:
    """All firms' topics: centroids (m, dim), firms (m,), the planted theme of most sentences (m,).

    For the sentences: `topic` (n,) or −1, `nearest` topic (n,) of all, and the planted `theme` (n,).
    """

    vectors: Floats
    firms: tuple[str, ...]
    theme: NDArray[np.str_]
    topic: Integers
    nearest: Integers
    sentence_theme: NDArray[np.str_]


def topics_of(firms: Sequence[Sentences], clusterer: TopicClusterer) -> Topics:
    """The map over all firms, as production does it: cluster in context, average the plain vectors."""
    owners: list[str] = []
    vectors, themes, topic, nearest, truth = [], [], [], [], []
    for firm in firms:
        labels = clusterer(firm.context)
        n_topics, offset = int(labels.max(initial=-1)) + 1, len(owners)
        if not n_topics:
            continue
        vectors.append(centroids(firm.vectors, labels))
        for number in range(n_topics):
            names, counts = np.unique(firm.theme[labels == number], return_counts=True)
            themes.append(str(names[counts.argmax()]))
            owners.append(firm.firm)
        topic.append(np.where(labels >= 0, labels + offset, -1))
        nearest.append(filled(firm.context, labels) + offset)
        truth.append(firm.theme)
    return Topics(
        np.concatenate(vectors),
        tuple(owners),
        np.array(themes, dtype=np.str_),
        np.concatenate(topic),
        np.concatenate(nearest),
        np.concatenate(truth),
    )


def shared_themes(labels: Integers, firms: Sequence[str]) -> Integers:
    """Themes of at least two firms, numbered from 0; the others become −1."""
    names, out = np.asarray(firms), np.full(len(labels), -1, dtype=np.int64)
    kept = 0
    for number in range(int(labels.max(initial=-1)) + 1):
        rows = labels == number
        if len(np.unique(names[rows])) >= _MIN_FIRMS:
            out[rows] = kept
            kept += 1
    return out


# --- the map ---------------------------------------------------------------------------------------


def by_context(methods: Mapping[str, TopicClusterer]) -> dict[str, Labeller]:
    """The clusterers as production calls them: with a firm's vectors in context."""
    return {name: partial(_in_context, method) for name, method in methods.items()}


def _in_context(method: TopicClusterer, firm: Sentences) -> Integers:
    return method(firm.context)


def agreement_of_topics(
    methods: Mapping[str, Labeller], data: Mapping[str, Sequence[Sentences]]
) -> pd.DataFrame:
    """AMI with the planted topics, filled / alone, and topics found / planted: a row a method, a column a set."""
    rows = {}
    for name, method in methods.items():
        row = {}
        for title, firms in data.items():
            scores = [_topic_scores(firm, method(firm)) for firm in firms]
            full, single, found, planted = np.mean(scores, axis=0)
            row[title] = f"{full:.2f} / {single:.2f} ({found:.0f} of {planted:.0f})"
        rows[name] = row
    return pd.DataFrame.from_dict(rows, orient="index")


def _topic_scores(firm: Sentences, labels: Integers) -> tuple[float, float, int, int]:
    counted = firm.topic != NO_THEME
    truth = firm.topic[counted]
    full, single = filled(firm.context, labels)[counted], alone(labels)[counted]
    return ami(truth, full), ami(truth, single), int(labels.max(initial=-1)) + 1, len(np.unique(firm.topic))


def stability_of_topics(
    methods: Mapping[str, Labeller], firms: Sequence[Sentences], orders: bool = True
) -> pd.DataFrame:
    """What becomes of real firms' topics when rows change places, and when a tenth of them is taken away.

    Mean ARI over pairs of three draws, on shared sentences; filled, and with −1 as one class ("raw"). The context
    of the sentences that stay is made anew. Also topics a firm, outliers, median topic size, CPU seconds.
    """
    rows = {}
    for name, method in methods.items():
        values: dict[str, list[float]] = {}

        def add(key: str, value: float, values: dict[str, list[float]] = values) -> None:
            values.setdefault(key, []).append(value)

        for firm in firms:
            started = time.process_time()
            labels = method(firm)
            add("CPU s a firm", time.process_time() - started)
            add("topics a firm", float(labels.max(initial=-1) + 1))
            add("outliers", float((labels < 0).mean()))
            sizes = np.bincount(labels[labels >= 0])
            add("sentences a topic (median)", float(np.median(sizes)) if len(sizes) else 0.0)
            if orders:
                for one, other in combinations([_reordered(firm, method, seed) for seed in range(_DROPS)], 2):
                    add("row orders, raw", ari(one, other))
            dropped = [_dropped(firm, method, seed) for seed in range(_DROPS)]
            for (kept, raw, full), (kept_2, raw_2, full_2) in combinations(dropped, 2):
                both = kept & kept_2
                add("10 % dropped, raw", ari(raw[both], raw_2[both]))
                add("10 % dropped, filled", ari(full[both], full_2[both]))
        means = {key: float(np.mean(numbers)) for key, numbers in values.items()}
        digits = {"topics a firm": ".0f", "sentences a topic (median)": ".0f", "outliers": ".1%"}
        rows[name] = {key: f"{value:{digits.get(key, '.2f')}}" for key, value in means.items()}
    return pd.DataFrame.from_dict(rows, orient="index")


def _reordered(firm: Sentences, method: Labeller, seed: int) -> Integers:
    order = np.random.default_rng(seed).permutation(len(firm.context))
    labels = np.empty(len(order), dtype=np.int64)
    labels[order] = method(_rows(firm, order, firm.context[order]))
    return labels


def _rows(firm: Sentences, rows: Integers, context: Floats) -> Sentences:
    texts = tuple(firm.texts[row] for row in rows.tolist()) if firm.texts else ()
    return replace(firm, vectors=firm.vectors[rows], context=context, texts=texts)


def _dropped(firm: Sentences, method: Labeller, seed: int) -> tuple[NDArray[np.bool_], Integers, Integers]:
    kept = np.random.default_rng(seed).random(len(firm.vectors)) < 0.9
    context = firm.context[kept]
    if firm.calls:
        calls, positions = np.asarray(firm.calls)[kept], np.asarray(firm.positions)[kept]
        context = in_context(firm.vectors[kept], calls.tolist(), positions.tolist(), firm.share)
    labels = method(_rows(firm, np.flatnonzero(kept), context))
    raw, full = np.full(len(kept), -2, dtype=np.int64), np.full(len(kept), -2, dtype=np.int64)
    raw[kept], full[kept] = labels, filled(context, labels)
    return kept, raw, full


def effect_of_context(
    sample: Sequence[Sentences], real: Sequence[Sentences], shares: Sequence[float]
) -> pd.DataFrame:
    """The default with a larger and a smaller share of the neighbouring sentences."""
    rows = {}
    for share in shares:
        methods = by_context({"": lambda vectors: GraphCommunities().fit(vectors).labels_})
        planted = agreement_of_topics(methods, {"": [_with_share(firm, share) for firm in sample]})
        stable = stability_of_topics(methods, [_with_share(firm, share) for firm in real], orders=False)
        rows[f"share {share:g}"] = {
            "sample, AMI filled / alone (topics)": planted.loc["", ""],
            "real, topics a firm": stable.loc["", "topics a firm"],
            "real, outliers": stable.loc["", "outliers"],
            "real, 10 % dropped, filled": stable.loc["", "10 % dropped, filled"],
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _with_share(firm: Sentences, share: float) -> Sentences:
    context = in_context(firm.vectors, firm.calls, firm.positions, share)
    return replace(firm, context=context, share=share)


# --- the reduce ------------------------------------------------------------------------------------


def agreement_of_themes(methods: Mapping[str, ThemeClusterer], data: Mapping[str, Topics]) -> pd.DataFrame:
    """ARI and AMI with the planted themes, over topics and over sentences: a row a method and set."""
    rows = []
    for title, topics in data.items():
        for name, method in methods.items():
            started = time.process_time()
            try:
                found = shared_themes(method(topics.vectors, topics.firms), topics.firms)
            except TooManyRowsError:
                continue
            rows.append(
                {"data": title, "method": name}
                | _theme_scores(topics, found)
                | {"CPU s": f"{time.process_time() - started:.1f}"}
            )
    return pd.DataFrame(rows)


def _theme_scores(topics: Topics, found: Integers) -> dict[str, str]:
    counted, spoken = topics.theme != NO_THEME, topics.sentence_theme != NO_THEME
    full = filled(topics.vectors, found)
    of_sentence = np.where(topics.topic >= 0, found[topics.topic], -1)
    pairs = {
        "topics": (topics.theme[counted], full[counted], alone(found)[counted]),
        "sentences": (
            topics.sentence_theme[spoken],
            full[topics.nearest][spoken],
            alone(of_sentence)[spoken],
        ),
    }
    scores = {}
    for level, (truth, full_one, single) in pairs.items():
        scores[f"ARI, {level}"] = f"{ari(truth, full_one):.2f} / {ari(truth, single):.2f}"
        scores[f"AMI, {level}"] = f"{ami(truth, full_one):.2f} / {ami(truth, single):.2f}"
    planted = len(set(topics.theme[counted].tolist()))
    return scores | {
        "themes found (planted)": f"{int(found.max(initial=-1)) + 1} ({planted})",
        "topics in a theme": f"{(found >= 0).mean():.0%}",
    }


def themes_of_real_calls(methods: Mapping[str, ThemeClusterer], data: Mapping[str, Topics]) -> pd.DataFrame:
    """How many themes, and how much of the firms' speech reaches one: a row a method and set."""
    rows = []
    for title, topics in data.items():
        names = np.asarray(topics.firms)
        for name, method in methods.items():
            found = shared_themes(method(topics.vectors, topics.firms), topics.firms)
            sizes = [len(set(names[found == theme].tolist())) for theme in range(found.max(initial=-1) + 1)]
            rows.append(
                {
                    "data": f"{title}, {len(names)} topics",
                    "method": name,
                    "themes": len(sizes),
                    "firms a theme: median, most": f"{np.median(sizes or [0]):.0f}, {max(sizes, default=0)}",
                    "topics in a theme": f"{(found >= 0).mean():.0%}",
                    "firms with a theme": f"{len(set(names[found >= 0].tolist())) / len(set(topics.firms)):.0%}",
                }
            )
    return pd.DataFrame(rows)


def size_of_the_reduce(topics: Topics, n_firms: int, seed: int = 0) -> pd.DataFrame:
    """Seconds and memory for many firms: each is dealt 28 real centroids, blurred by half of a second one.

    The blur makes no two equal, and gives the search for neighbours work to do. How many of the 20 nearest it
    finds is checked on 200 rows.
    """
    draw = np.random.default_rng(seed)
    n_each = min(28, len(topics.vectors))
    rows = np.concatenate([draw.choice(len(topics.vectors), n_each, replace=False) for _ in range(n_firms)])
    mixed = topics.vectors[rows] + 0.5 * topics.vectors[draw.integers(len(topics.vectors), size=len(rows))]
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    firms = np.repeat(np.arange(n_firms), n_each)
    wall, cpu = time.perf_counter(), time.process_time()
    model = CentroidCommunities().fit(mixed, [f"{number:05d}" for number in firms])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return pd.DataFrame(
        [
            {
                "firms": f"{n_firms:,}",
                "topics": f"{len(rows):,}",
                "wall seconds": f"{wall:.0f}",
                "CPU seconds": f"{cpu:.0f}",
                "peak memory of the process, GB": f"{_peak_gb():.1f}",
                "themes": int(model.labels_.max(initial=-1)) + 1,
                "topics in a theme": f"{(model.labels_ >= 0).mean():.0%}",
                "20 nearest that are found": f"{_recall(mixed, firms, draw.integers(len(rows), size=200)):.1%}",
            }
        ]
    )


def _recall(vectors: Floats, firms: Integers, rows: Integers) -> float:
    found, _ = nearest(vectors, 20, firms)
    similarity = vectors[rows] @ vectors.T
    similarity[firms[rows][:, None] == firms] = -2.0
    exact = np.argpartition(-similarity, 19, axis=1)[:, :20]
    return float(
        np.mean([len(np.intersect1d(found[row], best)) / 20 for row, best in zip(rows, exact, strict=True)])
    )


def _peak_gb() -> float:
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
