"""The parts of docs/rating.md that come from code: the codebook that raters of pairs get, and how many ratings are needed."""

from importlib.resources import files

from docs.generate.markdown import block, table
from earnings_themes.quality.ruler import power


def codebook_pairs() -> str:
    """Return the codebook of pairs, as `sheet` puts it beside the sheets."""
    text = files("earnings_themes.quality.ruler").joinpath("pairs.txt").read_text(encoding="utf-8")
    return block(text.rstrip().splitlines())


def needed() -> str:
    """Return what 75 to 1,800 pairs a system tell apart."""
    heads = [
        *(">pairs a system", ">± of a mean, formula", ">± of a mean, bootstrap"),
        *(">difference told from 0 in 80 % of sheets", ">in 90 %"),
    ]
    rows = [
        [
            f"{n:,}",
            f"{power.half_width(n):.2f}",
            f"{power.bootstrapped(n):.2f}",
            f"{power.told_apart(n):.2f}",
            f"{power.told_apart(n, 0.9):.2f}",
        ]
        for n in (75, 150, 300, 450, 900, 1800)
    ]
    return table(heads, rows)
