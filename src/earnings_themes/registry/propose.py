"""Suggests decisions to a curator: themes that could be merged, themes without a name."""

from typing import Final

import numpy as np

from earnings_themes.registry.grow import FOUND_AGAIN
from earnings_themes.registry.records import Version

_HEAD: Final = """\
# Decisions about the themes of a registry. Every line is a proposal: read `earnings-themes registry history ID` first,
# then uncomment what you agree with, and apply the file with `earnings-themes registry curate FILE`.
"""


def proposals(version: Version) -> str:
    """Return a YAML of decisions, all commented out: nothing is decided by a number.

    merge: themes whose centroids are as near as those of one theme that was found twice. rename: themes that were named by
    their kind or numbered, because their words say nothing.
    """
    themes = [theme for theme in version.fine if theme.into is None and not theme.hidden]
    unit = np.array([theme.centroid for theme in themes], dtype=np.float64).reshape(len(themes), -1)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True).clip(1e-12)
    cosine = np.round(unit @ unit.T, 4)
    lines = [_HEAD, "merge:\n"]
    for new, old in sorted(
        zip(*np.nonzero(np.tril(cosine >= FOUND_AGAIN, -1)), strict=True), key=lambda pair: -cosine[pair]
    ):
        lines.append(
            f"  # {themes[new].theme_id}: {themes[old].theme_id}  # {cosine[new, old]:.2f}  {themes[new].label!r} | "
            f"{themes[old].label!r}\n"
        )
    lines.append("rename:\n")
    for theme in themes:
        if theme.label.endswith(")") or theme.kind == "filler":
            words = ", ".join(word for word, _ in theme.keywords[:5])
            lines.append(f"  # {theme.theme_id}: {theme.label}  # {words}\n")
    lines.append("hide:\nnote:\n")
    return "".join(lines)
