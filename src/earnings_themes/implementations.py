"""Finds an implementation by its name in config.yaml, or a third party's by its import path.

Built-in names map to import paths too, so nothing is imported before it is chosen: a run that clusters
with BERTopic never loads the LDA library.
"""

import importlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from pydantic import ConfigDict, PydanticSchemaGenerationError, TypeAdapter, ValidationError

from earnings_themes.abstractions import DataConnector, ThemeStore, TopicModelInterface
from earnings_themes.config import Config
from earnings_themes.config.reading import did_you_mean, faults_of, refuse_faults
from earnings_themes.errors import ConfigError, close_to, require

T = TypeVar("T")

MODELS = {
    "bertopic": "earnings_themes.topics.bertopic_model:BERTopicModel",
    "lda": "earnings_themes.topics.lda_model:LDAModel",
    "neural": "earnings_themes.topics.neural_model:NeuralModel",
}
CONNECTORS = {
    "local_csv": "earnings_themes.ingest.local_csv:LocalCSVConnector",
    "s3": "earnings_themes.ingest.s3:S3Connector",
    "wrds": "earnings_themes.ingest.wrds:WRDSConnector",
}
STORES = {
    "dynamodb": "earnings_themes.stores.dynamodb:DynamoDBThemeStore",
    "sqlite": "earnings_themes.stores.sqlite:SQLiteThemeStore",
}
# Of the names in config.yaml, those that need a package which `make run` does not install, and what installs it.
_EXTRA = {
    "lda": ("tomotopy", "make lda"),
    "s3": ("boto3", "make cloud"),
    "dynamodb": ("boto3", "make cloud"),
    "sagemaker": ("boto3", "make cloud"),
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


def check_installed(name: str, what: str) -> None:
    """Raise ConfigError where a built-in name needs a package that is not installed. what: the name, as it was given."""
    if name in _EXTRA:
        module, command = _EXTRA[name]
        require(module, what, command)


def check_classes(config: Config) -> None:
    """Look at the model, source, store and backend that the settings name, before anything runs.

    A class of the user's own is imported, and `topics.params` are compared to its signature. The built-in ones are
    not, because they load numpy and torch; their parameters were checked with the settings.

    Raises ConfigError with every fault: a name that is not known, one whose package is not installed, a class that
    cannot be imported, a parameter that it does not take.
    """
    faults: list[str] = []
    for key, name, known, find in (
        ("source.kind", config.source.kind, CONNECTORS, connector_class),
        ("topics.model", config.topics.model, MODELS, model_class),
        ("publish.store", config.publish.store, STORES, store_class),
        ("reduce.backend", config.reduce.backend, {}, None),
    ):
        try:
            if find is None or name in known:
                check_installed(name, f"{key}: {name}")
            elif find is model_class:
                faults += parameter_faults(find(name), config.topics.params, "topics.params")
            else:
                find(name)
        except ConfigError as error:
            faults.append(str(error))
    refuse_faults(faults)


def parameter_faults(kind: type[Any], params: Mapping[str, Any], where: str) -> list[str]:
    """Return what of the parameters a class could not be made with: names it does not take, values of another type."""
    owner = next(each for each in kind.__mro__ if "__init__" in vars(each))
    if owner.__module__.startswith("earnings_themes.topics."):
        # A subclass of a built-in model takes what that takes.
        return faults_of(kind.parameters, dict(params), where)
    known = dict(inspect.signature(kind).parameters)
    known.pop("seed", None)  # the workflow's own
    takes_any = any(p.kind is p.VAR_KEYWORD for p in known.values())
    named = [name for name, p in known.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    faults: list[str] = []
    for name, value in params.items():
        if name in named:
            faults += _type_fault(kind, name, value, f"{where}.{name}")
        elif not takes_any:
            faults.append(did_you_mean(f"{where}.{name}", {f"{where}.{each}": each for each in named}, name))
    needed = [name for name in named if known[name].default is inspect.Parameter.empty and name not in params]
    return faults + [f"{where}.{name} is missing; {kind.__name__} needs it." for name in needed]


def _type_fault(kind: type[Any], name: str, value: Any, where: str) -> Iterator[str]:
    try:
        hint = get_type_hints(kind.__init__)[name]
        TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True)).validate_python(value)
    except ValidationError:
        yield f"{where} is {value!r}; expected {inspect.formatannotation(hint)}, as {kind.__name__} says."
    except (KeyError, NameError, TypeError, PydanticSchemaGenerationError):
        return  # no type is said, or one that only a type checker knows


def _find(name: str, known: Mapping[str, str], interface: type[T], key: str) -> type[T]:
    path = known.get(name, name)
    module_name, _, class_name = path.partition(":")
    if not class_name:
        raise ConfigError(
            f"{key}: {name!r} is not known. Expected one of {', '.join(sorted(known))}, "
            f"or the import path of your own class as package.module:Class.{close_to(name, known)}"
        )
    if name in known:
        check_installed(name, f"{key}: {name}")
    elif (here := str(Path.cwd())) not in sys.path:
        # A class of one's own may lie beside one's config; no job's Python looks there by itself.
        sys.path.append(here)
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # a module of the user's own may raise anything
        raise ConfigError(
            f"{key}: {path!r} cannot be imported: {type(error).__name__}: {error}. Expected package.module:Class "
            "of a package that is installed where the workflow runs, or of a file in the folder it is called in."
        ) from error
    found = getattr(module, class_name, None)
    if found is None:
        raise ConfigError(
            f"{key}: {path!r} cannot be imported: {module_name} has no {class_name!r}."
            + close_to(class_name, vars(module))
        )
    if not (isinstance(found, type) and issubclass(found, interface)):
        raise ConfigError(
            f"{key}: {path!r} is not a subclass of earnings_themes.abstractions.{interface.__name__}."
        )
    return found
