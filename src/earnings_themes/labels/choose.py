"""Chooses labels and keywords of themes from counted phrases.

A label has up to three phrases: one word, such as "cost", seldom tells what five sentences are about. They are ranked by how
much more the theme says them than other themes do, by how many of its firms do, and by how near they lie to its centroid.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.labels.counter import PhraseCount, PhraseCounter, ThemeCount
from earnings_themes.labels.words import NOT_ALONE, words_and_signs

Nearness = Callable[[list[str]], NDArray[np.floating]]

_PRIOR: Final = 500.0  # words; Monroe, Colaresi and Quinn (2008), equation 15 with an informative prior
_ABSORBED: Final = 0.4  # a phrase takes the place of its part where it makes this share of it
_TIED: Final = 0.6  # "chain" has "supply" before it in this share of cases: no phrase may begin with "chain"
# A label begins and ends with words that begin or end a phrase in this share of their uses.
_FREE: Final = 0.3
# A word that follows "to", "we" or "is" in this share of its uses is a verb or a predicate.
_VERB: Final = 0.3
# Capital in this share of its uses inside sentences: a name, if few of the theme's firms say it.
_NAME: Final = 0.9
_NAME_FIRMS: Final = 0.1
_PLACE: Final = 0.1  # a name that follows "in" in this share of its uses is a place
_LONGER: Final = 1.3  # a phrase tells more than a word that scores the same
# What a label's phrases have at least: the cosine to the centroid, and the share of its best phrase's score. By reading the
# labels of 107 themes of 159 firms (calls of 2019 to 2022) beside their sentences: at .3 they stray, at .5 words go that tell.
_NEAR: Final = 0.4
_OWN: Final = 0.02
_PHRASES: Final = 3
_LEAST: Final = 0.05  # what a keyword scores, as a share of the theme's best
_TRIED: Final = 60  # phrases of a theme that are compared with its centroid


@dataclass(frozen=True)
class ThemeWords:
    """What describes a theme.

    Attributes
    ----------
    phrases : up to three, which make its label; none where no phrase stands out
    keywords : (phrase, weight), by descending weight, at most 1
    carried : how much of its sentences the phrases carry: the sum of share of sentences · cosine to the centroid; 0 where
        none comes near the centroid
    """

    phrases: tuple[str, ...]
    keywords: list[tuple[str, float]]
    carried: float

    @property
    def label(self) -> str:
        """The phrases as one label."""
        return "; ".join(self.phrases)


def choose_labels(
    counts: Sequence[ThemeCount],
    counter: PhraseCounter,
    nearness: Nearness,
    centroids: NDArray[np.floating],
    max_words: int = 3,
    n_keywords: int = 10,
    names: Set[str] = frozenset(),
) -> list[ThemeWords]:
    """Return label and keywords of each theme; no two have the same phrases.

    counts: of n themes; those of the counter, or what several of them say together. nearness: gives the subject vectors (m, dim),
    of length 1, of m phrases. centroids: (n, dim), of any length. names: words of firms' and speakers' names, in any case; one
    written small as often as not is an ordinary word.
    """
    barred, few = _names(counter, names), _NAME_FIRMS if counter.capitals_tell() else 0.0
    ranked = [
        _ranked(counter, count, barred, few, nearness, centroid)
        for count, centroid in zip(counts, centroids, strict=True)
    ]
    chosen = _chosen(ranked, max_words)
    return [
        ThemeWords(
            tuple(phrase.form for phrase in phrases),
            _keywords(best, n_keywords),
            sum(phrase.near * phrase.share for phrase in phrases if phrase.near >= _NEAR),
        )
        for phrases, best in zip(chosen, ranked, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Phrase:
    term: str
    form: str
    score: float
    share: float  # of the theme's sentences
    near: float  # cosine to the theme's centroid


def _ranked(
    counter: PhraseCounter,
    count: ThemeCount,
    names: Set[str],
    few: float,
    nearness: Nearness,
    centroid: NDArray[np.floating],
) -> list[_Phrase]:
    """Return the displayable phrases of a theme, best first.

    few: capitalised words said by a smaller share of the firms are names; 0 where capitals do not mark names.
    """
    least = min(count.firms, 2 if count.firms < 20 else 3)
    said = {p: s for p, s in count.phrases.items() if s.firms >= least}
    at_least = max(3.0, few * count.firms) if few else 0.0
    shown = [
        p
        for p in _whole(said)
        if _can_be_shown(p, said[p].form, counter, names, rare=said[p].firms < at_least)
    ]
    if not shown:
        return []
    keyness = _log_odds(
        np.array([said[p].sentences for p in shown]), counter.everywhere(shown), count.words, counter.words
    )
    firms = np.array([said[p].firms for p in shown]) / count.firms
    score = np.maximum(keyness, 0) * np.sqrt(firms) * [_length(p) for p in shown]
    order = sorted(range(len(shown)), key=lambda i: (-score[i], shown[i]))[:_TRIED]
    direction = centroid / max(float(np.linalg.norm(centroid)), 1e-12)
    cosine = nearness([said[shown[i]].form for i in order]) @ direction
    near = np.ones(len(shown))
    # Rounded, so that another machine's sums rank the phrases alike.
    near[order] = np.round(np.maximum(cosine, 0), 3)
    score = score * near
    order = sorted((i for i in order if score[i] > 0), key=lambda i: (-score[i], shown[i]))
    share = np.array([said[p].sentences for p in shown]) / count.sentences
    return [
        _Phrase(
            shown[i],
            _written(shown[i], said[shown[i]].form, counter),
            float(score[i]),
            float(share[i]),
            float(near[i]),
        )
        for i in order
    ]


def _written(phrase: str, form: str, counter: PhraseCounter) -> str:
    """Return the phrase as shown, without capitals that a word has only in titles ("Free Cash Flow")."""
    words = []
    for term, word in zip(phrase.split(), form.split(), strict=True):
        use = counter.uses.get(term)
        is_title = use is not None and 2 * use.capital < use.inside and word[1:].islower()
        words.append(word.lower() if is_title else word)
    return " ".join(words)


def _log_odds(
    here: NDArray[np.integer], everywhere: NDArray[np.integer], n_here: int, n_everywhere: int
) -> NDArray[np.float64]:
    """Return z-scores (m,) of log-odds of phrases in a theme against all sentences, shrunk towards the latter.

    here, everywhere: (m,) sentences with the phrase. n_here, n_everywhere: words. Monroe, Colaresi and Quinn (2008),
    equations 16, 20, 22: δ = log-odds here − log-odds elsewhere, each with prior a_w = 500 p_w; z = δ / √Var δ.
    """
    prior = _PRIOR * everywhere / max(n_everywhere, 1)
    y, rest = here + prior, np.maximum(everywhere - here, 0) + prior
    n, n_rest = n_here + _PRIOR, n_everywhere - n_here + _PRIOR
    delta = np.log(y / np.maximum(n - y, 1)) - np.log(rest / np.maximum(n_rest - rest, 1))
    return np.asarray(delta / np.sqrt(1 / y + 1 / rest))


def _whole(said: Mapping[str, PhraseCount]) -> list[str]:
    """Return the phrases without fragments of longer ones."""
    absorbed: set[str] = set()
    tied_before: set[str] = set()
    tied_after: set[str] = set()
    for phrase, s in said.items():
        words = phrase.split()
        if len(words) == 1 or s.sentences < 3:
            continue
        absorbed.update(
            part
            for part in _parts(words)
            if (inner := said.get(part))
            and s.firms >= _ABSORBED * inner.firms
            and s.sentences >= _ABSORBED * inner.sentences
        )
        if s.sentences >= _TIED * _n(said, words[-1]):
            tied_before.add(words[-1])
        if s.sentences >= _TIED * _n(said, words[0]):
            tied_after.add(words[0])
    return [
        phrase
        for phrase in said
        if not (phrase in absorbed or phrase.split()[0] in tied_before or phrase.split()[-1] in tied_after)
    ]


def _n(said: Mapping[str, PhraseCount], word: str) -> float:
    return said[word].sentences if word in said else float("inf")


def _parts(words: list[str]) -> Iterable[str]:
    for size in range(1, len(words)):
        for start in range(len(words) - size + 1):
            yield " ".join(words[start : start + size])


def _can_be_shown(phrase: str, form: str, counter: PhraseCounter, names: Set[str], rare: bool) -> bool:
    words = phrase.split()
    uses = [counter.uses[w] for w in words if w in counter.uses]
    if phrase in NOT_ALONE or not uses or not names.isdisjoint(words):
        return False
    first, last = uses[0], uses[-1]
    # A verb or predicate; "to" before a capital, as in "to China", makes none.
    is_verb = last.verb > _VERB * last.n and 2 * last.capital <= last.inside
    if is_verb or first.begins < _FREE * first.n:
        return False
    # An abbreviation before another word is no adjective: "5G networks", "ESG goals".
    if last.ends < _FREE * last.n and not form.split()[-1].isupper():
        return False
    return not (rare and any(u.inside and u.capital > _NAME * u.inside for u in uses))


def _length(phrase: str) -> float:
    words = phrase.split()
    return _LONGER if len(words) > 1 and any(w not in NOT_ALONE for w in words) else 1.0


def _names(counter: PhraseCounter, names: Set[str]) -> set[str]:
    """Return the terms that are names, except ordinary words and places."""
    telling = counter.capitals_tell()
    barred = set()
    for name in names:
        for word in words_and_signs(name.lower()):
            use = counter.uses.get(word.term)
            if use is None or (telling and 2 * use.capital < use.inside) or use.place > _PLACE * use.n:
                continue
            barred.add(word.term)
    return barred


def _alike(term: str, other: str) -> bool:
    """Return whether all words of one phrase, or their stems, are in the other."""
    fewer, more = sorted((term.split(), other.split()), key=len)
    return all(any(_same_stem(a, b) for b in more) for a in fewer)


def _same_stem(word: str, other: str) -> bool:
    """Return whether two words differ only in their endings: price and pricing, sustainable and sustainability."""
    shorter, longer = sorted((word.replace("-", ""), other.replace("-", "")), key=len)
    return shorter == longer or (longer.startswith(shorter[: max(4, len(shorter) - 2)]) and len(shorter) >= 4)


def _keywords(best: Sequence[_Phrase], n: int) -> list[tuple[str, float]]:
    """Return the best n phrases that do not repeat a better one's words, and their weights."""
    unlike: list[_Phrase] = []
    for phrase in best:
        if not any(_alike(phrase.term, other.term) for other in unlike):
            unlike.append(phrase)
    weighed = [(phrase.form, round(phrase.score / best[0].score, 4)) for phrase in unlike[:n]]
    return [(form, weight) for form, weight in weighed if weight >= _LEAST]


