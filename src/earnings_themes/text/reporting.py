"""Scores how far a sentence speaks the language of financial reporting rather than of a subject matter.

"Revenue was up 12% year over year" is said by every firm and makes the same theme every quarter; it
is worth keeping, and worth telling apart from what the firms talk about.
"""

from __future__ import annotations

import re

from earnings_themes.text.words import is_stop_word, words_of

REPORTING_WORDS: frozenset[str] = frozenset(
    """
    accounting accretive accrual adjusted adjusting adjustment adjustments amortization annual annualized anticipate
    approximately average balance basis billion billions bottom-line bps buyback buybacks capex cash cash-flow cost
    costs consensus consolidated constant-currency comparable compared comparison contributed contribution converted
    covenant currency debt decline declined decrease decreased deferred delivered depreciation diluted dividend
    dividends dollar dollars double-digit down driven ebit ebitda ebitdar earnings eps equity euro euros exceed
    exceeded exchange exclude excluding expect expectation expectations expected expenditure expenditures expense
    expenses figure figures finance financial financials fiscal flat flow fourth-quarter foreign-exchange forecast
    full-year fx gaap gain gains gross grew grow growing grown growth guidance guide guided half headwind headwinds
    high-single higher impact impairment improve improved improvement income increase increased increases increasing
    interest invested leverage liquidity loss losses low-single lower lower-end margin margins mid-single mid-teens
    midpoint million millions month months net non-cash non-gaap non-recurring normalized offset operating opex
    organic organically outlook overhead partially partly payout pence per-share percent percentage performance period
    point points prior prior-year pro-forma profit profitability profits quarter quarterly quarters range ratio record
    reduced reduction refinancing reflecting repurchase repurchased repurchases reported reporting represented
    representing resulting results revenue revenues rose sale sales second-quarter segment sequential sequentially
    sg&a share shares shareholder shareholders single-digit statement strong target targets tax taxes tax-rate teens
    third-quarter total totaled totalled trailing turnover versus volume volumes working-capital write-down
    write-off year year-ago year-on-year year-over-year year-to-date years yield yoy ytd crore crores lakh lakhs rupees
    """.split()
)
_FIGURE = re.compile(
    r"[$€£¥₹]\s?\d[\d,.]*|\d[\d,.]*\s?%|\b\d[\d,.]*\s(?:percent|basis|million|billion|crores?)\b|\bQ[1-4]\b|\bH[12]\b"
)
REPORTING_THRESHOLD = 0.5


def reporting_score(sentence: str) -> float:
    """Share of a sentence's words of content, and its figures, that belong to reporting: 0 to 1.

    A sentence without words of content scores 0.
    """
    figures = len(_FIGURE.findall(sentence))
    content = [word for word in words_of(sentence) if len(word) > 1 and not is_stop_word(word)]
    if not content:
        return 0.0
    hits = sum(word in REPORTING_WORDS for word in content)
    return (hits + figures) / (len(content) + figures)


def is_reporting(sentence: str) -> bool:
    """Whether `reporting_score` reaches `REPORTING_THRESHOLD`."""
    return reporting_score(sentence) >= REPORTING_THRESHOLD
