"""Proves that no text of a run's transcripts is in a folder of files, whatever the files' form.

What a journal publishes, anyone may read; a provider's licence forbids that of transcripts. So every file is read as a
reader could read it (the strings in Parquet and JSON too), and compared word by word: a whole sentence of at least
FEWEST words, or LONGEST words in a row of a longer one, is text of the transcripts. Case, punctuation and line breaks do
not hide it. Shorter sentences ("Thank you very much.") are everyone's, and say nothing of whose they are.
"""

import html
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from earnings_themes.errors import ResultError

# Shorter sentences stand in any prose: "Next question." Longer quotations than ten words hold one of ten words. Both by
# eye on calls of two open data sets, so that codebook and logs, which hold no speech, have no hit (docs/package.md).
FEWEST: Final = 5
LONGEST: Final = 10
# The first is that of files without an ending.
_TEXT: Final = (
    "|.cff|.css|.csv|.do|.html|.in|.ini|.jinja|.js|.log|.md|.py|.r|.rst|.sh|.sha256|.smk|.sql|.svg|.toml|.tsv|.txt|.typed"
    "|.xml|.yaml|.yml"
).split("|")
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True)
class Scan:
    """What a scan found.

    files, sentences: how many files were read and how many sentences, of FEWEST words or more, were looked for. hits:
    by file, how many sentences it holds. examples: by file, the id of one of them.
    """

    files: int
    sentences: int
    hits: dict[str, int]
    examples: dict[str, str]


def scan(folder: Path, transcripts: Path) -> Scan:
    """Look for every sentence of a run's transcripts.parquet in every file below a folder.

    Memory grows with the folder's text, not with the transcripts. Raises ResultError for a file that cannot be read, or whose
    form is not known, so that it could hide text.
    """
    files = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    # By the hash of each run of words, the numbers of the files that hold it.
    holders: defaultdict[int, set[int]] = defaultdict(set)
    for number, name in enumerate(files):
        # Words of two texts are not in a row.
        for text in iter_texts(folder / name):
            words = plain_words(text)
            for n in range(FEWEST, LONGEST + 1):
                for gram in _grams(words, n):
                    holders[gram].add(number)
    hits: Counter[int] = Counter()
    examples: dict[str, str] = {}
    n_long = 0
    for batch in pq.ParquetFile(transcripts).iter_batches(columns=["sentence_id", "text", "model_text"]):
        for row in batch.to_pylist():
            n_long += len(plain_words(row["text"])) >= FEWEST
            for number in _holding(row["text"], holders) | _holding(row["model_text"] or "", holders):
                hits[number] += 1
                examples.setdefault(files[number], row["sentence_id"])
    return Scan(len(files), n_long, {files[number]: hits[number] for number in sorted(hits)}, examples)


def _holding(sentence: str, holders: Mapping[int, set[int]]) -> set[int]:
    """Return the numbers of the files that hold the sentence, or LONGEST words in a row of it."""
    words = plain_words(sentence)
    if len(words) < FEWEST:
        return set()
    return set().union(*(holders.get(gram, ()) for gram in _grams(words, min(len(words), LONGEST))))


def plain_words(text: str) -> list[str]:
    """Return the text's words in lower case, without punctuation."""
    return _WORD.findall(html.unescape(text).casefold())


def iter_texts(path: Path) -> Iterator[str]:
    """Yield every text in a file: a text file whole, of JSON and Parquet each string. Raises ResultError."""
    kind = path.suffix.lower()
    try:
        if kind == ".parquet":
            yield from _in_parquet(path)
        elif kind == ".npz":
            yield from _in_numbers(path)
        elif kind == ".json":
            yield from _strings(json.loads(path.read_text(encoding="utf-8")))
        elif kind in _TEXT:
            yield path.read_text(encoding="utf-8")
        else:
            raise ResultError(
                f"{path.name}: files that end in {kind} cannot be searched for text of the transcripts. Expected text, "
                "JSON, CSV or Parquet. Leave it out, or save it in one of these forms."
            )
    except (OSError, ValueError, pa.ArrowException) as error:
        raise ResultError(
            f"{path.name}: cannot be searched for text of the transcripts: {error}. Leave it out or mend it."
        ) from error


def _strings(value: Any) -> Iterator[str]:
    """Yield every text in a value, however deep it lies; keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, Mapping):
        for pair in value.items():
            yield from _strings(pair)
    elif isinstance(value, Iterable):
        for inner in value:
            yield from _strings(inner)


def _in_parquet(path: Path) -> Iterator[str]:
    file = pq.ParquetFile(path)
    yield from _strings(file.schema_arrow.metadata or {})
    yield from file.schema_arrow.names
    for group in range(file.metadata.num_row_groups):
        for column in file.read_row_group(group).itercolumns():
            if pa.types.is_string(column.type):
                column = column.unique()  # names and labels stand in many rows
            if not (pa.types.is_primitive(column.type) or pa.types.is_boolean(column.type)):
                yield from _strings(column.to_pylist())


def _in_numbers(path: Path) -> Iterator[str]:
    with np.load(path, allow_pickle=False) as arrays:
        for name in arrays.files:
            yield name
            if arrays[name].dtype.kind in "US":
                yield from _strings(arrays[name].ravel().tolist())


def _grams(words: list[str], n: int) -> Iterator[int]:
    for start in range(len(words) - n + 1):
        yield hash(" ".join(words[start : start + n]))
