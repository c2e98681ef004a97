"""What a sentence is: procedure, filler, results language, or talk of a subject."""

from earnings_themes.speech.introduced_names import introduced_names
from earnings_themes.speech.kinds import KINDS, KindModel, fit_kinds
from earnings_themes.speech.procedure import flag_procedural, is_procedural

__all__ = ["KINDS", "KindModel", "fit_kinds", "flag_procedural", "introduced_names", "is_procedural"]
