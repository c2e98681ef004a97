"""Ingest: every firm's calls become sentences, split, cleaned and flagged once for the whole run.

One parquet file with a row group a firm, so that a firm's job reads its own sentences and no others.
Sentences are numbered over the whole call before any filter: an id never moves when a filter changes.
"""

import difflib
import hashlib
import json
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from earnings_themes.abstractions import Call, DataConnector, TranscriptData
from earnings_themes.config import Source
from earnings_themes.errors import InputError, UnknownFirmError
from earnings_themes.reduce.folders import Folder
from earnings_themes.registry import connector_class
from earnings_themes.results import (
    TRANSCRIPT_SCHEMA,
    FirmRow,
    id_fault,
    one_line,
    parse_firms,
    replaced,
    write_firms,
    write_json,
)
from earnings_themes.text import clean, flag_procedural, split_sentences_counted


def connect(source: Source) -> DataConnector:
    """Return the data connector that `source.kind` names. Raises ConfigError."""
    connector = connector_class(source.kind)(source.path)
    connector.limits = source.limits
    return connector


def list_firms(source: Source, connector: DataConnector | None = None) -> list[str]:
    """Return the sorted ids of the firms that a run is about: those with a call between the dates.

    Raises InputError when there is none, when there are more than `source.limits.firms`, and for an id that cannot
    name a file; UnknownFirmError when `source.firms` names one that the source does not hold.
    """
    found = (connector or connect(source)).get_firms(source.start_date, source.end_date)
    between = f"between {source.start_date or 'the first'} and {source.end_date or 'the last'} call date"
    if not found:
        raise InputError(
            f"{source.path}: no firm has a call {between}. Check source.start_date and end_date."
        )
    for firm_id in found:
        if fault := id_fault(firm_id):
            raise InputError(f"{source.path}: a firm's id is {fault}")
    if source.firms is None:
        return _few_enough(found, source)
    unknown = sorted(set(source.firms) - set(found))
    if unknown:
        close = difflib.get_close_matches(unknown[0], found, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise UnknownFirmError(
            f"{source.path}: source.firms names {unknown}, without a call {between}.{hint}"
        )
    return _few_enough(sorted(set(source.firms)), source)


def _few_enough(firms: list[str], source: Source) -> list[str]:
    if len(firms) > source.limits.firms:
        raise InputError(
            f"{source.path}: found {len(firms):,} firms; expected at most {source.limits.firms:,} in one run. "
            "Make a run a quarter (source.start_date, end_date), or raise source.limits.firms."
        )
    return firms


def ingest(source: Source, transcripts: Path, firms: Path, report: Path, workers: int = 1) -> None:
    """Read the source and write transcripts.parquet, firms.tsv and ingest.json.

    workers: processes that split and flag sentences; the result does not depend on it. Raises InputError.
    """
    started = time.perf_counter()
    connector = connect(source)
    firm_ids = list_firms(source, connector)
    rows: list[FirmRow] = []
    totals: Counter[str] = Counter(firms=len(firm_ids))
    skipped: Counter[str] = Counter()
    prefixes: dict[str, str] = {}
    n_groups = 0
    with (
        replaced(transcripts) as part,
        pq.ParquetWriter(part, TRANSCRIPT_SCHEMA, compression="zstd", write_page_checksum=True) as writer,
    ):
        split = _split_all(connector, source, firm_ids, workers)
        for firm in tqdm(split, total=len(firm_ids), desc="ingest", unit="firm", mininterval=5):
            _check_prefixes(prefixes, firm, source)
            if firm.table.num_rows:
                writer.write_table(firm.table, row_group_size=firm.table.num_rows)
            has_rows = bool(firm.table.num_rows)
            rows.append(
                FirmRow(
                    firm.firm_id,
                    firm.firm_name,
                    firm.n_calls,
                    firm.table.num_rows,
                    n_groups if has_rows else -1,
                    firm.digest,
                )
            )
            n_groups += has_rows
            totals.update(calls=firm.n_calls, sentences=firm.table.num_rows, **firm.counts)
            skipped.update(firm.skipped)
    write_firms(firms, rows)
    # "skipped_rows" is what the researcher must know of the input: rows that are in no result, by reason.
    write_json(
        report,
        {
            "source": describe(source),
            **totals,
            "skipped_rows": dict(sorted(skipped.items())),
            "timing": {"seconds": time.perf_counter() - started},
        },
    )


def describe(source: Source) -> dict[str, Any]:
    """Return the source as JSON would hold it."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(source), default=str))
    return plain


def known_firms(source: Source, folder: Folder, is_final: bool = False) -> list[str]:
    """Return the ids of the run's firms, from firms.tsv where ingest made it from this very source.

    Otherwise the source is asked, which for a CSV means reading it once. This is what the DAG is built from.
    folder: the run's. is_final: ingest is done, as it is for a job that needs its files, so that firms.tsv is
    right however the source looks now. Raises InputError, and ResultError for a damaged firms.tsv.
    """
    files = folder.list()
    if {"firms.tsv", "ingest.json"} <= files.keys():
        changed = None if is_final else connect(source).modified()
        newer = changed is not None and files["firms.tsv"].modified >= changed
        same = json.loads(folder.read("ingest.json")).get("source") == describe(source)
        if is_final or (newer and same):
            return [row.firm_id for row in parse_firms(folder.read("firms.tsv"), f"{folder}/firms.tsv")]
    return list_firms(source)


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
    with ProcessPoolExecutor(workers) as pool:
        # A window of futures, in order: the memory is that of a few firms, however many there are.
        pending: deque[Future[_FirmSentences]] = deque()
        for firm_id in firm_ids:
            pending.append(pool.submit(_split_firm, connector.get_transcripts(firm_id), source))
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
