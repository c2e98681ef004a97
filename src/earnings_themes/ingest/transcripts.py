"""Ingest: every firm's calls become sentences, split, cleaned and flagged once for the whole run.

One parquet file sorted by firm, a firm in one row group, so that a firm's job reads a small part of it.
Sentences are numbered over the whole call before any filter: an id never moves when a filter changes.
"""

import hashlib
import logging
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from tqdm import tqdm

from earnings_themes.abstractions import Call, DataConnector, TranscriptData, Turn
from earnings_themes.config import Source
from earnings_themes.errors import InputError
from earnings_themes.ingest.calls import call_row, write_calls
from earnings_themes.ingest.dates import within
from earnings_themes.ingest.firm_list import connect, describe_source, list_firms
from earnings_themes.ingest.versions import OF_ANOTHER_FIRM, CallsSeen, one_version, pairs_said
from earnings_themes.results.artifacts import TRANSCRIPT_SCHEMA, FirmsWriter, write_json
from earnings_themes.results.firms import FirmRow, first_few, one_line, write_firms
from earnings_themes.speech import flag_procedural
from earnings_themes.system.files import replaced
from earnings_themes.system.processes import pool
from earnings_themes.text import (
    clean,
    has_content,
    is_english,
    lacks_ends,
    points_are_rare,
    repaired,
    repeated_lines,
    split_sentences_counted,
    without_pages,
    without_unsaid,
)
from earnings_themes.text.alike import Sketch

log = logging.getLogger(__name__)

# A row of speech as recognisers and subtitles cut it has fewer words.
_WORDS_A_ROW: Final = 20


def ingest(
    source: Source,
    transcripts: Path,
    firms: Path,
    report: Path,
    workers: int = 1,
    calls: Path | None = None,
    min_sentences: int = 0,
    keep_procedural: bool = False,
) -> None:
    """Read the source and write transcripts.parquet, firms.tsv, ingest.json and source_calls.parquet.

    Parameters
    ----------
    source : where the calls are, and how they are read
    transcripts, firms, report : where the files go
    workers : processes that split and flag sentences; the result does not depend on it
    calls : where source_calls.parquet goes; None for nowhere
    min_sentences : `topics.min_sentences`: where no firm has as many that a model may see, the run stops here
    keep_procedural : `topics.keep_procedural`: whether a model sees greetings and the like

    Raises
    ------
    InputError : the source cannot be read, or holds nothing that a model may see
    """
    started = time.perf_counter()
    connector = connect(source)
    version = connector.version()  # before it is read: a change from here on is noticed by the next call
    firm_ids = list_firms(source, connector)
    rows: list[FirmRow] = []
    call_rows: list[dict[str, Any]] = []
    totals: Counter[str] = Counter(firms=len(firm_ids))
    skipped: Counter[str] = Counter()
    prefixes: dict[str, str] = {}
    found = _Found()
    with replaced(transcripts) as part, FirmsWriter(part, TRANSCRIPT_SCHEMA) as writer:
        split = _split_all(connector, source, firm_ids, workers)
        for firm in tqdm(split, total=len(firm_ids), desc="ingest", unit="firm", mininterval=5):
            firm = found.without_twins(firm)
            _check_prefixes(prefixes, firm, source)
            group = writer.add(firm.table)
            n_calls, n_sentences = len(firm.calls), firm.table.num_rows
            rows.append(FirmRow(firm.firm_id, firm.firm_name, n_calls, n_sentences, group, firm.digest))
            call_rows += firm.calls
            found.look(firm, keep_procedural, min_sentences)
            totals.update(calls=n_calls, sentences=n_sentences, **firm.counts)
            skipped.update(firm.skipped)
        account = connector.account()
        # Of the whole source, also where a firm is lost altogether.
        skipped = Counter({**skipped, **account.skipped})
        notes = [*account.notes, *found.notes()]
        for note in notes:
            log.warning("%s: %s", source.path, note)
        if skipped:
            said = ", ".join(f"{n:,} {reason}" for reason, n in sorted(skipped.items()))
            log.warning("%s: rows left out: %s.", source.path, said)
        if source.two_firms == "refuse" and found.pairs:
            raise InputError(
                f"{source.path}: {pairs_said(found.pairs).split('. Each')[0]}. Expected a call once; leave one of the "
                "ids out (source.firms), or set source.two_firms: join."
            )
        if found.most_modelled < min_sentences:
            raise InputError(_nothing_to_model(source, found, totals, skipped, notes, min_sentences))
    write_firms(firms, rows)
    if calls is not None:
        write_calls(calls, call_rows, source.keep)
    # "skipped_rows" is what the researcher must know of the input: rows that are in no result, by reason.
    write_json(
        report,
        {
            "source": describe_source(source),
            "source_version": version,
            **totals,
            "skipped_rows": dict(sorted(skipped.items())),
            "notes": notes,
            "timing": {"seconds": time.perf_counter() - started},
        },
    )


