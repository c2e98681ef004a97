"""Puts the quarters of earlier runs of the same registry before the run's own; their themes have the same ids."""

from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from earnings_themes.abstractions import Themes
from earnings_themes.errors import EarningsThemesError
from earnings_themes.registry.reference import registry_at
from earnings_themes.report.cuts import Cuts, GroupCounts, read_cuts


def earlier_runs(themes: Themes) -> list[str]:
    """Return the names of the other runs of the run's registry; none without a registry, or if it is gone."""
    about = themes.metadata.get("registry") or {}
    if about.get("path"):
        with suppress(EarningsThemesError, OSError):
            kept = registry_at(str(about["path"]), str(themes.metadata.get("embedding_model")))
            for named in kept.lineage():
                if named.sha256 == about.get("sha256"):
                    return [ran.run for ran in named.version.runs if ran.run != themes.run]
    return []


def with_earlier(
    own: GroupCounts, ids: Sequence[str], where: str, runs: Sequence[str]
) -> tuple[GroupCounts, list[str]]:
    """Return the run's quarters preceded by those of earlier runs, and the names of the runs that were found.

    ids: the run's themes, in the order of own's columns; other themes are left out. where: the run's folder,
    on a disk or s3://, beside which the other runs lie. A missing run is left out.
    """
    read: dict[str, Cuts] = {}
    for run in runs:
        with suppress(EarningsThemesError, OSError):
            read[run] = read_cuts(f"{where.rstrip('/').rpartition('/')[0] or '.'}/{run}")
    cuts = [(own, ids), *((each.quarters, each.themes) for each in read.values())]
    names = tuple(sorted({name for cut, _ in cuts for name in cut.names}))
    place = {theme_id: number for number, theme_id in enumerate(ids)}
    n, n_firms = (np.zeros((len(names), len(ids)), np.int64) for _ in range(2))
    modelled, n_calls = (np.zeros(len(names), np.int64) for _ in range(2))
    # A quarter of two runs is their sum.
    for cut, themes in cuts:
        rows = [names.index(name) for name in cut.names]
        at = [number for number, theme_id in enumerate(themes) if theme_id in place]
        to = [place[themes[number]] for number in at]
        n[np.ix_(rows, to)] += cut.n[:, at]
        n_firms[np.ix_(rows, to)] += cut.n_firms[:, at]
        modelled[rows] += cut.modelled
        n_calls[rows] += cut.n_calls
    return GroupCounts(names, n, modelled, n_firms, n_calls), list(read)
