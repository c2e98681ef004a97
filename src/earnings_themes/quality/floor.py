"""The line under which a theme is not to be trusted, for all that show themes."""

from typing import Final

from earnings_themes.abstractions import Theme

# Hennig 2007 (doi:10.1016/j.csda.2006.11.025): clusters under .6 should not be trusted.
STABLE: Final = 0.6


def is_unstable(theme: Theme) -> bool:
    """Whether the theme comes back less often than the floor; False where stability was not measured."""
    return theme.stability is not None and theme.stability < STABLE
