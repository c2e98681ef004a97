"""What a sentence is: procedure, filler, results language, or talk of a subject."""

from earnings_themes.speech.filler import is_filler
from earnings_themes.speech.introduced_names import introduced_names
from earnings_themes.speech.kinds import KINDS, KindModel, fit_kinds
from earnings_themes.speech.procedure import flag_procedural, is_procedural
from earnings_themes.speech.reporting import is_reporting, reporting_score
from earnings_themes.speech.sentence_kinds import Kind, sentence_kind

__all__ = [
    "KINDS",
    "Kind",
    "KindModel",
    "fit_kinds",
    "flag_procedural",
    "introduced_names",
    "is_filler",
    "is_procedural",
    "is_reporting",
    "reporting_score",
    "sentence_kind",
]
