"""Classifies sentences: procedure, filler, reporting or subject matter."""

from earnings_themes.speech.kinds import CONTENT, KINDS, commonest, kinds_of
from earnings_themes.speech.procedure import flag_procedural
