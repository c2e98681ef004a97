"""Makes the dossier of a run whole: rating sheets, examples, and the themes found again with something changed."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from earnings_themes.embedding.shard import STATIC
from earnings_themes.errors import EarningsThemesError, InputError
from earnings_themes.quality.dossier.again import Known, holdout, read_known, sensitivity
from earnings_themes.quality.dossier.basic import FOLDER, write_basic, write_contents, write_evidence
from earnings_themes.quality.ruler import inputs, sheets
from earnings_themes.themes.settle import Centres, Settled, centres, settle

EXAMPLES: Final = 20
# Items of each kind of sheet: 200 pairs tell a mean to ± .09 (docs/rating.md); labels and intruders, one item per theme.
ITEMS: Final = {"pairs": 200, "labels": 100, "intruders": 100}
# The centroid times this, as settle has it.
_LENGTH: Final = 4_096


def write_whole(run: Path, encoder: str | None = None) -> dict[str, str]:
    """Write every part of the dossier, and the contents page; return by file why it could not be made.

    encoder: another one to find the themes with, static or packaged; None for static, unless the run has it already. Raises
    ResultError where a file of the run is missing or damaged.
    """
    out = run / FOLDER
    themes = write_basic(str(run), run)
    known = read_known(run)
    used = str(known.corpus.about.get("embedding_model"))
    if encoder is None and used != STATIC:
        encoder = STATIC
    parts: dict[str, Callable[[], None]] = {
        "examples.csv": lambda: write_evidence(out / "examples.csv", example_sentences(known)),
        "holdout.csv": lambda: write_evidence(out / "holdout.csv", holdout(known)),
        "sensitivity.csv": lambda: write_evidence(out / "sensitivity.csv", sensitivity(known, encoder)),
        **{f"rating/{kind}": partial(_write_sheets, run, out / "rating" / kind, kind) for kind in ITEMS},
    }
    left_out = {}
    for name, make in parts.items():
        try:
            make()
        except EarningsThemesError as error:
            # A run of two firms has no groups of five: that is an answer, and the rest is made all the same.
            left_out[name] = str(error)
    write_contents(out, f"results/{themes.run}", left_out)
    return left_out


def _write_sheets(run: Path, out: Path, kind: str) -> None:
    if (out / "sheets").exists():
        return  # they may hold ratings
    corpus, runs = inputs.read_runs([str(run)], None)
    wish = sheets.SheetWish(kind, ITEMS[kind], coverage=1.0)
    items, facts = sheets.draw_items(corpus, runs, wish)
    sheets.write_sheets(sheets.deal(items, wish), facts, corpus, out)


def example_sentences(known: Known) -> pd.DataFrame:
    """Return twenty sentences of each theme at random, and the twenty that came nearest to it without settling.

    Returns theme_id, label, side (settled, missed), strength, firm_id, transcript_id, sentence_id, speaker_type, section,
    text. Missed ones are below the run's floor, their nearest theme is this one, and they have settled in no other.
    """
    if not known.ids:
        raise InputError("the run has no themes")
    settled = _settled(known)
    rng = np.random.default_rng(int(known.themes.metadata["seed"]))
    ids = known.corpus.table["sentence_id"].take(known.corpus.modelled).to_numpy(zero_copy_only=False)
    parts = []
    for number, theme in enumerate(known.themes.themes):
        inside = np.flatnonzero(known.labels == number)
        drawn = np.sort(rng.choice(inside, size=min(EXAMPLES, len(inside)), replace=False))
        outside = np.flatnonzero((known.labels < 0) & (settled.nearest == number))
        nearest = outside[np.lexsort((ids[outside].astype(str), -settled.strength[outside]))][:EXAMPLES]
        for side, rows in (("settled", drawn), ("missed", nearest)):
            of_side = {"side": side, "strength": settled.strength[rows], "sentence_id": ids[rows]}
            parts.append(pd.DataFrame({"theme_id": theme.theme_id, "label": theme.label, **of_side}))
    examples = pd.concat(parts, ignore_index=True)
    columns = ["sentence_id", "firm_id", "transcript_id", "speaker_type", "section", "text"]
    said = pq.read_table(
        known.run / "transcripts.parquet",
        columns=columns,
        filters=[("sentence_id", "in", set(examples["sentence_id"]))],
    ).to_pandas()
    return examples.merge(said, on="sentence_id", how="left", validate="many_to_one")


def _settled(known: Known) -> Settled:
    """Return the nearest theme and the strength of every modelled sentence, also of those that did not settle.

    themes.json has each theme's direction. What loose themes lose of their strength follows from their members.
    """
    whole = np.rint(np.array([theme.centroid for theme in known.themes.themes]) * _LENGTH).astype(np.float32)
    tightness: NDArray[np.float64] = centres(known.corpus.rows, known.labels, len(known.ids)).tightness
    return settle(known.corpus.rows, known.corpus.content, Centres(whole, tightness), known.settings.floor)


def lines_for_user(left_out: dict[str, str], run: Path) -> Iterator[str]:
    """Yield what to tell the user."""
    yield f"{run / FOLDER / 'index.md'}: what a referee asks, and where the answer is"
    for name, why in left_out.items():
        yield f"not made: {name}: {why}"
