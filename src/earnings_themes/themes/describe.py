"""What the themes are called: the texts of the settled sentences are read once, firm by firm, and their phrases counted.

Words only describe; membership is the vectors'. So a label setting changes no theme.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.abstractions.records import Keywords, Kind
from earnings_themes.config import ThemeSettings
from earnings_themes.embedding.space import load_space
from earnings_themes.labels import PhraseCounter, ThemeCount, ThemeWords, choose_labels
from earnings_themes.system.folders import Folder
from earnings_themes.themes.corpus import Corpus, members, representatives, surest, texts_by_firm
from earnings_themes.themes.registered import Placed

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
    labels : one per theme, each once
    keywords : one per theme, (phrase, weight), heaviest first
    broad : label and keywords of each broad theme, by its number; one of a single theme is called what that theme is
    shown : the rows of each theme's representative sentences among the modelled ones
    texts : their texts, by id
    """

    labels: tuple[str, ...]
    keywords: tuple[Keywords, ...]
    broad: dict[int, tuple[str, Keywords]]
    shown: list[NDArray[np.int64]]
    texts: dict[str, str]


def describe(
    corpus: Corpus,
    firms: NDArray[np.int64],
    folder: Folder,
    firm_ids: Sequence[str],
    placed: Placed,
    kinds: Sequence[Kind],
    settings: ThemeSettings,
    space_file: str | None,
) -> Words:
    """Read the settled sentences and name the themes; those of a registry keep their labels.

    firms: (m,) the firm of each modelled sentence, as its place in firm_ids. kinds: of each theme.
    """
    settled = placed.settled
    labels = settled.labels
    shown = [representatives(corpus, rows, settled.strength, firms) for rows in members(labels, len(kinds))]
    wanted = {name for rows in shown for name in corpus.ids(rows)}
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
        texts |= {sentence: spoken[sentence] for sentence in spoken.keys() & wanted}
        said[firm] = of_themes
        names |= of_firm
    # By id, so that the order in which a run lists its firms changes nothing.
    for firm in sorted(said):
        for theme in sorted(said[firm]):
            counter.add(theme, firm, said[firm][theme])
    centroids = placed.places.unit
    nearness = partial(load_space(space_file).phrases, dim=centroids.shape[1])
    words = partial(
        choose_labels, counter=counter, nearness=nearness,
        max_words=settings.labels.max_words, n_keywords=settings.labels.n_keywords, names=names,
    )  # fmt: skip
    counts = [counter.themes.get(theme, ThemeCount()) for theme in range(len(kinds))]
    fine = words(counts, centroids=centroids)
    loose = (placed.places.tightness < _LOOSE).tolist()
    own = [_label(*of) for of in zip(fine, kinds, loose, strict=True)]
    given = [theme.label if theme else None for theme in placed.known]
    named = _unique(own, given, placed.taken)
    # A broad theme is where the sentences of its themes are, not where its many small themes are.
    weighed = centroids * np.bincount(labels[labels >= 0], minlength=len(kinds))[:, None]
    parts = {int(number): np.flatnonzero(placed.broad == number) for number in np.unique(placed.broad)}
    wide = words(
        [ThemeCount.together(counts[theme] for theme in part) for part in parts.values()],
        centroids=np.array([weighed[part].sum(axis=0) for part in parts.values()]),
    )
    broad = {
        number: (_broad_label(part, of, named, kinds), tuple(of.keywords))
        for (number, part), of in zip(parts.items(), wide, strict=True)
    }
    return Words(named, tuple(tuple(of.keywords) for of in fine), broad, shown, texts)


def _counted(labels: NDArray[np.int64], firms: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return (m,) which sentences' phrases are counted: those of up to _FIRMS firms a theme, chosen evenly over their ids."""
    n_firms = int(firms.max(initial=0)) + 1
    keys = np.where(labels >= 0, labels * n_firms + firms, -1)
    pairs = np.unique(keys[keys >= 0])
    theme, first, size = np.unique(pairs // n_firms, return_index=True, return_counts=True)
    chosen = [
        pairs[start + (np.arange(min(n, _FIRMS)) * n) // min(n, _FIRMS)]
        for start, n in zip(first.tolist(), size.tolist(), strict=True)
    ]
    return np.isin(keys, np.concatenate(chosen)) if len(theme) else np.zeros(len(keys), dtype=bool)


# A theme is a mixture if its phrases carry less of its sentences (labels/choose.py) and it is looser. By reading 107 themes of
# 159 firms (calls of 2019 to 2022): nine of the ten below both have no common subject.
_CARRIED: Final = 0.12
_LOOSE: Final = 0.64
# What a theme without a subject of its own is called, before the phrases that tell it from others of its kind.
_PLAIN: Final = {
    "subject": "mixed",
    "reporting": "mixed results",
    "procedure": "procedure",
    "filler": "general remarks",
}


def _label(words: ThemeWords, kind: Kind, loose: bool) -> str:
    if kind in ("subject", "reporting"):
        if words.phrases and not (loose and words.carried < _CARRIED):
            return words.label
        said = words.phrases
    else:
        # Where no phrase lies near the centroid, the phrases were said beside this manner of speech.
        said = words.phrases if words.carried else ()
    return f"{_PLAIN[kind]}: {', '.join(said)}" if said else _PLAIN[kind]


def _broad_label(
    part: NDArray[np.int64], words: ThemeWords, named: Sequence[str], kinds: Sequence[Kind]
) -> str:
    """Return what a broad theme is called: as its theme, if it has one; by its kind, if no theme has a subject."""
    first = int(part[0])
    if len(part) == 1:
        return named[first]
    return words.label if words.phrases and kinds[first] in ("subject", "reporting") else _PLAIN[kinds[first]]


def _unique(labels: Sequence[str], given: Sequence[str | None], taken: frozenset[str]) -> tuple[str, ...]:
    """Return each label once, numbered where there is no other way. given: the label that a theme has already, or None."""
    found: list[str] = []
    used = {label.casefold() for label in taken}
    for label, known in zip(labels, given, strict=True):
        named, number = label, 1
        while known is None and named.casefold() in used:
            number += 1
            named = f"{label} ({number})"
        used.add(named.casefold())
        found.append(known or named)
    return tuple(found)
