"""Every column of panel.parquet and calls.parquet: type, unit, meaning. Schemas and codebook are made from it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa

from earnings_themes.errors import ResultError

_TEXT: Final = pa.string()
_COUNT: Final = pa.int32()
_REAL: Final = pa.float64()


@dataclass(frozen=True, slots=True)
class PanelColumn:
    """A column: `null` says when it is null, empty where it never is."""

    name: str
    type: pa.DataType
    unit: str
    meaning: str
    null: str = ""


# --- what a call has, in both files ----------------------------------------------------------------

CALL: Final = (
    PanelColumn("firm_id", _TEXT, "text", "The firm's id, as the source writes it: leading zeros stay."),
    PanelColumn("firm_name", _TEXT, "text", "The firm's name."),
    PanelColumn("transcript_id", _TEXT, "text", "The call's id; with firm_id it names a call."),
    PanelColumn("date", pa.date32(), "day", "The day of the call, on the clock of `source.time_zone`."),
    PanelColumn("time", pa.timestamp("s", "UTC"), "UTC", "When the call began.", "the source has no time of the call"),
    PanelColumn("quarter", _TEXT, "2023Q1", "The calendar quarter of `date`; not the fiscal quarter."),
)  # fmt: skip
CALL_ORDER: Final = [(name, "ascending") for name in ("firm_id", "date", "time", "transcript_id")]
THEME: Final = (
    PanelColumn("theme_id", _TEXT, "text", "The theme's id; the table of themes is below."),
    PanelColumn(
        "level", _COUNT, "0, 1 or 2",
        "1: themes; 2: broad themes; 0: your own questions (`themes.seeds`), which overlap with themes and with each other. "
        "They are three panels: never sum over two of them.",
    ),
    PanelColumn("label", _TEXT, "text", "The theme's name, for people. Join by theme_id."),
    PanelColumn("kind", _TEXT, "text", "subject, reporting, procedure or filler; seed for your own question."),
    PanelColumn(
        "born", _TEXT, "a run's name",
        "The run that found the theme: with a registry an earlier one, or this one for what is new.",
        "themes.json does not say it, or it is your own question",
    ),
)  # fmt: skip

# --- what is counted a call and theme --------------------------------------------------------------

_SECTION = "no sentence of the call has a known section"
_ROLE = "no sentence of the call has a known speaker type"
_BOTH = "the call has no known section, or no known speaker type"
_NONE_SAID = "n is 0"
VALUES: Final = (
    PanelColumn(
        "n", _COUNT, "sentences",
        "Sentences of the call that settled in the theme; for your own question, those that reach its threshold.",
    ),
    PanelColumn("n_presentation", _COUNT, "sentences", "Those of n in the prepared remarks.", _SECTION),
    PanelColumn("n_qa", _COUNT, "sentences", "Those of n in questions and answers.", _SECTION),
    PanelColumn("n_management", _COUNT, "sentences", "Those of n that the firm's people say.", _ROLE),
    PanelColumn("n_analysts", _COUNT, "sentences", "Those of n that analysts say.", _ROLE),
    PanelColumn("n_ceo", _COUNT, "sentences", "Those of n that the chief executive says.", "no speaker's title says chief executive"),
    PanelColumn("n_cfo", _COUNT, "sentences", "Those of n that the finance chief says.", "no speaker's title says finance chief"),
    PanelColumn("words", _COUNT, "words", "Words of these n sentences: pieces between blanks that hold a letter or a digit."),
    PanelColumn("share", _REAL, "0 to 1", "n ÷ the call's `modelled` sentences (calls.parquet).", "the call has no modelled sentence"),
    PanelColumn(
        "abnormal_share", _REAL, "-1 to 1",
        "share less the mean share of the theme on the firm's earlier calls in this run.",
        "the firm has no earlier call here, or share is null",
    ),
    PanelColumn(
        "strength", pa.float32(), "cosine",
        "Mean nearness of these sentences to their theme of level 1; of a broad theme, over those that settled in one; of "
        "your own question, to its examples.",
        "n is 0, or they settled in the broad theme alone",
    ),
    PanelColumn(
        "raised_by", _TEXT, "management or analysts", "Who speaks of the theme first in questions and answers.",
        "nobody does there, or the first speaker is neither or unknown",
    ),
    PanelColumn("asked", _COUNT, "exchanges", "Exchanges in which an analyst speaks of the theme.", _BOTH),
    PanelColumn(
        "answered", _COUNT, "exchanges",
        "Those of asked in which management then speaks of it too. 0 with asked above 0: not answered.",
        _BOTH,
    ),
)  # fmt: skip

# --- what is counted a call ------------------------------------------------------------------------

_AS_SECTION = "no section of the call is known"
_AS_ROLE = "no speaker type of the call is known"
DENOMINATORS: Final = (
    PanelColumn("sentences", _COUNT, "sentences", "All sentences of the call."),
    PanelColumn("modelled", _COUNT, "sentences", "Those the model saw: procedure and what nobody said left out. The denominator of share."),
    PanelColumn("content", _COUNT, "sentences", "Those of modelled with content of 0.5 or more (sentences.parquet)."),
    PanelColumn("settled", _COUNT, "sentences", "Those that settled in a theme of level 1."),
    PanelColumn("settled_broad", _COUNT, "sentences", "Those that settled in a broad theme, level 2."),
    PanelColumn("presentation", _COUNT, "sentences", "Sentences of the prepared remarks.", _AS_SECTION),
    PanelColumn("qa", _COUNT, "sentences", "Sentences of questions and answers, the operator's too.", _AS_SECTION),
    PanelColumn("management", _COUNT, "sentences", "Sentences of the firm's people.", _AS_ROLE),
    PanelColumn("analysts", _COUNT, "sentences", "Sentences of analysts.", _AS_ROLE),
    PanelColumn("ceo", _COUNT, "sentences", "Sentences of the chief executive.", "no speaker's title says chief executive"),
    PanelColumn("cfo", _COUNT, "sentences", "Sentences of the finance chief.", "no speaker's title says finance chief"),
    PanelColumn("modelled_presentation", _COUNT, "sentences", "Those of modelled in prepared remarks, for n_presentation.", _AS_SECTION),
    PanelColumn("modelled_qa", _COUNT, "sentences", "Those of modelled in questions and answers: divide n_qa by it.", _AS_SECTION),
    PanelColumn("modelled_management", _COUNT, "sentences", "Those of modelled by the firm's people: divide n_management by it.", _AS_ROLE),
    PanelColumn("modelled_analysts", _COUNT, "sentences", "Those of modelled by analysts: divide n_analysts by it.", _AS_ROLE),
    PanelColumn("exchanges", _COUNT, "exchanges", "Exchanges: one analyst's questions with their answers.", "as asked"),
    PanelColumn("words", _COUNT, "words", "Words of all sentences of the call."),
)  # fmt: skip

EXCHANGES: Final = pa.schema(
    {"firm_id": _TEXT, "transcript_id": _TEXT, "sentence_id": _TEXT, "exchange": _COUNT, "role": _TEXT}
)


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one run's files, which depend on the kept columns and the word lists."""

    call: tuple[PanelColumn, ...]
    values: tuple[PanelColumn, ...]
    denominators: tuple[PanelColumn, ...]

    @property
    def panel(self) -> tuple[PanelColumn, ...]:
        """The columns of panel.parquet, in order."""
        return (*self.call, *THEME, *self.values)

    @property
    def calls(self) -> tuple[PanelColumn, ...]:
        """The columns of calls.parquet, in order."""
        return (*self.call, *self.denominators)


