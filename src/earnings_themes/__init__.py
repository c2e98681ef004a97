"""Topics of each firm's earnings calls, and the themes that cross firms.

The library does all the work of the workflow and knows nothing of Snakemake, so that every step can be
tested, reused in a container, and called from a notebook.
"""

# Written here, not asked of importlib.metadata: that import is half of what starting a firm's job takes.
__version__ = "0.1.0"
