"""What the themes are called: the texts of the settled sentences are read once, firm by firm, and their phrases counted.

Words only describe; membership is the vectors'. So a label setting changes no theme.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.abstractions.records import Keywords, Kind
from earnings_themes.config import ThemeSettings
from earnings_themes.embedding.space import load_space
from earnings_themes.labels import PhraseCounter
from earnings_themes.labels import describe as name_themes
from earnings_themes.system.folders import Folder
from earnings_themes.themes.corpus import Corpus, texts_by_firm
from earnings_themes.themes.settle import Settled

# Sentences kept of each theme, from which those shown are chosen.
_KEPT: Final = 40


@dataclass(frozen=True)
class Words:
    """What the themes are called.

    Attributes
    ----------
    labels : one a theme, each once
    keywords : one a theme, (phrase, weight), heaviest first
    texts : the text of each theme's surest sentences, by id
    """

    labels: tuple[str, ...]
    keywords: tuple[Keywords, ...]
    texts: dict[str, str]


def describe(
    corpus: Corpus,
    folder: Folder,
    firm_ids: Sequence[str],
    settled: Settled,
    centroids: NDArray[np.float64],
    kinds: Sequence[Kind],
    settings: ThemeSettings,
    space_file: str | None,
) -> Words:
    """Read the settled sentences and name the themes.

    centroids: (k, d) float64, length 1. kinds: of each theme; one without a subject gets a number and no invented name.
    """
    ids = corpus.table["sentence_id"].take(corpus.modelled).to_pylist()
    theme_of = {
        sentence: theme for sentence, theme in zip(ids, settled.labels.tolist(), strict=True) if theme >= 0
    }
    shown = _surest(ids, settled, len(kinds))
    counter = PhraseCounter()
    names: set[str] = set()
    texts: dict[str, str] = {}
    for firm, spoken, of_firm in texts_by_firm(folder, firm_ids):
        said: dict[int, list[str]] = defaultdict(list)
        for sentence, text in spoken.items():
            if (theme := theme_of.get(sentence)) is not None:
                said[theme].append(text)
            if sentence in shown:
                texts[sentence] = text
        for theme in sorted(said):
            counter.add(theme, firm, said[theme])
        names |= of_firm
    space = load_space(space_file)

    def nearness(phrases: list[str]) -> NDArray[np.float32]:
        return space.phrases(phrases, centroids.shape[1])

    found = name_themes(
        counter, nearness, centroids, settings.max_words, settings.n_keywords, names, n_themes=len(kinds)
    )
    return Words(
        _unique([words.label for words in found], kinds), tuple(words.keywords for words in found), texts
    )


def _surest(ids: Sequence[str], settled: Settled, k: int) -> set[str]:
    order = np.lexsort((np.array(ids, dtype=object).astype(str), -np.round(settled.strength, 5)))
    taken = np.zeros(k, dtype=np.int64)
    found: set[str] = set()
    for row in order.tolist():
        theme = int(settled.labels[row])
        if theme >= 0 and taken[theme] < _KEPT:
            taken[theme] += 1
            found.add(ids[row])
    return found


_PLAIN: Final = {
    "subject": "various",
    "reporting": "results",
    "procedure": "procedure",
    "filler": "general remarks",
}


def _unique(labels: Sequence[str], kinds: Sequence[Kind]) -> tuple[str, ...]:
    """Return each label once; a theme without one is called by its kind, numbered where there are several."""
    found: list[str] = []
    used: set[str] = set()
    for label, kind in zip(labels, kinds, strict=True):
        plain = label or _PLAIN[kind]
        named, number = plain, 1
        while named.casefold() in used:
            number += 1
            named = f"{plain} ({number})"
        used.add(named.casefold())
        found.append(named)
    return tuple(found)