def layout(kept: Sequence[str], lists: Sequence[str], scored: bool) -> Layout:
    """Return the columns of a run.

    kept: `source.keep`, by the names that they have in the panel (`kept_names`). lists: names of the word lists. scored:
    whether a class of the user's own scores the sentences.
    """
    values, totals = list(VALUES), list(DENOMINATORS)
    for name in lists:
        meaning = f"sentences that hold a word of the list {name!r}; high-growth is one word."
        values.append(PanelColumn(f"n_{name}", _COUNT, "sentences", f"Those of n: {meaning}"))
        totals.append(PanelColumn(f"n_{name}", _COUNT, "sentences", f"All of the call's {meaning}"))
    no_sentence = "the call has no sentence"
    if {"positive", "negative"} <= set(lists):
        tone = PanelColumn("tone", _REAL, "-1 to 1", "(n_positive - n_negative) ÷ n.", _NONE_SAID)
        values.append(tone)
        totals.append(replace(tone, meaning="(n_positive - n_negative) ÷ sentences.", null=no_sentence))
    if scored:
        unit = "as your class gives it"
        values.append(PanelColumn("score", _REAL, unit, "Mean score of these n sentences.", _NONE_SAID))
        totals.append(PanelColumn("score", _REAL, unit, "Mean score of all sentences.", no_sentence))
    meaning = "Kept from the source (`source.keep`), as text."
    own = (PanelColumn(name, _TEXT, "as in your file", meaning, "it is empty there") for name in kept)
    return Layout((*CALL, *own), tuple(values), tuple(totals))


def kept_names(columns: Sequence[str], lists: Sequence[str]) -> dict[str, str]:
    """Return what each kept column is called in the panel: `source_NAME` where a column of ours has its name."""
    ours = layout([], lists, scored=True)
    taken = {column.name for column in (*ours.panel, *ours.calls)}
    return {name: f"source_{name}" if name in taken else name for name in columns}


def no_column(where: str, name: str, found: Sequence[str]) -> ResultError:
    """Return the error for a column `name` that the panel at `where` lacks, with what to type."""
    if f"source_{name}" in found:
        return ResultError(f"{where}: {name!r} is a name of our own; the kept column is source_{name}.")
    return ResultError(
        f"{where}: the panel has no column {name!r}. Carry it there: source.keep: [{name}]. "
        f"Found: {', '.join(found)}."
    )


def schema(columns: Sequence[PanelColumn]) -> pa.Schema:
    """Return the columns as a schema of Arrow's."""
    return pa.schema([(column.name, column.type) for column in columns])
