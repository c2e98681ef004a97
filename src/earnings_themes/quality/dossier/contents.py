"""The contents page of a dossier: what a referee asks, and where the answer is."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

from earnings_themes.system.files import write_atomically

FOLDER: Final = "dossier"
INDEX: Final = "index.md"


# Files that hold sentences of the calls, which may not be passed on.
WITH_TEXT: Final = ("examples.csv", "rating")


def write_contents(out: Path, run: str, left_out: Mapping[str, str] | None = None) -> None:
    """Write index.md into the dossier's folder. run: as a user types it. left_out: by file why it could not be made."""
    text = files("earnings_themes.quality.dossier").joinpath("asks.txt").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if line[0] != "#"]
    named = " and ".join(f"`{name}`" for name in WITH_TEXT)
    lines = [
        f"# Dossier\n\nThe run `{run}`: what a referee asks, and where the answer is.\n",
        "| a referee asks | the answer |\n| --- | --- |",
        *(
            f"| {asks} | {_answer(file, answer.format(run=run), out, run, left_out or {})} |"
            for asks, file, answer in rows
        ),
        f"\n{named} hold sentences of the calls: do not pass them on where the calls' licence forbids it. The other files "
        "hold none.\n",
    ]
    write_atomically(out / INDEX, "\n".join(lines))


def _answer(file: str, answer: str, out: Path, run: str, left_out: Mapping[str, str]) -> str:
    """Return a row's second cell. file: below dossier/, or ../ for one of the run; empty for a command."""
    if not file:
        return answer
    if file in left_out:
        return f"not made: {left_out[file]}"
    if file.startswith("..") or (out / file).exists():
        return f"[{file}]({file}): {answer}"
    return f"{file}: {answer}. Not there yet: `earnings-themes dossier {run}` makes it"
