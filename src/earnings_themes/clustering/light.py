"""Imports BERTopic and igraph without the optional libraries that are not used here.

A firm's job computes for half a second, so imports dominate its cost. Both libraries try plotting, hub and
embedding libraries and work without them; here these are made to look absent.
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
