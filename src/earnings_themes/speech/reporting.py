"""Scores how far a sentence speaks the language of financial reporting rather than of a subject matter.

"Revenue was up 12% year over year" is said by every firm and makes the same theme every quarter; it
is worth keeping, and worth telling apart from what the firms talk about.
"""

from __future__ import annotations

import re

from earnings_themes.text.words import is_stop_word, words_of

REPORTING_WORDS: frozenset[str] = frozenset(
    """
    acceleration accounting accounts accretive accrual adjusted adjusting adjustment adjustments
    amortization annual annualized anticipate approximately arpu assumption assumptions attributable aum
    average balance basis billion billions bond bonds bookings bottom-line bps bridge buy-back buyback
    buybacks capex capital-intensity cash cash-flow comparable compared comparison comps consensus
    consolidated consolidation constant-currency contributed contribution converted cost costs coupon
    covenant covenants crore crores currency debt deceleration decline declined decrease decreased deferred
    deleverage deposits depreciation diluted distribution distributions dividend dividends dollar dollars
    double-digit earnings ebit ebitda ebitdar ended eps equity euro euros exceed exceeded exchange exclude
    excluding expect expectation expectations expected expenditure expenditures expense expenses fee fees
    figure finance financial financials financing fiscal flat flow forecast foreign-exchange fourth-quarter
    full-year fx fy fy21 fy22 fy23 fy24 fy25 fy26 gaap gain gains grew gross grow growing grown growth
    guidance guide guided guiding h1 h2 half headwind headwinds high-single higher impact impairment
    impairments improve improved improvement income increase increased increases increasing intensity
    interest inventories invested lakh lakhs lease leases leverage like-for-like liquidity loans loss losses
    low-single lower lower-end ltm margin margins mid-single mid-teens midpoint midyear million millions
    minority month months nav net nii nim nims non-cash non-gaap non-recurring normalized notes npl npls ntm
    offset one-off one-offs one-time operating opex organic organically outlook overhead partially partly
    payable payables payments payout pence pension per-share percent percentage performance period point
    points pre-tax preliminary pretax prior prior-year pro-forma profit profit-before-tax profitability
    profits provision provisions q1 q2 q3 q4 quarter quarterly quarters range ratio reaffirm reaffirming
    receivable receivables reconciliation reconciliations record reduced reduction refinancing reflecting
    reiterate reiterating reported reporting represented representing repurchase repurchased repurchases
    reserve reserves restructuring resulting results revenue revenues roa roe roic rose rotce rupees sale
    sales same-store seasonality seasonally second-quarter segment sequential sequentially sg&a share
    shareholder shareholders shares single-digit softer statement tax tax-rate taxes teens third-quarter
    total totaled totaling totalled trailing ttm turnover unaudited unchanged units valuation versus volume
    volumes weighted working-capital write-down write-off write-offs writeoff year year-ago year-on-year
    year-over-year year-to-date years yield yoy ytd
    """.split()
)
_FIGURE = re.compile(
    r"[$€£¥₹]\s?\d[\d,.]*|(?<!\d)\d[\d,.]*+\s?%|\b\d[\d,.]*\s(?:percent|basis|million|billion|crores?)\b|\bQ[1-4]\b|\bH[12]\b"
)
# Best agreement with the dev half of docs/labels (F .74) and near the best with the sample's truth (F .80).
REPORTING_THRESHOLD = 0.3


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
