"""Ingest: every firm's calls become sentences, split, cleaned and flagged once for the whole run.

One parquet file sorted by firm, a firm in one row group, so that a firm's job reads a small part of it.
Sentences are numbered over the whole call before any filter: an id never moves when a filter changes.
"""

import hashlib
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from tqdm import tqdm

from earnings_themes.abstractions import Call, DataConnector, TranscriptData
from earnings_themes.config import Source
from earnings_themes.errors import InputError
from earnings_themes.ingest.firm_list import connect, describe, list_firms
from earnings_themes.results.artifacts import TRANSCRIPT_SCHEMA, TranscriptWriter, write_json
from earnings_themes.results.firms import FirmRow, one_line, write_firms
from earnings_themes.speech import flag_procedural
from earnings_themes.system.files import replaced
from earnings_themes.system.processes import pool
from earnings_themes.text import clean, split_sentences_counted


def ingest(source: Source, transcripts: Path, firms: Path, report: Path, workers: int = 1) -> None:
    """Read the source and write transcripts.parquet, firms.tsv and ingest.json.

    workers: processes that split and flag sentences; the result does not depend on it. Raises InputError.
    """
    started = time.perf_counter()
    connector = connect(source)
    version = connector.version()  # before it is read: a change from here on is noticed by the next call
    firm_ids = list_firms(source, connector)
    rows: list[FirmRow] = []
    totals: Counter[str] = Counter(firms=len(firm_ids))
    skipped: Counter[str] = Counter()
    prefixes: dict[str, str] = {}
    with replaced(transcripts) as part, TranscriptWriter(part) as writer:
        split = _split_all(connector, source, firm_ids, workers)
        for firm in tqdm(split, total=len(firm_ids), desc="ingest", unit="firm", mininterval=5):
            _check_prefixes(prefixes, firm, source)
            group = writer.add(firm.table)
            rows.append(
                FirmRow(firm.firm_id, firm.firm_name, firm.n_calls, firm.table.num_rows, group, firm.digest)
            )
            totals.update(calls=firm.n_calls, sentences=firm.table.num_rows, **firm.counts)
            skipped.update(firm.skipped)
    write_firms(firms, rows)
    # "skipped_rows" is what the researcher must know of the input: rows that are in no result, by reason.
    write_json(
        report,
        {
            "source": describe(source),
            "source_version": version,
            **totals,
            "skipped_rows": dict(sorted(skipped.items())),
            "timing": {"seconds": time.perf_counter() - started},
        },
    )


def sentences_of(data: TranscriptData, source: Source | None = None) -> pa.Table:
    """Return a firm's sentences as a table of TRANSCRIPT_SCHEMA, calls outside the dates left out."""
    return _split_firm(data, source).table


@dataclass(frozen=True, slots=True)
class _FirmSentences:
    firm_id: str
    firm_name: str
    n_calls: int
    table: pa.Table
    digest: str
    transcripts: tuple[str, ...]
    counts: dict[str, int]
    skipped: dict[str, int]


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


def _split_firm(data: TranscriptData, source: Source | None) -> _FirmSentences:
    firm_name = one_line(data.firm_name)
    calls = [call for call in data.calls if source is None or _counts(call, source)]
    columns: dict[str, list[Any]] = {name: [] for name in TRANSCRIPT_SCHEMA.names}
    n_long = 0
    for call in calls:
        n_long += _split_call(data.firm_id, firm_name, call, columns)
    n_sentences = len(columns["text"])
    if source is not None and n_sentences > source.limits.sentences_a_firm:
        raise InputError(
            f"{source.path}: found {n_sentences:,} sentences of firm {data.firm_id!r} in {len(calls)} calls; expected "
            f"at most {source.limits.sentences_a_firm:,}. Make a run a quarter (source.start_date, end_date), or "
            "raise source.limits.sentences_a_firm."
        )
    table = pa.table(columns, schema=TRANSCRIPT_SCHEMA)
    digest = hashlib.sha256()
    for row in zip(columns["sentence_id"], columns["text"], columns["speaker_type"], strict=True):
        digest.update("\0".join(row).encode())
    return _FirmSentences(
        data.firm_id,
        firm_name,
        len(calls),
        table,
        digest.hexdigest()[:16],
        tuple(call.transcript_id for call in calls),
        {"procedural": sum(columns["procedural"]), "long_sentences_split": n_long},
        dict(data.skipped),
    )


def _check_prefixes(prefixes: dict[str, str], firm: _FirmSentences, source: Source) -> None:
    """Raise InputError where two firms' sentences would get the same ids: a_b with c, and a with b_c."""
    for transcript_id in firm.transcripts:
        prefix = f"{firm.firm_id}_{transcript_id}"
        other = prefixes.setdefault(prefix, firm.firm_id)
        if other != firm.firm_id:
            raise InputError(
                f"{source.path}: transcript {transcript_id!r} of firm {firm.firm_id!r} and one of firm {other!r} both "
                f"number their sentences {prefix}_0000 and on; expected ids that differ. Rename one."
            )


def _split_call(firm_id: str, firm_name: str, call: Call, columns: dict[str, list[Any]]) -> int:
    texts: list[str] = []
    speakers: list[str] = []
    sections: list[str] = []
    n_long = 0
    for turn in call.turns:
        sentences, cut = split_sentences_counted(turn.text)
        n_long += cut
        for sentence in sentences:
            cleaned = clean(sentence)
            texts.append(cleaned.text)
            speakers.append(turn.speaker_type)
            sections.append(turn.section)
            columns["model_text"].append(cleaned.model_text)
            columns["speaker_name"].append(turn.speaker_name)
    n = len(texts)
    columns["firm_id"] += [firm_id] * n
    columns["firm_name"] += [firm_name] * n
    columns["transcript_id"] += [call.transcript_id] * n
    columns["date"] += [call.date] * n
    columns["sentence_id"] += [f"{firm_id}_{call.transcript_id}_{position:04d}" for position in range(n)]
    columns["position"] += range(n)
    columns["speaker_type"] += speakers
    columns["section"] += sections
    columns["text"] += texts
    columns["procedural"] += flag_procedural(columns["model_text"][-n:] if n else [], speakers, sections)
    return n_long


def _counts(call: Call, source: Source) -> bool:
    after = source.start_date is None or call.date >= source.start_date
    return after and (source.end_date is None or call.date <= source.end_date)
