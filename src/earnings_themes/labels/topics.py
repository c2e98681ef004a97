"""The words of one firm's topics."""

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from typing import Final, NamedTuple

from earnings_themes.abstractions.records import Keywords
from earnings_themes.labels.choose import choose_label, label_candidates, tidy
from earnings_themes.labels.keyness import keyness
from earnings_themes.labels.terms import TermCounts, plain
from earnings_themes.labels.word_roles import fold, word_role
from earnings_themes.text.words import is_stop_word, words_of

# A term that one sentence alone says counts this much of its weight: it fills up a topic that has nothing
# better, and never leads one that has.
_SAID_ONCE: Final = 0.2
_LABEL_WORDS: Final = 3


class TopicWords(NamedTuple):
    """What a topic is called and its keywords, heaviest first."""

    label: str
    keywords: Keywords


def topic_words(
    topics: Sequence[Sequence[str]], model_keywords: Sequence[Keywords], names: Set[str], n: int
) -> list[TopicWords]:
    """Return label and keywords of each of a firm's topics; no two topics have one label.

    topics: each topic's sentences, as said. model_keywords: each topic's (word, weight) from its model,
    heaviest first; they become the keywords, without names, numbers, filler and repetition. names:
    lower-case words that name people, firms or products. The label is made of the sentences, so that it is
    a phrase whatever the model's words are.
    """
    counts = [TermCounts(sentences) for sentences in topics]
    excluded = {fold(name) for name in names}
    weights = keyness([_said_twice(each) for each in counts])
    words = []
    used: set[str] = set()
    for number, (each, weighed, model) in enumerate(zip(counts, weights, model_keywords, strict=True)):
        keywords = _keywords(each, model, weighed, excluded, n)
        label = choose_label(
            label_candidates(weighed, each.counts, excluded, _LABEL_WORDS), used, each.written, _LABEL_WORDS
        )
        if not label:
            # Nothing is said twice: the keywords, or what most of its sentences say, filler that it is.
            label = next((word for word, _ in keywords if word not in used), "")
            label = label or _plainest(topics[number], excluded, used) or f"topic {number + 1}"
        used.add(label)
        words.append(TopicWords(label, keywords))
    return words


def _said_twice(counts: TermCounts) -> dict[str, float]:
    return {term: float(n) for term, n in counts.counts.items() if n > 1}


def _keywords(
    counts: TermCounts, model: Keywords, weighed: dict[str, float], excluded: Set[str], n: int
) -> Keywords:
    weights: dict[str, float] = {}
    for word, weight in model:
        term = " ".join(map(fold, word.lower().split()))
        said = counts.counts.get(term, 0)
        if not said or (said == 1 and " " in term):
            continue
        weights[term] = max(weights.get(term, 0.0), weight if said > 1 else weight * _SAID_ONCE)
    # A model of single words may have given none but words that every firm uses.
    weights = weights or weighed
    return tuple((counts.written(term), weights[term]) for term in tidy(weights, excluded, n))


def _plainest(sentences: Iterable[str], excluded: Set[str], used: Set[str]) -> str:
    said = Counter(
        word
        for sentence in sentences
        for word in {plain(word) for word in words_of(sentence)}
        if len(word) > 2 and not is_stop_word(word) and fold(word) not in excluded
    )
    ordered = sorted(said, key=lambda word: (word_role(word) == "break", -said[word], word))
    return next((word for word in ordered if word not in used), "")
