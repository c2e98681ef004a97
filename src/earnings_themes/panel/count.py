"""Counts the sentences of some calls by theme, section and speaker."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from earnings_themes.errors import ResultError
from earnings_themes.panel import roles as who
from earnings_themes.panel.block import Block, Matrix, abnormal, ratio
from earnings_themes.panel.columns import EXCHANGES
from earnings_themes.panel.exchanges import exchanges
from earnings_themes.panel.roles import Codes, Places
from earnings_themes.panel.themes import ThemeRow
from earnings_themes.panel.words import WordList, holds, scores
from earnings_themes.speech import CONTENT

# A word: a piece between blanks with a letter or a digit in it.
_WORD: Final = r"\S*[\pL\pN]\S*"


class SeedMembers(NamedTuple):
    """Sentences that count for questions of the user's own, beside the theme that they settled in.

    rows, themes: (m,) int64, their places among the sentences, and the question's among the themes. strength: (m,) float64.
    """

    rows: Places
    themes: Places
    strength: NDArray[np.float64]


NOBODY: Final = SeedMembers(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


@dataclass(frozen=True, slots=True)
class Scoring:
    """How the words of sentences are judged: lists, and an object of the user's own or None."""

    lists: Sequence[WordList] = ()
    scorer: Any = None


def count_panel(
    said: pa.Table, calls: pa.Table, themes: Sequence[ThemeRow], scoring: Scoring, asked_for: SeedMembers
) -> tuple[Block, dict[str, Matrix], pa.Table]:
    """Return the panel's block of whole firms, their calls' denominators by name, and their exchanges.

    said: the sentences, in the order they were said (`iter_settled`). calls: a firm's together and by day; those without a
    sentence get zeros. asked_for: the sentences that count for the user's own questions, which are among the themes.
    Raises ResultError for a sentence of a call or theme that is not listed.
    """
    call = _codes(_key(said), _key(calls), "call", "source_calls.parquet")
    n_calls, n_themes = calls.num_rows, len(themes)
    ids = pa.array([theme.theme_id for theme in themes], pa.string())
    theme, broad = (_codes(said[name], ids, name, "themes.json") for name in ("theme_id", "broad_id"))
    types, type_of = _encoded(said["speaker_type"])
    names, name_of = _encoded(said["speaker_name"])
    sections, section_of = _encoded(said["section"])
    section = who.by_text(who.section_of, sections, section_of)
    role, ceo, cfo = who.roles(types, type_of, names, name_of)
    no_name = names.index("") if "" in names else -1
    exchange = exchanges(call, section, role, name_of, no_name)
    n_exchanges = np.zeros(n_calls)
    np.maximum.at(n_exchanges, call, exchange)
    text = said["text"].combine_chunks()
    words = pc.count_substring_regex(text, _WORD).fill_null(0).to_numpy(zero_copy_only=False)
    content = said["content"].to_numpy()
    modelled = ~np.isnan(content)
    judged: dict[str, NDArray[Any]] = {}
    if scoring.lists or scoring.scorer:
        texts = [line or "" for line in text.to_pylist()]
        judged = {f"n_{name}": hit for name, hit in holds(scoring.lists, texts).items()}
        if scoring.scorer:
            judged["score"] = scores(scoring.scorer, texts)

    # --- by call: the denominators ---
    def total(weights: NDArray[Any]) -> Matrix:
        return _counted(call, weights, n_calls)

    has_section, has_role = total(section != who.UNKNOWN) > 0, total(role != who.UNKNOWN) > 0
    # Which sentences are of a part of the call, and which calls tell that part from others.
    parts = {
        "presentation": (section == who.PRESENTATION, has_section),
        "qa": (section == who.QA, has_section),
        "management": (role == who.MANAGEMENT, has_role),
        "analysts": (role == who.ANALYSTS, has_role),
        "ceo": (ceo, total(ceo) > 0),
        "cfo": (cfo, total(cfo) > 0),
    }
    sentences = total(np.ones(len(call)))
    totals = {
        "sentences": sentences,
        "modelled": total(modelled),
        "content": total(np.nan_to_num(content) >= CONTENT),
        "settled": total(theme >= 0),
        "settled_broad": total(broad >= 0),
        **{name: _where(known, total(mask)) for name, (mask, known) in parts.items()},
        **{
            f"modelled_{name}": _where(known, total(mask & modelled))
            for name, (mask, known) in parts.items()
            if name not in ("ceo", "cfo")
        },
        "exchanges": _where(has_section & has_role, n_exchanges),
        "words": total(words),
        **{name: total(hit) for name, hit in judged.items()},
    }
    _add_means(totals, sentences)

    # --- by call and theme: a sentence counts in its theme, in its broad theme, and for each question it is near to ---
    in_theme, in_broad = np.flatnonzero(theme >= 0), np.flatnonzero(broad >= 0)
    of = np.concatenate([in_theme, in_broad, asked_for.rows])
    cell = call[of] * n_themes + np.concatenate([theme[in_theme], broad[in_broad], asked_for.themes])
    # In the order they were said: who speaks of it first depends on that.
    order = np.argsort(of, kind="stable")
    strength = said["strength"].to_numpy()
    near = np.concatenate([strength[in_theme], strength[in_broad], asked_for.strength])[order]
    of, cell = of[order], cell[order]

    def by_member(weights: NDArray[Any]) -> Matrix:
        return _counted(cell, weights, n_calls * n_themes).reshape(n_calls, n_themes)

    def by_theme(weights: NDArray[Any]) -> Matrix:
        return by_member(weights[of])

    n = by_theme(np.ones(len(call)))
    share = ratio(n, np.broadcast_to(totals["modelled"][:, None], n.shape))
    day = calls["date"].cast(pa.int32()).to_numpy().astype(np.int64)
    both = (has_section & has_role)[:, None]
    asked, answered = _asked(cell, of, exchange, role, n.size)
    values = {
        "n": n,
        **{f"n_{name}": _where(known[:, None], by_theme(mask)) for name, (mask, known) in parts.items()},
        "words": by_theme(words),
        "share": share,
        "abnormal_share": abnormal(share, calls, day),
        "strength": ratio(by_member(np.nan_to_num(near)), by_member(~np.isnan(near))),
        "raised_by": _raised_by(cell, of, section, role, n.size).reshape(n.shape),
        "asked": _where(both, asked.reshape(n.shape)),
        "answered": _where(both, answered.reshape(n.shape)),
        **{name: by_theme(hit) for name, hit in judged.items()},
    }
    _add_means(values, n)
    return Block(calls, values), totals, _exchange_rows(said, exchange, role)