class _Found:
    """What is noticed over all firms: calls under two of them, other languages, speech without points."""

    def __init__(self) -> None:
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.most_modelled = 0
        self.without_ends = 0
        self.turns = 0
        self._seen = CallsSeen()
        self._foreign: list[str] = []

    def without_twins(self, firm: "_FirmSentences") -> "_FirmSentences":
        """Return a firm's sentences without those calls that another firm had."""
        twins: set[str] = set()
        for call, words in zip(firm.calls, firm.sketches, strict=True):
            other = self._seen.twin(firm.firm_id, call["date"], words)
            if other is not None:
                twins.add(call["transcript_id"])
                self.pairs[firm.firm_id, other] += 1
        return _without(firm, twins) if twins else firm

    def look(self, firm: "_FirmSentences", keep_procedural: bool, min_sentences: int) -> None:
        """Notice what is to be said of a firm."""
        if self.most_modelled < min_sentences:
            table = firm.table if keep_procedural else firm.table.filter(pc.invert(firm.table["procedural"]))
            texts = set(table["model_text"].to_pylist())
            self.most_modelled = max(self.most_modelled, sum(map(has_content, texts)))
        self.without_ends += firm.counts["turns_without_ends"]
        self.turns += firm.counts["turns"]
        if not firm.is_english:
            self._foreign.append(firm.firm_name or firm.firm_id)

    def notes(self) -> list[str]:
        """Return a sentence for each thing that a person must know."""
        notes = []
        if self.pairs:
            notes.append(f"{pairs_said(self.pairs)}; source.two_firms: refuse stops instead.")
        if self.without_ends:
            notes.append(
                f"{self.without_ends:,} of {self.turns:,} turns are long and have no end of a sentence, or hardly "
                "one, as speech recognition without points writes them. They were cut between clauses: sentences may begin and end "
                "in the middle. Punctuate the text first where that matters."
            )
        if self._foreign:
            notes.append(
                f"the calls of {len(self._foreign):,} firms are not English, or not all: {first_few(self._foreign)}. Their "
                "sentences are split and compared, but procedure, filler, names and labels are recognised in English alone, and "
                "one subject in two languages is two themes. Translate them first, or leave them out (source.firms)."
            )
        return notes


def _nothing_to_model(
    source: Source, found: _Found, totals: Counter[str], skipped: Counter[str], notes: list[str], least: int
) -> str:
    """Return why no firm has enough to model, the likeliest reason last."""
    reasons = [f"{n:,} rows were left out: {reason}" for reason, n in sorted(skipped.items())]
    why = f" {'; '.join(reasons)}." if reasons else ""
    why += "".join(f" {note[0].upper()}{note[1:]}" for note in notes)
    return (
        f"{source.path}: no firm has {least} different sentences to model (topics.min_sentences); the most are "
        f"{found.most_modelled}, of {totals['sentences']:,} sentences in {totals['calls']:,} calls of "
        f"{totals['firms']:,} firms.{why} Look at the texts: expected speech in sentences. Or lower "
        "topics.min_sentences."
    )


