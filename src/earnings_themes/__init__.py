"""Topics of each firm's earnings calls, and the themes that cross firms.

The library does all the work of the workflow and knows nothing of Snakemake, so that every step can be
tested, reused in a container, and called from a notebook.
"""

from importlib.metadata import version

__version__ = version("earnings-themes")
