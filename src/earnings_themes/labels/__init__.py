"""Names for people: labels and keywords of themes, labels of topics.

Words only describe themes, they never decide membership, so all of this can change without a refit.
"""

from earnings_themes.labels.choose import ThemeWords, describe, describe_topic
from earnings_themes.labels.counter import PhraseCounter

__all__ = ["PhraseCounter", "ThemeWords", "describe", "describe_topic"]