def _chosen(ranked: Sequence[Sequence[_Phrase]], max_words: int) -> list[tuple[_Phrase, ...]]:
    """Return the phrases of each theme's label: its best, unless another theme has the same.

    The theme with the clearest best phrase chooses first; none are left to one whose every choice is taken.
    """
    chosen: list[tuple[_Phrase, ...]] = [()] * len(ranked)
    used: set[frozenset[str]] = set()
    order = sorted((t for t, best in enumerate(ranked) if best), key=lambda t: (-ranked[t][0].score, t))
    for theme in order:
        for choice in _choices([p for p in ranked[theme] if len(p.term.split()) <= max_words]):
            terms = frozenset(p.term for p in choice)
            if terms not in used:
                used.add(terms)
                chosen[theme] = choice
                break
    return chosen


def _choices(best: Sequence[_Phrase]) -> Iterator[tuple[_Phrase, ...]]:
    """Yield the phrases of possible labels of a theme, best first.

    A phrase that repeats a better one's words counts only if it says more of it ("labor cost" after "cost").
    """
    found: list[_Phrase] = []
    for phrase in [p for p in best if p.near >= _NEAR and p.score >= _OWN * best[0].score] or best[:_PHRASES]:
        alike = [other.term.split() for other in found if _alike(phrase.term, other.term)]
        if not alike or (len(alike) == 1 and len(phrase.term.split()) > len(alike[0])):
            found.append(phrase)
    for last in range(_PHRASES - 1, max(len(found), _PHRASES)):
        yield (*found[: _PHRASES - 1], *found[last : last + 1])
    for other in found[1:]:
        yield found[0], other
    yield from ((phrase,) for phrase in found)
