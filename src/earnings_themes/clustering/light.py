"""Imports of large libraries without the parts that are not used here.

A firm's job takes half a second of work, so what it imports decides what it costs. BERTopic and igraph look for
plotting, hub and embedding libraries in try blocks, and do without where these are not installed; that is
what they are told here. docs/contributing/benchmarks.md has what it saves.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# Only pictures, downloads, embedding models and other clusterers need these.
_UNUSED: Final = (
    "cairo",
    "cairocffi",
    "hdbscan",
    "huggingface_hub",
    "matplotlib",
    "numba",
    "PIL",
    "plotly",
    "sentence_transformers",
    "torch",
    "transformers",
    "umap",
)


@contextmanager
def light_imports() -> Iterator[None]:
    """Let imports inside the block believe that the unused libraries are not installed.

    A library that is imported already stays visible. Not to be used from two threads at once.
    """
    hidden = [name for name in _UNUSED if name not in sys.modules]
    # None is Python's own mark of a module that is not there (docs.python.org, "The module cache").
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
