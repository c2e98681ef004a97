"""Chooses what is shown of weighed terms: keywords without repetition, and a label that is a noun phrase."""

from collections.abc import Callable, Collection, Mapping, Set
from typing import Final

from earnings_themes.labels.word_roles import word_role

# A word is said by its phrase when the phrase weighs at least this share of it: "supply" is left out
# beside "supply chain".
_ABSORBED_AT: Final = 0.5
# Two words of this length are forms of one stem when they differ in their last letters only: "china" and
# "chinese", "regulator" and "regulation", but not "plan" and "plant" or "port" and "portfolio".
_LONG: Final = 5
_ENDING: Final = 3
# What a person would rather read: a phrase before a word, a telling phrase before one of general words, and
# what much of the cluster says before what is rare in it. Chosen by reading the 50 first themes of 56 real calls
# under each value: without the last, "5g auction" (2 of 21 firms) names a theme about software.
_BY_LENGTH: Final = {1: 1.0, 2: 1.6, 3: 1.7}
_GENERAL: Final = 0.5
_BY_SUPPORT: Final = 0.75
_PARTICIPLE_FIRST: Final = 0.6
# The second half of a label of two parts weighs at least this share of the first.
_SECOND_FROM: Final = 0.35
_SECONDS: Final = 8


def tidy(weights: Mapping[str, float], names: Set[str], n: int) -> list[str]:
    """Return up to n of the weighed terms, heaviest first, without names and repetition."""
    ordered = sorted(weights, key=lambda term: (-weights[term], term))
    ordered = [term for term in ordered if names.isdisjoint(term.split())]
    phrases = [(set(term.split()), weights[term]) for term in ordered if " " in term]
    tidy: list[str] = []
    for term in ordered:
        parts = set(term.split())
        if len(parts) == 1 and any(
            parts < phrase and weight >= _ABSORBED_AT * weights[term] for phrase, weight in phrases
        ):
            continue
        if any(alike(term, kept) for kept in tidy):
            continue
        tidy.append(term)
        if len(tidy) == n:
            break
    return tidy


def alike(term: str, other: str) -> bool:
    """Return whether a reader gains nothing from the second term: one says all the words of the other.

    Words with one stem count as one: "regulator" and "regulatory", "brazil" and "brazilian".
    """
    words, others = term.split(), other.split()
    fewer, more = (words, others) if len(words) <= len(others) else (others, words)
    return all(any(_same_stem(word, another) for another in more) for word in fewer)


def _same_stem(word: str, other: str) -> bool:
    if word == other:
        return True
    shorter, longer = sorted((len(word), len(other)))
    shared = next((i for i, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), shorter)
    return shorter >= _LONG and shared >= longer - _ENDING


def label_candidates(
    weights: Mapping[str, float], said: Mapping[str, float], names: Set[str], max_words: int
) -> list[tuple[str, float]]:
    """Return the terms that can be a label, best first, with their scores.

    said: in how many sentences, or by how many firms, each term is said: a label has to be true of much of
    what it names, however characteristic a rarer term is.
    """
    scored = []
    for term, weight in weights.items():
        parts = term.split()
        if len(parts) > max_words or not names.isdisjoint(parts):
            continue
        roles = [word_role(part) for part in parts]
        if roles[-1] in ("modifier", "adjective"):
            continue
        score = weight * _BY_LENGTH[len(parts)] * said[term] ** _BY_SUPPORT
        if all(role == "generic" for role in roles):
            score *= _GENERAL
        if parts[0].endswith("ed"):
            score *= _PARTICIPLE_FIRST
        scored.append((term, score))
    return sorted(scored, key=lambda pair: (-pair[1], pair[0]))


def choose_label(
    candidates: list[tuple[str, float]],
    used: Collection[str],
    written: Callable[[str], str],
    max_words: int,
) -> str:
    """Return the best label that is not used: a phrase, or two words that belong side by side.

    candidates: from `label_candidates`. written: how a term is written for people. Returns "" when no
    candidate is left.
    """
    for place, (term, score) in enumerate(candidates):
        label = written(term)
        if " " not in term:
            second = next(
                (
                    other
                    for other, weight in candidates[place + 1 : place + 1 + _SECONDS]
                    if weight >= _SECOND_FROM * score
                    and 1 + len(other.split()) <= max_words
                    and not alike(term, other)
                ),
                "",
            )
            if second and f"{label} and {written(second)}" not in used:
                return f"{label} and {written(second)}"
        if label not in used:
            return label
    return ""
