"""What kind of speech a topic or theme is: subject matter, financial reporting, procedure or filler.

Real calls are full of speech that every firm has in common and that is no theme: thanks, hedging, plain
results language. A topic of which most sentences are procedure is procedure. Among the others, four traits
of its sentences decide, by a multinomial logistic regression that was fitted once and is written out
below. Nothing is deleted: the kind decides the rank, not the membership.

How the coefficients were found, and how far they agree with labels given by hand: kinds_evaluation.py.
"""

import re
from collections.abc import Sequence, Set
from math import exp, log1p
from typing import Final, NamedTuple

from earnings_themes.abstractions.records import Kind
from earnings_themes.labels import sentence_terms
from earnings_themes.speech.reporting import REPORTING_THRESHOLD, REPORTING_WORDS, reporting_score
from earnings_themes.text.words import words_of

# Words of accounts and of comparing periods. `reporting_score` also counts words that belong to subjects as
# well ("costs", "growth", "share"); a sentence with two of these is about the figures.
_ACCOUNTS: Final = frozenset(
    """
    accounting adjusted amortization arpu attributable balance-sheet basis billion bps capex cash cash-flow cashflow
    comp comparable comparables comps compared consensus covenant crores debt decrease decreased deleverage
    depreciation dividend earnings ebit ebitda ebitdar ebt eps expenditure expenditures expense expenses figure
    figures financial financials first-quarter fiscal forecast forecasts fourth-quarter full-year gaap gross guidance
    guide guided h1 h2 half-year income interim leverage liquidity margin margins midpoint million nav net nii nim
    non-gaap normalized number numbers offset operating opex outlook payout percent performance points pre-tax
    prior-year proceeds profit profitability profits provision provisions q1 q2 q3 q4 quarter quarterly quarters ratio
    reported result results revenue revenues roa roce roe roic sales second-quarter sequential sequentially sg&a
    target targets tax taxes third-quarter turnover versus working-capital year year-on-year year-over-year
    year-to-date yoy ytd
    """.split()
)
_FIGURE: Final = re.compile(r"\d[\d.,]*")


class Traits(NamedTuple):
    """What the kind of a topic or theme is seen by; each is a mean over its sentences.

    telling: words that name a subject (a noun that is no business word of all firms, no word of reporting
    and no name). empty: share of the sentences that hold none, and are no reporting either. reporting: mean
    of `text.reporting_score`. accounts: share of the sentences with at least two figures or words of accounts.
    """

    telling: float
    empty: float
    reporting: float
    accounts: float


NO_TRAITS: Final = Traits(0.0, 0.0, 0.0, 0.0)

# The vote of all sentences of a theme beside that of its topics. The topics alone agree with 43 of the 50
# labelled themes, weights 1 and 2 with 44, 3 with 45, 5 and more, where the topics' kinds hardly count, with 46.
_POOLED: Final = 3.0

# Multinomial logistic regression (scikit-learn 1.9, C = 10) of the dev half of docs/labels/kinds_real.csv and,
# at a tenth of the weight, of the topics of the sample: intercept, then the
# traits in their order, `telling` as log(1 + x).
_COEFFICIENTS: Final[dict[Kind, tuple[float, float, float, float, float]]] = {
    "filler": (-0.80, -1.21, 3.21, -1.72, -1.62),
    "reporting": (-0.70, -1.01, -0.75, 4.23, 3.43),
    "subject": (1.50, 2.22, -2.46, -2.51, -1.81),
}


def traits(sentences: Sequence[str], names: Set[str] = frozenset()) -> Traits:
    """Return the traits of some sentences, as said.

    names: lower-case words that name people, firms or products (`labels.NameFinder`).
    """
    n = max(1, len(sentences))
    telling = [_n_telling(sentence, names) for sentence in sentences]
    scores = [reporting_score(sentence) for sentence in sentences]
    return Traits(
        telling=sum(telling) / n,
        empty=sum(not words and s < REPORTING_THRESHOLD for words, s in zip(telling, scores, strict=True))
        / n,
        reporting=sum(scores) / n,
        accounts=sum(_n_accounts(sentence) > 1 for sentence in sentences) / n,
    )


def _n_telling(sentence: str, names: Set[str]) -> int:
    return sum(
        " " not in term
        and term not in names
        and written not in REPORTING_WORDS
        and term not in REPORTING_WORDS
        for term, written in sentence_terms(sentence).items()
    )


def _n_accounts(sentence: str) -> int:
    return sum(word in _ACCOUNTS for word in words_of(sentence)) + len(_FIGURE.findall(sentence))


def likelihoods(seen: Traits) -> dict[Kind, float]:
    """Return how likely each kind but procedure is, the sum being 1."""
    measured = (log1p(seen.telling), seen.empty, seen.reporting, seen.accounts)
    scores = {
        kind: exp(intercept + sum(c * trait for c, trait in zip(coefficients, measured, strict=True)))
        for kind, (intercept, *coefficients) in _COEFFICIENTS.items()
    }
    total = sum(scores.values())
    return {kind: score / total for kind, score in scores.items()}


def topic_kind(sentences: Sequence[str], procedural: Sequence[bool], names: Set[str] = frozenset()) -> Kind:
    """Return the kind of a topic.

    sentences: as said. procedural: which of them `text.flag_procedural` has flagged. names: as for `traits`.
    """
    if 2 * sum(procedural) > len(sentences):
        return "procedure"
    likely = likelihoods(traits(sentences, names))
    return max(sorted(likely), key=lambda kind: likely[kind])


def theme_kind(topics: Sequence[tuple[Kind, Traits, int]], has_words: bool = True) -> Kind:
    """Return the kind of a theme from its topics' kinds, traits and sizes.

    has_words: whether its firms share a term that can name it; what has no name is no subject matter.

    Topics of one kind leave nothing to decide. Else there are two votes: the kinds of the topics, by their
    sentences, and the likelihoods of the traits of all sentences together. The second counts more, because
    a topic is often a close call and all of them together seldom are.
    """
    size = sum(n for _, _, n in topics)
    if has_words and len({kind for kind, _, _ in topics}) == 1:
        return topics[0][0]
    if 2 * sum(n for kind, _, n in topics if kind == "procedure") > size:
        return "procedure"
    means = zip(*([trait * n / size for trait in seen] for _, seen, n in topics), strict=True)
    votes = {kind: _POOLED * likely for kind, likely in likelihoods(Traits(*map(sum, means))).items()}
    for kind, _, n in topics:
        votes[kind] = votes.get(kind, 0.0) + n / size
    if not has_words:
        del votes["subject"]
    return max(sorted(votes), key=lambda kind: votes[kind])