@dataclass(frozen=True, slots=True)
class _FirmSentences:
    firm_id: str
    firm_name: str
    calls: tuple[dict[str, Any], ...]
    table: pa.Table
    digest: str
    counts: dict[str, int]
    skipped: dict[str, int]
    sketches: tuple[Sketch, ...]
    is_english: bool


def _split_all(
    connector: DataConnector, source: Source, firm_ids: list[str], workers: int
) -> Iterator[_FirmSentences]:
    if workers < 2:
        for firm_id in firm_ids:
            yield _split_firm(connector.get_transcripts(firm_id), source)
        return
    with pool(workers) as processes:
        # A window of futures, in order: the memory is that of a few firms, however many there are.
        pending: deque[Future[_FirmSentences]] = deque()
        for firm_id in firm_ids:
            pending.append(processes.submit(_split_firm, connector.get_transcripts(firm_id), source))
            if len(pending) > 4 * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _split_firm(data: TranscriptData, source: Source) -> _FirmSentences:
    """Return a firm's sentences, of the calls between the dates, each in one version."""
    firm_name = one_line(data.firm_name)
    in_time = [
        _repaired(call) for call in data.calls if within(call.date, source.start_date, source.end_date)
    ]
    calls, sketches, other_versions = one_version(in_time, source.version)
    columns: dict[str, list[Any]] = {name: [] for name in TRANSCRIPT_SCHEMA.names}
    counts = Counter(turns=0, procedural=0, long_sentences_split=0, turns_without_ends=0, lines_nobody_said=0)
    for call in calls:
        counts.update(_split_call(data.firm_id, call, columns))
    counts["procedural"] = sum(columns["procedural"])
    n_sentences = len(columns["text"])
    columns["firm_id"], columns["firm_name"] = [data.firm_id] * n_sentences, [firm_name] * n_sentences
    if n_sentences > source.limits.sentences_a_firm:
        raise InputError(
            f"{source.path}: found {n_sentences:,} sentences of firm {data.firm_id!r} in {len(calls)} calls; expected "
            f"at most {source.limits.sentences_a_firm:,}. Make one run per quarter (source.start_date, end_date), or "
            "raise source.limits.sentences_a_firm."
        )
    table = pa.table(columns, schema=TRANSCRIPT_SCHEMA)
    return _FirmSentences(
        data.firm_id,
        firm_name,
        tuple(call_row(data.firm_id, firm_name, call) for call in calls),
        table,
        _digest(columns["sentence_id"], columns["text"], columns["speaker_type"]),
        dict(counts),
        {**data.skipped, **other_versions},
        tuple(sketches),
        is_english(columns["model_text"]),
    )


