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
# Sentences of one firm on one theme whose phrases are counted, the surest: a talkative firm names no theme, and the texts
# of 10,000 firms stay in memory.
_OF_A_FIRM: Final = 5


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
    given: Sequence[str | None],
    taken: frozenset[str],
) -> Words:
    """Read the settled sentences and name the themes.

    centroids: (k, d) float64, length 1. kinds: of each theme; one without a subject gets a number and no invented name.
    given: (k,) the label of a theme that has one already, None elsewhere. taken: labels that no other theme may have.
    """
    ids = corpus.table["sentence_id"].take(corpus.modelled).to_pylist()
    theme_of = {
        sentence: theme for sentence, theme in zip(ids, settled.labels.tolist(), strict=True) if theme >= 0
    }
    shown = _surest(ids, settled, len(kinds))
    counter = PhraseCounter()
    names: set[str] = set()
    texts: dict[str, str] = {}
    strength = dict(zip(ids, settled.strength.tolist(), strict=True))
    said: dict[str, dict[int, list[str]]] = {}
    for firm, spoken, of_firm in texts_by_firm(folder, firm_ids):
        of_themes: dict[int, list[str]] = defaultdict(list)
        for sentence in sorted(
            spoken.keys() & theme_of.keys(), key=lambda name: (-round(strength[name], 5), name)
        ):
            of_theme = of_themes[theme_of[sentence]]
            if len(of_theme) < _OF_A_FIRM:
                of_theme.append(spoken[sentence])
        texts |= {sentence: spoken[sentence] for sentence in spoken.keys() & shown}
        said[firm] = of_themes
        names |= of_firm
    # By id, so that the order in which a run lists its firms changes nothing.
    for firm in sorted(said):
        for theme in sorted(said[firm]):
            counter.add(theme, firm, said[firm][theme])
    space = load_space(space_file)

    def nearness(phrases: list[str]) -> NDArray[np.float32]:
        return space.phrases(phrases, centroids.shape[1])

    found = name_themes(
        counter, nearness, centroids, settings.max_words, settings.n_keywords, names, n_themes=len(kinds)
    )
    return Words(
        _unique([words.label for words in found], kinds, given, taken),
        tuple(tuple(words.keywords) for words in found),
        texts,
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


def _unique(
    labels: Sequence[str], kinds: Sequence[Kind], given: Sequence[str | None], taken: frozenset[str]
) -> tuple[str, ...]:
    """Return each label once; a theme without one is called by its kind, numbered where there are several."""
    found: list[str] = []
    used = {label.casefold() for label in taken}
    for label, kind, known in zip(labels, kinds, given, strict=True):
        if known is not None:
            found.append(known)
            continue
        plain = label or _PLAIN[kind]
        named, number = plain, 1
        while named.casefold() in used:
            number += 1
            named = f"{plain} ({number})"
        used.add(named.casefold())
        found.append(named)
    return tuple(found)
