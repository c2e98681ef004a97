"""Publishes topics and themes of a run to the store, and writes a receipt."""

import json
from pathlib import Path

from earnings_themes.abstractions import Receipt, ThemeStore
from earnings_themes.config import Publish
from earnings_themes.errors import NotFoundError
from earnings_themes.implementations import store_class
from earnings_themes.results.artifacts import parse_themes, write_json
from earnings_themes.results.firms import parse_firms
from earnings_themes.results.tree import TreeReader
from earnings_themes.system.folders import Folder


def publish_files(run: str, folder: Folder, settings: Publish, receipt: Path) -> Receipt:
    """Publish a run from its files, one firm at a time, and write published.json.

    folder: where the run lies, on a disk or in S3; firms that its themes list as skipped are left out. Where the reduce
    published already, being nearer to the files, and the store still shows that, its receipt is the receipt. Raises
    ResultError and StoreError, and CloudError when AWS refuses.
    """
    place = settings.table if settings.store == "dynamodb" else settings.path
    store: ThemeStore = store_class(settings.store)(place)  # type: ignore[call-arg]
    result = _published(store, folder)
    if result is None:
        found = parse_themes(folder.read("themes.json"), f"{folder}/themes.json")
        firms = parse_firms(folder.read("firms.tsv"), f"{folder}/firms.tsv")
        result = store.publish(run, TreeReader(folder, firms, found), found)
    write_json(receipt, result)
    return result


def _published(store: ThemeStore, folder: Folder) -> Receipt | None:
    said = json.loads(folder.read("reduce.json")).get("published")
    receipt = Receipt(**said) if said else None
    return receipt if receipt and still_shows(store, receipt) else None


def still_shows(store: ThemeStore, receipt: Receipt) -> bool:
    """Return whether readers of the store see what the receipt is of."""
    try:
        return (receipt.run, receipt.version) in {(info.run, info.version) for info in store.runs()}
    except NotFoundError:
        return False
