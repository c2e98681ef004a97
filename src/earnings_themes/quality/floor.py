"""The stability under which a theme is marked as not to be trusted, for everything that shows themes."""

from typing import Final

from earnings_themes.abstractions import Theme

# Hennig 2007 (doi:10.1016/j.csda.2006.11.025): clusters under .6 should not be trusted.
STABLE: Final = 0.6


def is_unstable(theme: Theme) -> bool:
    """Return whether the theme's stability is below the floor; False if it was not measured.

    Compared as displayed, to two decimals, so that no theme with a stability of 0.60 is marked.
    """
    return theme.stability is not None and round(theme.stability, 2) < STABLE
