"""Provenance in result files: versions that can change a result, and memory used."""

import platform
import resource
import sys
from functools import cache
from importlib.metadata import version
from typing import Final

from earnings_themes import __version__

# Libraries whose version can change a topic, whatever the model. All of them are in envs/workflow.txt.
OF_TOPICS: Final = ("bertopic", "igraph", "numpy", "scikit-learn", "scipy", "sentence-transformers", "torch")
# What one model alone needs, which is installed only where it is chosen.
OF_A_MODEL: Final = {"lda": ("tomotopy",)}
# Libraries whose version can change a theme; the theme-aggregator image holds no others of the map's.
OF_THEMES: Final = ("igraph", "numpy", "scikit-learn", "scipy")


@cache
def versions(libraries: tuple[str, ...]) -> dict[str, str]:
    """Return the versions of the package, of Python, and of the libraries that can change a result."""
    return {
        "earnings-themes": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
    }


def peak_memory_mb() -> float:
    """Return this process's largest resident set so far, in MB of 2**20 bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KB, macOS in bytes (getrusage(2) of each).
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
