"""Chooses what a theme is called: the phrase that its firms say, that others don't, and that lies near its centre.

Phrases are weighed by log-odds against all other themes with a Dirichlet prior (Monroe, Colaresi and Quinn 2008,
doi:10.1093/pan/mpn018), times the share of the theme's firms that say them, times the nearness of the phrase's own subject
vector to the theme's centroid. A whole phrase takes the place of its words ("real estate", not "estate").
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.abstractions.records import Keywords
from earnings_themes.labels.phrases import PhraseCounter

# Prior of 500 words: of 100 to 2,000 tried, labels of real calls read alike (docs/validation.md).
_PRIOR: Final = 500.0
# A phrase that makes this share of a word's sentences stands for the word.
_STANDS_FOR: Final = 0.4
# Phrases whose nearness is asked for: the heaviest of each theme.
_CANDIDATES: Final = 40
# A theme whose best phrase is said by fewer of its firms has no subject that a word would tell.
_LEAST_SHARE: Final = 0.12
# A word with a capital in mid-sentence nearly always, said by few firms, is a name.
_CAPITAL: Final = 0.8
_FEW: Final = 0.02

Nearness = Callable[[list[str]], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class ThemeWords:
    """What a theme is called; an empty label where no phrase tells its subject. keywords: (phrase, weight)."""

    label: str
    keywords: Keywords


def describe(
    counter: PhraseCounter,
    nearness: Nearness | None,
    centroids: NDArray[np.float64],
    max_words: int,
    n_keywords: int,
    names: Set[str],
    n_themes: int,
) -> list[ThemeWords]:
    """Name the themes, in their order; no two get one label.

    Parameters
    ----------
    counter : phrases by theme, themes numbered from 0
    nearness : texts → (n, k) vectors, in the space of the centroids; None where there is none
    centroids : (n_themes, k), length 1 or less
    max_words : words a label has at most
    n_keywords : phrases a theme is shown with
    names : of firms and people, in any case
    """
    total: Counter[str] = Counter()
    for counts in counter.sentences.values():
        total.update(counts)
    n_total = float(sum(total.values()))
    of_names = _name_words(counter, names)
    weights = [_weights(counter, theme, total, n_total, of_names) for theme in range(n_themes)]
    if nearness is not None:
        _weigh_by_nearness(weights, counter, nearness, centroids)
    taken: set[str] = set()
    found = []
    for theme in range(n_themes):
        ranked = sorted(weights[theme].items(), key=lambda pair: (-round(pair[1], 6), pair[0]))
        label = _label(ranked, counter, theme, max_words, taken)
        taken.add(label)
        shown = tuple((counter.said(phrase), float(weight)) for phrase, weight in ranked[:n_keywords])
        found.append(ThemeWords(label, shown))
    return found


def _label(
    ranked: Sequence[tuple[str, float]], counter: PhraseCounter, theme: int, max_words: int, taken: Set[str]
) -> str:
    usable = [
        phrase
        for phrase, _ in ranked
        if len(phrase.split()) <= max_words
        and counter.firms[theme][phrase] >= max(2, _LEAST_SHARE * counter.n_firms[theme])
    ]
    if not usable:
        return ""
    first = counter.said(usable[0])
    if first not in taken:
        return first
    # Two themes may share their heaviest phrase; then the second says what it has beside it.
    for phrase in usable[1:]:
        both = f"{first}; {counter.said(phrase)}"
        if phrase not in usable[0] and both not in taken:
            return both
    return ""


def _name_words(counter: PhraseCounter, names: Set[str]) -> frozenset[str]:
    """Return the words that are names: written with a capital nearly always, and of few firms or of a known name."""
    known = {word for name in names for word in name.lower().replace(",", " ").split()}
    few = max(2, _FEW * max(counter.n_firms.values(), default=0))
    return frozenset(
        word
        for word, (capital, n, n_firms) in counter.capital.items()
        if n and capital / n >= _CAPITAL and (n_firms <= few or word in known)
    )


def _weights(
    counter: PhraseCounter, theme: int, total: Counter[str], n_total: float, names: frozenset[str]
) -> dict[str, float]:
    counts, firms = counter.sentences[theme], counter.firms[theme]
    n_theme = float(sum(counts.values()))
    least = 2 if counter.n_firms[theme] > 1 else 1
    found: dict[str, float] = {}
    for phrase, n in counts.items():
        if firms[phrase] < least or any(word in names for word in counter.said(phrase).split()):
            continue
        prior = _PRIOR * total[phrase] / n_total
        elsewhere, n_elsewhere = total[phrase] - n, n_total - n_theme
        odds = math.log((n + prior) / (n_theme + _PRIOR - n - prior))
        odds -= math.log((elsewhere + prior) / (n_elsewhere + _PRIOR - elsewhere - prior))
        score = odds / math.sqrt(1 / (n + prior) + 1 / (elsewhere + prior))
        if score > 0:
            found[phrase] = score * math.sqrt(firms[phrase] / counter.n_firms[theme])
    return _whole_phrases(found, counts)


def _whole_phrases(weights: dict[str, float], counts: Mapping[str, int]) -> dict[str, float]:
    """Leave out a part of a phrase where the phrase makes enough of it; the phrase keeps the heavier weight."""
    kept = dict(weights)
    for phrase in sorted(weights, key=lambda phrase: -len(phrase.split())):
        words = phrase.split()
        for size in range(1, len(words)):
            for start in range(len(words) - size + 1):
                part = " ".join(words[start : start + size])
                # A longer part is a phrase in its own right, and goes only where nothing else is left of it.
                share = _STANDS_FOR if size == 1 else 0.8
                if part in kept and phrase in kept and counts[phrase] >= share * counts[part]:
                    kept[phrase] = max(kept[phrase], kept.pop(part))
    return kept


def _weigh_by_nearness(
    weights: list[dict[str, float]],
    counter: PhraseCounter,
    nearness: Nearness,
    centroids: NDArray[np.float64],
) -> None:
    """Multiply the heaviest phrases' weights by how near they lie to the theme's centroid, and leave the others out."""
    chosen = [sorted(of, key=lambda phrase: (-of[phrase], phrase))[:_CANDIDATES] for of in weights]
    phrases = sorted({phrase for of in chosen for phrase in of})
    if not phrases:
        return
    place = {phrase: row for row, phrase in enumerate(phrases)}
    vectors = np.asarray(nearness([counter.said(phrase) for phrase in phrases]), dtype=np.float64)
    unit = centroids / np.linalg.norm(centroids, axis=1, keepdims=True).clip(1e-12)
    for theme, of in enumerate(weights):
        near = vectors[[place[phrase] for phrase in chosen[theme]]] @ unit[theme] if chosen[theme] else []
        weights[theme] = {
            phrase: of[phrase] * max(float(cosine), 0.0)
            for phrase, cosine in zip(chosen[theme], near, strict=True)
        }
        assert set(weights[theme]) <= set(of)