def _key(table: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(table["firm_id"], table["transcript_id"], "\0")


def _codes(values: Any, known: Any, what: str, where: str) -> Places:
    """Return each value's place among the known ones, -1 for null."""
    known = known.combine_chunks() if isinstance(known, pa.ChunkedArray) else known
    places = pc.index_in(values, value_set=known, skip_nulls=True).fill_null(-1)
    found: Places = places.to_numpy().astype(np.int64)
    lost = np.flatnonzero((found < 0) & ~values.is_null().to_numpy())
    if len(lost):
        name = values[int(lost[0])].as_py().replace("\0", " ")
        raise ResultError(
            f"a sentence is of the {what} {name!r}, which {where} lacks; expected all of one run. They are of different "
            "runs: delete sentences.parquet and run again."
        )
    return found


def _encoded(column: pa.ChunkedArray) -> tuple[list[str], Places]:
    """Return the different texts of a column, and each row's place among them; null is empty."""
    coded = column.fill_null("").combine_chunks().dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy().astype(np.int64)


def _counted(places: Places, weights: NDArray[Any], n: int) -> Matrix:
    # np.bincount of an empty array gives integers even with weights.
    found: Matrix = np.bincount(places, weights.astype(np.float64), n).astype(np.float64)
    return found


def _where(known: NDArray[np.bool_], values: Matrix) -> Matrix:
    return np.where(known, values, np.nan)


def _add_means(found: dict[str, Matrix], n: Matrix) -> None:
    """Turn sums of scores into means, and add the net tone where both its lists are there."""
    if "score" in found:
        found["score"] = ratio(found["score"], n)
    if "n_positive" in found and "n_negative" in found:
        found["tone"] = ratio(found["n_positive"] - found["n_negative"], n)


def _raised_by(cell: Places, of: Places, section: Codes, role: Codes, n_cells: int) -> Matrix:
    """Return by cell who speaks first of it in questions and answers: 0 management, 1 analysts, NaN neither."""
    found = np.full(n_cells, np.nan)
    in_qa = section[of] == who.QA
    cells, first = np.unique(cell[in_qa], return_index=True)
    speakers = role[of[in_qa]][first]
    either = (speakers == who.MANAGEMENT) | (speakers == who.ANALYSTS)
    found[cells[either]] = speakers[either]
    return found


def _asked(cell: Places, of: Places, exchange: Places, role: Codes, n_cells: int) -> tuple[Matrix, Matrix]:
    """Return by cell in how many exchanges an analyst speaks of it, and in how many of them management does after."""
    n_exchanges = int(exchange.max(initial=0)) + 1  # with 0, which is none
    pair = cell * n_exchanges + exchange[of]
    by_analyst = (exchange[of] > 0) & (role[of] == who.ANALYSTS)
    by_firm = (exchange[of] > 0) & (role[of] == who.MANAGEMENT)
    asked, first = np.unique(pair[by_analyst], return_index=True)
    # The last sentence of a pair is the first from behind.
    replied, last = np.unique(pair[by_firm][::-1], return_index=True)
    _, at_asked, at_replied = np.intersect1d(asked, replied, assume_unique=True, return_indices=True)
    after = of[by_firm][::-1][last[at_replied]] > of[by_analyst][first[at_asked]]
    n_asked = np.bincount(asked // n_exchanges, minlength=n_cells)
    n_answered = np.bincount(asked[at_asked[after]] // n_exchanges, minlength=n_cells)
    return n_asked.astype(np.float64), n_answered.astype(np.float64)


def _exchange_rows(said: pa.Table, exchange: Places, role: Codes) -> pa.Table:
    inside = np.flatnonzero(exchange)
    rows = said.select(["firm_id", "transcript_id", "sentence_id"]).take(pa.array(inside))
    rows = rows.append_column("exchange", pa.array(exchange[inside]))
    spoken = pa.array(who.ROLE_NAMES).take(pa.array(role[inside].astype(np.int32)))
    return rows.append_column("role", spoken).cast(EXCHANGES)
