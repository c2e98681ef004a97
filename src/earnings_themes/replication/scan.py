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
from dataclasses import dataclass, field
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
_TEXT: Final = frozenset(
    "|.cff|.csv|.in|.ini|.jinja|.json|.log|.md|.py|.rst|.r|.do|.sha256|.sh|.smk|.sql|.css|.html|.js|.svg|.toml|.tsv|.txt|.typed|.xml|.yaml|.yml".split(
        "|"
    )
)
_WORD: Final = re.compile(r"\w+")


@dataclass
class Index:
    """The words of a folder's files, by runs of FEWEST to LONGEST words.

    files: the files' paths, relative to the folder. grams: for the hash of each run of words, the numbers of the files
    that hold it.
    """

    files: list[str] = field(default_factory=list)
    grams: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def add(self, name: str, texts: Iterable[str]) -> None:
        """Take in a file's texts, each by itself: words of two texts are not in a row."""
        number = len(self.files)
        self.files.append(name)
        for text in texts:
            words = plain_words(text)
            for n in range(FEWEST, LONGEST + 1):
                for gram in _grams(words, n):
                    self.grams[gram].add(number)

    def holders(self, sentence: str) -> set[int]:
        """Return the numbers of the files that hold the sentence, or LONGEST words in a row of it."""
        words = plain_words(sentence)
        if len(words) < FEWEST:
            return set()
        found: set[int] = set()
        for gram in _grams(words, min(len(words), LONGEST)):
            found |= self.grams.get(gram, set())
        return found


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
    index = Index()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            index.add(path.relative_to(folder).as_posix(), iter_texts(path))
    hits: Counter[int] = Counter()
    examples: dict[str, str] = {}
    n = 0
    for batch in pq.ParquetFile(transcripts).iter_batches(columns=["sentence_id", "text", "model_text"]):
        for row in batch.to_pylist():
            n += len(plain_words(row["text"])) >= FEWEST
            for number in index.holders(row["text"]) | index.holders(row["model_text"] or ""):
                hits[number] += 1
                examples.setdefault(index.files[number], row["sentence_id"])
    return Scan(len(index.files), n, {index.files[k]: hits[k] for k in sorted(hits)}, examples)


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
