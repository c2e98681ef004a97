"""The reduce of a whole run, from its folder to themes.json and a receipt: the same here and on SageMaker."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from earnings_themes import __version__
from earnings_themes.abstractions import Receipt, SkippedFirm
from earnings_themes.config import Config
from earnings_themes.errors import ResultError
from earnings_themes.results.artifacts import read_themes, write_json
from earnings_themes.results.firms import parse_firms
from earnings_themes.results.provenance import peak_memory_mb
from earnings_themes.results.topics_reader import TopicsReader
from earnings_themes.results.tree import TreeReader
from earnings_themes.stores import open_store
from earnings_themes.system.folders import Folder, LocalFolder
from earnings_themes.themes.aggregate import aggregate_files

log = logging.getLogger(__name__)

THEMES: Final = "themes.json"
SENTENCES: Final = "sentences.parquet"
RECEIPT: Final = "reduce.json"


@dataclass(frozen=True, slots=True)
class ReduceReceipt:
    """What a reduce did: files read and left out, seconds by step, and the store's receipt if it published."""

    run: str
    version: str
    input: str
    n_firms: int
    n_read: int
    n_themes: int
    n_topics: int
    skipped_firms: tuple[SkippedFirm, ...]
    ignored_files: tuple[str, ...]
    seconds: dict[str, float]
    peak_memory_mb: float
    published: Receipt | None


def reduce_run(
    config: Config, folder: Folder, output: Path, receipt: Path, table: str | None = None, workers: int = 1
) -> ReduceReceipt:
    """Find the themes of the run in `folder`, write themes.json to `output`, publish to `table` if there is one.

    folder: where firms.tsv and topics/ lie. workers: processes that share the work. What was done is written to
    `receipt`. Raises CoverageError when too few firms can be read, ResultError when firms.tsv cannot or the files do
    not belong together, CloudError when AWS refuses, and StoreError when the table cannot be written.
    """
    started = time.perf_counter()
    try:
        firms = parse_firms(folder.read("firms.tsv"), f"{folder}/firms.tsv")
    except OSError as error:
        raise ResultError(f"{folder}/firms.tsv: cannot be read ({error}). Ingest makes it.") from error
    log.info("%s: %d firms, version %s", folder, len(firms), __version__)
    reader = TopicsReader(
        folder.child("topics"),
        [firm.firm_id for firm in firms],
        config.run,
        {firm.firm_id: firm.firm_name for firm in firms},
        folder.child("logs").child("topics"),
    )
    themes = aggregate_files(config, folder, reader, output, workers)
    seconds: dict[str, float] = dict(themes.metadata["timing"]["seconds"])
    published = None
    if table:
        before = time.perf_counter()
        # As the file has them, rounded: a publish from the files is then the same content.
        shown = read_themes(output)
        tree = TreeReader(folder, firms, shown, LocalFolder(output.parent))
        published = open_store(f"dynamodb:{table}").publish(shown.run, tree, shown)
        seconds["publish"] = time.perf_counter() - before
    seconds["total"] = time.perf_counter() - started
    done = ReduceReceipt(
        run=config.run,
        version=__version__,
        input=str(folder),
        n_firms=len(firms),
        n_read=len(firms) - len(reader.unreadable),
        n_themes=themes.n_themes,
        n_topics=themes.metadata["n_topics"],
        skipped_firms=themes.skipped_firms,
        ignored_files=tuple(reader.ignored),
        seconds=seconds,
        peak_memory_mb=peak_memory_mb(),
        published=published,
    )
    write_json(receipt, done)
    log.info("%d themes of %d topics in %.0f s", done.n_themes, done.n_topics, seconds["total"])
    return done
