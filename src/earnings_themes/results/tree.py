"""sentences.parquet, and with it the tree theme → topic → sentence as records, firm by firm.

A firm's rows stand together and in the order of transcripts.parquet, so both files are read side by side, a row group at
a time, and ten thousand firms never stand in memory at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from earnings_themes.abstractions import FirmTopic, FirmTopics, Themes, TopicSentence
from earnings_themes.abstractions.records import FirmStatus, Kind
from earnings_themes.errors import ResultError
from earnings_themes.results.artifacts import open_parquet
from earnings_themes.results.firms import FirmRow, encode_firm
from earnings_themes.system.folders import Folder

SENTENCES_SCHEMA = pa.schema(
    [
        ("sentence_id", pa.string()),
        ("firm_id", pa.string()),
        ("transcript_id", pa.string()),
        ("date", pa.date32()),
        ("section", pa.string()),
        ("speaker_type", pa.string()),
        ("kind", pa.string()),
        ("content", pa.float32()),
        ("topic_id", pa.int32()),
        ("theme_id", pa.string()),
        ("strength", pa.float32()),
        ("broad_id", pa.string()),
    ]
)


class TreeReader:
    """Iterates over the firms of a finished run with the topics of the tree, a few firms in memory at a time.

    folder: the run's. firms: lines of firms.tsv. made: where sentences.parquet lies, if elsewhere. May be iterated again.
    It is what a store publishes and the report shows.
    """

    def __init__(
        self, folder: Folder, firms: Sequence[FirmRow], themes: Themes, made: Folder | None = None
    ) -> None:
        self.folder = folder
        self.made = made or folder
        self.firms = firms
        self.themes = themes
        self._by_firm = _topics_by_firm(themes)

    def __iter__(self) -> Iterator[FirmTopics]:
        """Yield one firm at a time, the skipped ones left out. Raises ResultError and CloudError."""
        skipped = {firm.firm_id: firm.reason for firm in self.themes.skipped_firms}
        statuses = {row.firm_id: skipped.get(row.firm_id, "ok") for row in self.firms}
        rows = {row.firm_id: row for row in self.firms if statuses[row.firm_id] in get_args(FirmStatus)}
        wanted = [firm for firm, row in rows.items() if row.n_sentences]
        settled = _only(
            _by_firm(open_parquet(f"{self.made}/sentences.parquet"), ["topic_id", "strength"]), wanted
        )
        spoken = spoken_by_firm(self.folder, wanted, ["sentence_id", "text", "speaker_type", "procedural"])
        for firm_id, texts in spoken:
            other, topics = next(settled, ("no firm", texts))
            if other != firm_id or topics.num_rows != texts.num_rows:
                raise ResultError(
                    f"{self.made}/sentences.parquet: holds {other!r} where transcripts.parquet has {firm_id!r}. They "
                    "are of two runs: run themes again."
                )
            yield self._firm(rows.pop(firm_id), topics, texts, statuses[firm_id])
        for row in rows.values():
            yield self._firm(row, None, None, statuses[row.firm_id])

    def _firm(self, row: FirmRow, topics: pa.Table | None, texts: pa.Table | None, status: Any) -> FirmTopics:
        listed = self._by_firm.get(row.firm_id, {})
        groups: dict[int, list[TopicSentence]] = {number: [] for number in sorted(listed)}
        if topics is not None and texts is not None:
            names = ("topic_id", "strength", "sentence_id", "text", "speaker_type")
            columns = [(topics if name in topics.column_names else texts)[name].to_pylist() for name in names]
            said = [each for each in zip(*columns, strict=True) if each[0] is not None]
            # The surest first; what no theme holds, and so has no strength, last.
            said.sort(key=lambda each: (each[0], 1.0 if each[1] is None else -each[1], each[2]))
            for topic, strength, sentence, text, speaker in said:
                fit = None if strength is None else min(strength, 1.0)
                groups[topic].append(TopicSentence(sentence, text, speaker, fit))
        kept = []
        for number, sentences in groups.items():
            label, kind = listed[number]
            keywords = ((label, 1.0),) if label else ()
            if sentences:
                kept.append(FirmTopic(number, label, keywords, len(sentences), kind, None, tuple(sentences)))
        n_procedural = (pc.sum(texts["procedural"]).as_py() or 0) if texts is not None else 0
        return FirmTopics(
            schema_version=self.themes.schema_version, run=self.themes.run, firm_id=row.firm_id,
            firm_name=row.firm_name, status=status, n_topics=len(kept), topics=tuple(kept), centroids=(), outliers=(),
            metadata={"n_sentences": row.n_sentences, "n_procedural": n_procedural},
        )  # fmt: skip


def _topics_by_firm(themes: Themes) -> Mapping[str, dict[int, tuple[str, Kind]]]:
    """Return label and kind of each firm's topics by their numbers."""
    found: dict[str, dict[int, tuple[str, Kind]]] = {}
    for theme in themes.themes:
        for topic in theme.topics:
            found.setdefault(topic.firm_id, {})[topic.topic_id] = (topic.label, theme.kind)
    for alone in themes.unassigned_topics:
        found.setdefault(alone.firm_id, {})[alone.topic_id] = (alone.label, "subject")
    return found


def has_file_a_firm(folder: Folder) -> bool:
    """Return whether a run has its sentences in one file per firm, as the container of one firm's topics leaves them."""
    return "transcripts.parquet" not in folder.list()


def spoken_by_firm(
    folder: Folder, firm_ids: Sequence[str], columns: list[str]
) -> Iterator[tuple[str, pa.Table]]:
    """Give these firms' sentences, one table per firm: firm_id, and some columns of transcripts.parquet."""
    if has_file_a_firm(folder):
        files = folder.child("sentences")
        for firm in firm_ids:
            file = pq.ParquetFile(files.open(f"{encode_firm(firm)}.parquet"), pre_buffer=True)
            yield from _by_firm(file, columns)
    else:
        yield from _only(_by_firm(open_parquet(f"{folder}/transcripts.parquet"), columns), firm_ids)


def _only(firms: Iterator[tuple[str, pa.Table]], wanted: Sequence[str]) -> Iterator[tuple[str, pa.Table]]:
    kept = set(wanted)
    return (pair for pair in firms if pair[0] in kept)


def _by_firm(file: pq.ParquetFile, columns: list[str]) -> Iterator[tuple[str, pa.Table]]:
    """Give each firm's rows of a file in which a firm's rows stand together, row group by row group."""
    kept: list[pa.Table] = []
    for group in range(file.num_row_groups):
        table = pa.concat_tables([*kept, file.read_row_group(group, columns=["firm_id", *columns])])
        if not table.num_rows:
            continue  # the file of a firm without a sentence
        runs = pc.run_end_encode(table["firm_id"].combine_chunks())
        ends = runs.run_ends.to_pylist()
        firms = list(zip(runs.values.to_pylist(), [0, *ends[:-1]], ends, strict=True))
        # The next group may go on with the last firm.
        last = firms.pop() if group + 1 < file.num_row_groups else None
        for firm, start, end in firms:
            yield firm, table.slice(start, end - start)
        kept = [table.slice(last[1])] if last else []
