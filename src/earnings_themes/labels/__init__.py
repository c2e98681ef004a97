"""Words for people: labels and keywords of themes, and a label for what one firm says in a theme.

Words describe a theme, they never decide it, so all of this can be made anew without a refit.
"""

from earnings_themes.labels.choose import ThemeWords, describe, describe_topic
from earnings_themes.labels.counter import PhraseCounter

__all__ = ["PhraseCounter", "ThemeWords", "describe", "describe_topic"]
