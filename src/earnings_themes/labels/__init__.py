"""Words for people: what a theme is called, and the phrases it is shown with. Words describe, they decide nothing."""

from earnings_themes.labels.choose import ThemeWords, describe
from earnings_themes.labels.phrases import PhraseCounter

__all__ = ["PhraseCounter", "ThemeWords", "describe"]
