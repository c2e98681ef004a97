"""Names for people: labels and keywords of themes.

Words only describe themes, they never decide membership, so all of this can change without a refit.
"""

from earnings_themes.labels.choose import ThemeWords, choose_labels
from earnings_themes.labels.counter import PhraseCounter, ThemeCount
