"""The contents page of a dossier: what a referee asks, and where the answer is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from earnings_themes.system.files import write_atomically

FOLDER: Final = "dossier"
INDEX: Final = "index.md"
_COMMAND: Final = "`earnings-themes dossier {run}` makes it"


@dataclass(frozen=True, slots=True)
class Row:
    """A question, the file that answers it (below dossier/, or ../ for one of the run; empty for a command), and how."""

    asks: str
    file: str
    answer: str


def rows() -> list[Row]:
    """Return what a referee asks, in the order of asks.txt."""
    text = files("earnings_themes.quality.dossier").joinpath("asks.txt").read_text(encoding="utf-8")
    return [Row(*map(str.strip, line.split("|"))) for line in text.splitlines() if not line.startswith("#")]


# Files that hold sentences of the calls, which may not be passed on.
WITH_TEXT: Final = ("examples.csv", "rating")


def write_contents(out: Path, run: str, left_out: Mapping[str, str] | None = None) -> None:
    """Write index.md.

    Parameters
    ----------
    out
        The dossier's folder.
    run
        The run's folder, as a user types it.
    left_out
        By file why it could not be made.
    """
    write_atomically(out / INDEX, "\n".join(_lines(out, run, left_out or {})) + "\n")


def _lines(out: Path, run: str, left_out: Mapping[str, str]) -> Iterator[str]:
    yield "# Dossier"
    yield ""
    yield f"The run `{run}`: what a referee asks, and where the answer is."
    yield ""
    yield "| a referee asks | the answer |"
    yield "| --- | --- |"
    for row in rows():
        yield f"| {row.asks} | {_answer(row, out, run, left_out)} |"
    yield ""
    named = " and ".join(f"`{name}`" for name in WITH_TEXT)
    yield (
        f"{named} hold sentences of the calls: do not pass them on where the calls' licence forbids it. The other files "
        "hold none."
    )


def _answer(row: Row, out: Path, run: str, left_out: Mapping[str, str]) -> str:
    answer = row.answer.format(run=run)
    if not row.file:
        return answer
    if row.file in left_out:
        return f"not made: {left_out[row.file]}"
    where = f"[{row.file}]({row.file})"
    there = row.file.startswith("..") or (out / row.file).exists()
    return (
        f"{where}: {answer}" if there else f"{row.file}: {answer}. Not there yet: {_COMMAND.format(run=run)}"
    )
