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
from earnings_themes.themes.corpus import Corpus, members, surest, texts_by_firm
from earnings_themes.themes.settle import Settled

# Sentences kept of each theme, from which those shown are chosen.
_KEPT: Final = 40
# Sentences of one firm on one theme whose phrases are counted, the surest: a talkative firm names no theme, and the texts
# of 10,000 firms stay in memory.
_OF_A_FIRM: Final = 5
# Firms of a theme whose phrases are counted. A phrase that a tenth of 500 firms say is said by 8 to 13 % of any number of
# firms (binomial, 95 %), and the work ends growing.
_FIRMS: Final = 500


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
    firms: NDArray[np.int64],
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

    firms: (m,) the firm of each modelled sentence, as its place in firm_ids. centroids: (k, d) float64, length 1. kinds: of
    each theme; one without a subject gets a number and no invented name.
    given: (k,) the label of a theme that has one already, None elsewhere. taken: labels that no other theme may have.
    """
    labels = settled.labels
    shown: set[str] = set()
    for rows in members(labels, len(kinds)):
        shown |= set(
            corpus.ids(np.array(surest(corpus, rows, settled.strength, _KEPT)[:_KEPT], dtype=np.int64))
        )
    counted = members(np.where(_counted(labels, firms), firms, -1), len(firm_ids))
    number = {firm: place for place, firm in enumerate(firm_ids)}
    counter = PhraseCounter()
    names: set[str] = set()
    texts: dict[str, str] = {}
    said: dict[str, dict[int, list[str]]] = {}
    for firm, spoken, of_firm in texts_by_firm(folder, firm_ids):
        of_themes: dict[int, list[str]] = defaultdict(list)
        rows = np.array(surest(corpus, counted[number[firm]], settled.strength, len(firms)), dtype=np.int64)
        for sentence, theme in zip(corpus.ids(rows), labels[rows].tolist(), strict=True):
            if len(of_themes[theme]) < _OF_A_FIRM:
                of_themes[theme].append(spoken[sentence])
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


def _counted(labels: NDArray[np.int64], firms: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return (m,) which sentences' phrases are counted: those of up to so many firms a theme, evenly by their ids."""
    n_firms = int(firms.max(initial=0)) + 1
    keys = np.where(labels >= 0, labels * n_firms + firms, -1)
    pairs = np.unique(keys[keys >= 0])
    theme, first, size = np.unique(pairs // n_firms, return_index=True, return_counts=True)
    chosen = [
        pairs[start + (np.arange(min(n, _FIRMS)) * n) // min(n, _FIRMS)]
        for start, n in zip(first.tolist(), size.tolist(), strict=True)
    ]
    return np.isin(keys, np.concatenate(chosen)) if len(theme) else np.zeros(len(keys), dtype=bool)


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
