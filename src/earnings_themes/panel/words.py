"""Scores sentences by word lists, or by a class of the user's own."""

import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earnings_themes.errors import ConfigError
from earnings_themes.text.words import words_of


@dataclass(frozen=True, slots=True)
class WordList:
    """A list: words in lower case, and phrases of several words with a blank before and behind."""

    name: str
    words: frozenset[str]
    phrases: tuple[str, ...]


def read_lists(paths: Mapping[str, str]) -> list[WordList]:
    """Read `panel.words`: text files with one word or phrase per line, in any case; lines that begin with # are notes.

    Raises ConfigError when a file cannot be read or holds no word.
    """
    return [_read_list(name, path) for name, path in paths.items()]


def _read_list(name: str, path: str) -> WordList:
    where = f"config: panel.words.{name} names {path}"
    if not (name.isascii() and name.isidentifier()):
        raise ConfigError(
            f"config: panel.words has a list called {name!r}; expected a name of letters, digits and _, because the "
            "panel's column is called n_NAME."
        )
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{where}, which cannot be read ({error}). Expected a text file, one word per line."
        ) from error
    entries = [words_of(line) for line in lines if not line.lstrip().startswith("#")]
    words = frozenset(entry[0] for entry in entries if len(entry) == 1)
    phrases = tuple(f" {' '.join(entry)} " for entry in entries if len(entry) > 1)
    if not words and not phrases:
        raise ConfigError(f"{where}, which holds no word. Expected a text file, one word per line.")
    return WordList(name, words, phrases)


def holds(lists: Sequence[WordList], texts: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    """Return by list whether each sentence holds a word or phrase of it; whole words, in any case."""
    said = [words_of(text) for text in texts] if lists else []
    return {each.name: np.array([_held(each, words) for words in said], dtype=bool) for each in lists}


def _held(by: WordList, words: Sequence[str]) -> bool:
    if not by.words.isdisjoint(words):
        return True
    joined = f" {' '.join(words)} " if by.phrases else ""
    return any(phrase in joined for phrase in by.phrases)


def load_scorer(path: str | None) -> Any:
    """Return an object of `panel.score`, package.module:Class; None where none is named.

    The class is made without arguments; its `score(texts)` takes a list of sentences and gives a number for each.
    Raises ConfigError when it cannot be imported, or has no method `score`.
    """
    if path is None:
        return None
    module, _, name = path.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        # As for the other classes of one's own: a file beside one's config is found.
        sys.path.append(here)
    try:
        made = getattr(importlib.import_module(module), name)()
    except Exception as error:  # a module of the user's own may raise anything
        raise ConfigError(
            f"config: panel.score is {path!r}, which cannot be used ({type(error).__name__}: {error}). Expected "
            "package.module:Class, a class that is made without arguments."
        ) from error
    if not callable(getattr(made, "score", None)):
        raise ConfigError(f"config: panel.score is {path!r}, which has no method score(texts). Give it one.")
    return made


def scores(scorer: Any, texts: list[str]) -> NDArray[np.float64]:
    """Return the scorer's number for each sentence. Raises ConfigError when it gives others than one finite number each."""
    found = np.asarray(scorer.score(texts), dtype=np.float64)
    if found.shape != (len(texts),) or not np.isfinite(found).all():
        raise ConfigError(
            f"config: panel.score's class gave an array of shape {found.shape} for {len(texts)} sentences; expected a "
            "finite number for each."
        )
    return found
