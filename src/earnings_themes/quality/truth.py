"""Reads the labels that a run is compared with: a CSV, a row a sentence."""

import csv
from dataclasses import dataclass
from pathlib import Path

from earnings_themes.errors import InputError


@dataclass(frozen=True, slots=True)
class Label:
    """What a person, or the maker of the sample, says of a sentence; empty for nothing said.

    kind: subject, reporting, procedure or filler. theme: what it is about. text: the sentence, to see
    whether the label is still of that sentence.
    """

    kind: str
    theme: str
    text: str = ""

    def is_of(self, text: str) -> bool:
        """Whether the label was given to this sentence; a label without text is believed."""
        return not self.text or self.text.split() == text.split()


def read_labels(path: Path) -> dict[str, Label]:
    """Return the label of each sentence_id; the columns sentence_id and theme are needed, kind and text are not.

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
            return {
                row["sentence_id"]: Label(row.get("kind") or "", row["theme"] or "", row.get("text") or "")
                for row in reader
            }
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: the labels cannot be read as CSV in UTF-8 ({error}).") from error
