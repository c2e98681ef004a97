"""Reads the labels that a run is compared with: a CSV, a row a sentence."""

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from earnings_themes.errors import InputError


@dataclass(frozen=True, slots=True)
class Label:
    """What a person, or the maker of the sample, says a sentence is about; theme is empty for nothing."""

    kind: str
    theme: str


def read_labels(path: Path) -> dict[str, Label]:
    """Return the label of each sentence_id; the columns sentence_id and theme are needed, kind is not.

    Raises InputError naming the file and what is wrong with it.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            lacking = {"sentence_id", "theme"} - set(reader.fieldnames or [])
            if lacking:
                raise InputError(
                    f"{path}: no column {' and no column '.join(sorted(lacking))}; "
                    f"found {', '.join(reader.fieldnames or ['an empty file'])}."
                )
            return {row["sentence_id"]: Label(row.get("kind") or "", row["theme"] or "") for row in reader}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: the labels cannot be read as CSV in UTF-8 ({error}).") from error


def cross_firm(theme_firm: list[tuple[str, str]]) -> set[str]:
    """The themes of (theme, firm) pairs that two firms or more speak of.

    Only these can be found by clustering across firms: what a single firm says is a topic, not a theme.
    """
    firms: dict[str, set[str]] = defaultdict(set)
    for theme, firm in theme_firm:
        firms[theme].add(firm)
    return {theme for theme, names in firms.items() if len(names) > 1}
