"""Read the sentence banks in `bank/`, and fill their number slots.

A bank is plain text: `#` opens a comment, `## name` a section, any other line is one sentence.
Plain text because writing thousands of sentences is the work here, and a referee will read them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

BANK = Path(__file__).resolve().parent / "bank"
# Kinds of firm for which a tagged reporting line makes sense.
TAGS = {
    "sales": {"goods", "service"},
    "goods": {"goods"},
    "profit": {"goods", "service", "bank", "insurer", "reit"},
}
T = TypeVar("T")


class Dice:
    """Choices made from `random()` alone: its sequence is the one that Python promises to keep."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random

    def number(self, low: float, high: float) -> float:
        return low + (high - low) * self._random()

    def integer(self, low: int, high: int) -> int:
        return low + int(self._random() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        return self._random() < probability

    def pick(self, items: Sequence[T]) -> T:
        return items[int(self._random() * len(items))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        keys = [(self._random(), index) for index in range(len(items))]
        return [items[index] for _, index in sorted(keys)]


@dataclass(frozen=True)
class Block:
    """What one firm says about one theme, or about one topic of its own."""

    theme: str
    questions: list[str]
    statements: list[str]


@dataclass(frozen=True)
class Firm:
    profile: dict[str, str]
    blocks: list[Block]
    reporting: list[str]

    def __getitem__(self, key: str) -> str:
        return self.profile[key]


def sections(path: Path) -> dict[str, list[str]]:
    """Lines by `## section`; what stands before the first section is under ''."""
    found: dict[str, list[str]] = {"": []}
    name = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            name = line[3:].strip()
            found[name] = []
        elif line.strip() and not line.startswith("# "):
            found[name].append(line.strip())
    return found


def read_firms() -> list[Firm]:
    """Every firm in file order, with its planted themes first and its own topics after them."""
    themes = {path.stem: sections(path) for path in sorted((BANK / "themes").glob("*.txt"))}
    firms = []
    for path in sorted((BANK / "firms").glob("*.txt")):
        parts = sections(path)
        profile = dict(line.split(": ", 1) for line in parts.pop("") if ": " in line)
        reporting = parts.pop("reporting")
        lines = {slug: bank[path.stem] for slug, bank in themes.items() if path.stem in bank}
        for name, own in parts.items():
            lines[f"firm:{profile['id']}:{name.removeprefix('topic ')}"] = own
        blocks = [
            Block(
                theme,
                [line for line in block if line.endswith("?")],
                [line for line in block if not line.endswith("?")],
            )
            for theme, block in lines.items()
        ]
        firms.append(Firm(profile, blocks, reporting))
    return firms


def lower_case_words() -> set[str]:
    """Words that may lose their capital when a lead-in precedes them: never seen as a name."""
    paths = sorted(BANK.rglob("*.txt"))
    lines = [line for path in paths for part in sections(path).values() for line in part]
    text = "\n".join(lines)
    common = set(re.findall(r"(?<=[a-z,] )[a-z][a-z'-]*", text))
    names = {name.lower() for name in re.findall(r"(?<=[a-z,] )[A-Z][A-Za-z'-]*", text)}
    return common - names


def variant(line: str, model: str, dice: Dice) -> str | None:
    """One of a line's `||` alternatives, or None when its tag excludes this kind of firm."""
    tag, bracket, text = line.removeprefix("[").partition("] ")
    if not bracket:
        text = line
    elif model not in TAGS[tag]:
        return None
    return dice.pick(text.split(" || "))


def money(millions: float, currency: str) -> str:
    sign = "$" if currency == "$" else f"{currency} "
    if millions >= 1000:
        return f"{sign}{millions / 1000:.2f} billion"
    return f"{sign}{millions:.0f} million" if millions >= 10 else f"{sign}{millions:.1f} million"


def figures(firm: Firm, dice: Dice) -> dict[str, str]:
    """The numbers that must agree wherever a call names them."""
    revenue, currency = float(firm["revenue"]), firm.profile.get("currency", "$")
    growth, margin, eps = (float(word) for word in firm["figures"].split())
    segments = firm["segments"].split("; ")
    sign = "$" if currency == "$" else f"{currency} "
    adjusted = eps * 1.09
    return {
        "rev": money(revenue, currency),
        "rev_prior": money(revenue / (1 + growth / 100), currency),
        "change": f"{'an increase' if growth > 0 else 'a decrease'} of {abs(growth)}%",
        "up": f"{'up' if growth > 0 else 'down'} {abs(growth)}%",
        "margin": f"{margin:.1f}",
        "margin_prior": f"{margin - dice.number(-1.5, 1.5):.1f}",
        "eps": f"{sign}{eps:.2f}",
        "eps_adj": f"{sign}{adjusted:.2f}",
        "eps_hi": f"{adjusted * 1.07:.2f}",
        "seg1": segments[0],
        "seg2": segments[1],
        "jul_aug": "late July" if firm["date"] < "2023-05-01" else "August",
    }


def fill(text: str, values: dict[str, str], revenue: float, currency: str, dice: Dice) -> str:
    """Fill `{name}` from values and draw `{pct:a:b}`, `{bps:…}`, `{n:…}`, `{cents:…}`, `{usd:…}`."""

    def slot(match: re.Match[str]) -> str:
        name, low, high = match.group(1), match.group(2), match.group(3)
        if low is None:
            return values[name]
        if name == "usd":
            return money(revenue * dice.number(float(low), float(high)) / 100, currency)
        if name == "pct":
            return f"{dice.number(float(low), float(high)):.1f}"
        value = dice.integer(int(low), int(high))
        return str(value // 10 * 10) if name == "bps" else str(value)

    return re.sub(r"\{(\w+)(?::([\d.]+):([\d.]+))?\}", slot, text)
