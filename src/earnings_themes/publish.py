"""Publish: a run's topics and themes go to the theme store, and a receipt says what is there now."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

from earnings_themes.abstractions import FirmTopics, Receipt, ThemeStore
from earnings_themes.config import Publish
from earnings_themes.errors import ConfigError, ResultError
from earnings_themes.registry import store_class
from earnings_themes.results import read_firm_topics, read_themes, write_json


def make_store(settings: Publish) -> ThemeStore:
    """Return the store that `publish` of config.yaml names. Raises ConfigError."""
    if settings.store != "dynamodb":
        return store_class(settings.store)(settings.path)  # type: ignore[call-arg]
    if not settings.table:
        raise ConfigError("publish.table is not set; store: dynamodb needs the name of its table.")
    return store_class(settings.store)(settings.table)  # type: ignore[call-arg]


def publish_files(
    run: str, topics: Sequence[Path], themes: Path, settings: Publish, receipt: Path
) -> Receipt:
    """Publish a run from its files, one firm at a time, and write published.json."""
    result = make_store(settings).publish(run, _firms(topics), read_themes(themes))
    write_json(receipt, dataclasses.asdict(result))
    return result


def _firms(paths: Sequence[Path]) -> Iterator[FirmTopics]:
    for path in paths:
        # What the themes could not read they list by name; the store shows what the themes show.
        try:
            yield read_firm_topics(path)
        except ResultError:
            continue
