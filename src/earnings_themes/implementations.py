"""Finds an implementation by its name in config.yaml, or a third party's by its import path.

Built-in names map to import paths too, so nothing is imported before it is chosen: a run that clusters
with BERTopic never loads the LDA library.
"""

import difflib
import importlib
from typing import TypeVar

from earnings_themes.abstractions import DataConnector, ThemeStore, TopicModelInterface
from earnings_themes.errors import ConfigError

T = TypeVar("T")

MODELS = {
    "bertopic": "earnings_themes.topics.bertopic_model:BERTopicModel",
    "lda": "earnings_themes.topics.lda_model:LDAModel",
    "neural": "earnings_themes.topics.neural_model:NeuralModel",
}
CONNECTORS = {
    "local_csv": "earnings_themes.ingest.local_csv:LocalCSVConnector",
    "s3": "earnings_themes.ingest.s3:S3Connector",
}
STORES = {
    "dynamodb": "earnings_themes.stores.dynamodb:DynamoDBThemeStore",
    "sqlite": "earnings_themes.stores.sqlite:SQLiteThemeStore",
}


def model_class(name: str) -> type[TopicModelInterface]:
    """Return the topic model called `name` in config.yaml. Raises ConfigError."""
    return _find(name, MODELS, TopicModelInterface, "topics.model")  # type: ignore[type-abstract]


def connector_class(name: str) -> type[DataConnector]:
    """Return the data connector called `name` in config.yaml. Raises ConfigError."""
    return _find(name, CONNECTORS, DataConnector, "source.kind")  # type: ignore[type-abstract]


def store_class(name: str) -> type[ThemeStore]:
    """Return the theme store called `name` in config.yaml. Raises ConfigError."""
    return _find(name, STORES, ThemeStore, "publish.store")  # type: ignore[type-abstract]


def _find(name: str, known: dict[str, str], interface: type[T], key: str) -> type[T]:
    path = known.get(name, name)
    module_name, _, class_name = path.partition(":")
    if not class_name:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ConfigError(
            f"{key}: {name!r} is not known. Expected one of {', '.join(sorted(known))}, "
            f"or the import path of your own class as package.module:Class.{hint}"
        )
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"{key}: {path!r} cannot be imported: {error}. Expected package.module:Class "
            "of a package that is installed where the workflow runs."
        ) from error
    if not (isinstance(found, type) and issubclass(found, interface)):
        raise ConfigError(
            f"{key}: {path!r} is not a subclass of earnings_themes.abstractions.{interface.__name__}."
        )
    return found