def _digest(*columns: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for row in zip(*columns, strict=True):
        digest.update("\0".join(row).encode())
    return digest.hexdigest()[:16]


def _without(firm: _FirmSentences, twins: set[str]) -> _FirmSentences:
    """Return a firm without the calls that another firm had, given by their transcript ids."""
    ids = pa.array(sorted(twins), pa.string())
    table = firm.table.filter(pc.invert(pc.is_in(firm.table["transcript_id"], value_set=ids)))
    n_turns = sum(call["n_turns"] for call in firm.calls if call["transcript_id"] in twins)
    return replace(
        firm,
        calls=tuple(call for call in firm.calls if call["transcript_id"] not in twins),
        sketches=(),  # they have been compared
        table=table,
        digest=_digest(*(table[name].to_pylist() for name in ("sentence_id", "text", "speaker_type"))),
        counts={**firm.counts, "procedural": pc.sum(table["procedural"]).as_py() or 0},
        skipped={**firm.skipped, OF_ANOTHER_FIRM: n_turns},
    )


def _check_prefixes(prefixes: dict[str, str], firm: _FirmSentences, source: Source) -> None:
    """Raise InputError where two firms' sentences would get the same ids: a_b with c, and a with b_c."""
    for call in firm.calls:
        prefix = f"{firm.firm_id}_{call['transcript_id']}"
        other = prefixes.setdefault(prefix, firm.firm_id)
        if other != firm.firm_id:
            raise InputError(
                f"{source.path}: transcript {call['transcript_id']!r} of firm {firm.firm_id!r} and one of firm {other!r} "
                f"both number their sentences {prefix}_0000 and on; expected ids that differ. Rename one."
            )


def _split_call(firm_id: str, call: Call, columns: dict[str, list[Any]]) -> dict[str, int]:
    """Add a call's sentences to the columns, and return what was counted."""
    first = len(columns["text"])
    unsaid: list[bool] = []
    turns = _joined(call.turns)
    counts = Counter(turns=len(turns))
    texts = [turn.text for turn in turns]
    repeated, rare = repeated_lines(texts), points_are_rare(texts)
    for turn, (text, pages) in zip(turns, without_pages(texts), strict=True):
        said, lines = without_unsaid(text, repeated)
        lines += pages
        sentences, cut = split_sentences_counted(said, rare)
        counts.update(
            long_sentences_split=cut, turns_without_ends=lacks_ends(said, rare), lines_nobody_said=len(lines)
        )
        for sentence in (*sentences, *lines):
            cleaned = clean(sentence)
            columns["text"].append(cleaned.text)
            columns["model_text"].append(cleaned.model_text)
            columns["speaker_type"].append(turn.speaker_type)
            columns["section"].append(turn.section)
            columns["speaker_name"].append(turn.speaker_name)
        unsaid += [False] * len(sentences) + [True] * len(lines)
    n = len(unsaid)
    columns["transcript_id"] += [call.transcript_id] * n
    columns["date"] += [call.date] * n
    columns["sentence_id"] += [f"{firm_id}_{call.transcript_id}_{position:04d}" for position in range(n)]
    columns["position"] += range(n)
    flags = flag_procedural(*(columns[name][first:] for name in ("model_text", "speaker_type", "section")))
    columns["procedural"] += [flag or no_one for flag, no_one in zip(flags, unsaid, strict=True)]
    # The model sees no line that nobody said, also where it is to see procedure.
    for place, no_one in enumerate(unsaid, first):
        if no_one:
            columns["model_text"][place] = ""
    return counts


def _repaired(call: Call) -> Call:
    """Return a call with its texts mended, before anything compares them."""
    turns = [
        turn if (text := repaired(turn.text)) == turn.text else replace(turn, text=text)
        for turn in call.turns
    ]
    return replace(call, turns=tuple(turns))


def _joined(turns: Iterable[Turn]) -> list[Turn]:
    """Return turns with those joined that one speaker goes on in: recognisers write a row every few words.

    Only where a row ends within a sentence and the next has no capital, so that a turn that breaks off stays one.
    """
    joined: list[Turn] = []
    for turn in turns:
        last = joined[-1] if joined else None
        if (
            last is not None
            # Without speakers only rows of some words are joined: two people's turns are longer.
            and (last.speaker_name or last.speaker_type or turn.text.count(" ") < _WORDS_A_ROW)
            and (last.speaker_name, last.speaker_type, last.section)
            == (turn.speaker_name, turn.speaker_type, turn.section)
            and (end := last.text.rstrip()[-1:])
            and (end.isalnum() or end == ",")
            and (turn.text.lstrip()[:1].islower() or (turn.text.isupper() and last.text.isupper()))
        ):
            joined[-1] = replace(last, text=f"{last.text.rstrip()} {turn.text.lstrip()}")
        else:
            joined.append(turn)
    return joined
