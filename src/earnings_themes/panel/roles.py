"""Who speaks, and in which part of a call, as far as the source's words for it say so."""

import re
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int8]
Places = NDArray[np.int64]
UNKNOWN: Final = -1
# Sections.
PRESENTATION, QA = 0, 1
# Roles. OTHER is known, and neither of the two: the operator, shareholders.
MANAGEMENT, ANALYSTS, OTHER = 0, 1, 2
ROLE_NAMES: Final = ("management", "analysts", "other")

_QA = re.compile(r"question|answer|q ?& ?a\b|\bqa\b|q and a", re.IGNORECASE)
_PRESENTATION = re.compile(r"present|prepared|remarks|management discussion", re.IGNORECASE)
_CEO = re.compile(r"\bC\.?E\.?O\b|chief executive", re.IGNORECASE)
_CFO = re.compile(r"\bC\.?F\.?O\b|chief financ|finance chief|finance director", re.IGNORECASE)
# A deputy is not the chief.
_NOT_CHIEF = re.compile(
    r"\b(?:former|deputy|vice|assistant|incoming) (?:chief|C\.?[EF]\.?O\b)", re.IGNORECASE
)
# Titles of one word in capitals: "Cao" and "Cho" are names.
_MANAGEMENT = re.compile(
    r"executive|management|corporate participant|company|\bchief\b|president|director|chair|treasurer|investor relations"
    r"|analyst relations|founder|general counsel|controller|\bdirecteur|\bdirectrice|vorst[aä]nd|geschäftsführ|\bconsejer[oa]"
    r"|\bdirectora?\b|amministratore|\bC[EF]O\b|(?-i:\b(?:C[OTIRMSP]O|[ESA]?VP|IR|PDG)\b)",
    re.IGNORECASE,
)
_ANALYSTS = re.compile(
    r"analyst(?! relations)|analista|equity research|research division|(?:head|director) of research|(?:sell|buy).?side",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"op[eé]rat|moderator|attendee|shareholder|participant|audience|media|journalist", re.IGNORECASE
)
# Between a name and a title: "Dana Doyle -- Orrin Bank -- Analyst".
_BEFORE_TITLE = re.compile(r" (?:--?|[–—|]) |[(:/]")


def section_of(text: str) -> int:
    """Return PRESENTATION, QA or UNKNOWN; "Presentation Operator Message" is the presentation."""
    if _QA.search(text):
        return QA
    return PRESENTATION if _PRESENTATION.search(text) else UNKNOWN


def role_of(text: str) -> int:
    """Return MANAGEMENT, ANALYSTS, OTHER or UNKNOWN for a speaker type."""
    if _ANALYSTS.search(text):
        return ANALYSTS
    if _MANAGEMENT.search(text):
        return MANAGEMENT
    return OTHER if _OTHER.search(text) else UNKNOWN


def role_of_name(text: str) -> int:
    """Return the role that a name with a title behind it says ("Jane Roe, CFO"); UNKNOWN for a name alone.

    A name is asked for its title only: "Jane Director" is no director.
    """
    _, separator, title = _BEFORE_TITLE.sub(", ", text).partition(",")
    return role_of(title) if separator else UNKNOWN


def is_ceo(text: str) -> bool:
    """Whether a title says chief executive."""
    return bool(_CEO.search(text)) and not _NOT_CHIEF.search(text)


def is_cfo(text: str) -> bool:
    """Whether a title says finance chief."""
    return bool(_CFO.search(text)) and not _NOT_CHIEF.search(text)


def by_text(judge: Callable[[str], int], texts: Sequence[str], text_of: Places) -> Codes:
    """Return the judgement of each sentence's text. text_of: its place among the different texts."""
    return np.array([judge(text) for text in texts], dtype=np.int8)[text_of]


def roles(
    types: Sequence[str], type_of: Places, names: Sequence[str], name_of: Places
) -> tuple[Codes, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return each sentence's role, and whether the chief executive, or the finance chief, says it.

    types, names: the different speaker types and names. type_of, name_of: each sentence's place in them.
    """
    by_type, by_name = by_text(role_of, types, type_of), by_text(role_of_name, names, name_of)
    role = np.where(by_type == UNKNOWN, by_name, by_type)
    # An analyst whose name is followed by a title that says so ("covering CEO pay") is still one.
    firm = role == MANAGEMENT

    def titled(says: Callable[[str], bool]) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = firm & (
            (by_text(says, types, type_of) | by_text(says, names, name_of)) > 0
        )
        return found

    return role, titled(is_ceo), titled(is_cfo)
