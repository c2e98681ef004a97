"""Publishes topics and themes of a run to the store, and writes a receipt."""

import json
from pathlib import Path

from earnings_themes.abstractions import Receipt, ThemeStore
from earnings_themes.config import Publish
from earnings_themes.errors import NotFoundError
from earnings_themes.implementations import store_class
from earnings_themes.results.artifacts import read_themes, write_json
from earnings_themes.results.firms import read_firms
from earnings_themes.results.tree import TreeReader
from earnings_themes.system.folders import Folder


def publish_files(
    run: str,
    folder: Folder,
    firms: Path,
    themes: Path,
    settings: Publish,
    receipt: Path,
    reduced: Path | None = None,
) -> Receipt:
    """Publish a run from its files, one firm at a time, and write published.json.

    folder: where the run lies, on a disk or in S3. firms: the run's firms.tsv; those that the themes list as skipped
    are left out. reduced: the receipt of the reduce. Where that published already, being nearer to the files, and the
    store still shows what it published, its receipt is the receipt. Raises ResultError and StoreError, and CloudError
    when AWS refuses.
    """
    place = settings.table if settings.store == "dynamodb" else settings.path
    store: ThemeStore = store_class(settings.store)(place)  # type: ignore[call-arg]
    result = _published(store, reduced) if reduced else None
    if result is None:
        found = read_themes(themes)
        result = store.publish(run, TreeReader(folder, read_firms(firms), found), found)
    write_json(receipt, result)
    return result


def _published(store: ThemeStore, reduced: Path) -> Receipt | None:
    said = json.loads(reduced.read_text(encoding="utf-8")).get("published")
    if said is None:
        return None
    receipt = Receipt(**said)
    return receipt if still_shows(store, receipt) else None


def still_shows(store: ThemeStore, receipt: Receipt) -> bool:
    """Return whether readers of the store see what the receipt is of."""
    try:
        return (receipt.run, receipt.version) in {(info.run, info.version) for info in store.runs()}
    except NotFoundError:
        return False
