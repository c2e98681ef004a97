"""Puts the quarters of earlier runs of the same registry before the run's own; their themes have the same ids."""

from collections.abc import Sequence

import numpy as np

from earnings_themes.abstractions import Themes
from earnings_themes.errors import EarningsThemesError
from earnings_themes.panel.themes import read_theme_rows
from earnings_themes.registry.reference import registry_at
from earnings_themes.report.cuts import Cut, read_cuts


def earlier_runs(themes: Themes) -> list[str]:
    """Return the names of the other runs of the run's registry; none without a registry, or if it is gone."""
    about = themes.metadata.get("registry") or {}
    try:
        model = str(themes.metadata.get("embedding_model"))
        versions = registry_at(str(about["path"]), model).lineage() if about.get("path") else iter(())
        version = next((named.version for named in versions if named.sha256 == about.get("sha256")), None)
    except (EarningsThemesError, OSError):
        version = None
    return [ran.run for ran in version.runs if ran.run != themes.run] if version else []


def with_earlier(own: Cut, ids: Sequence[str], where: str, runs: Sequence[str]) -> tuple[Cut, list[str]]:
    """Return the run's quarters preceded by those of earlier runs, and the names of the runs that were found.

    ids: the run's themes, in the order of own's columns; other themes are left out. where: the run's folder,
    on a disk or s3://, beside which the other runs lie. A missing run is left out.
    """
    cuts, read = [own], []
    place = {theme_id: number for number, theme_id in enumerate(ids)}
    for run in runs:
        folder = f"{where.rstrip('/').rpartition('/')[0] or '.'}/{run}"
        try:
            found = read_cuts(folder).quarters
            theirs = [theme.theme_id for theme in read_theme_rows(folder) if theme.level == 1]
        except (EarningsThemesError, OSError):
            continue
        columns = [(place[name], number) for number, name in enumerate(theirs) if name in place]
        cuts.append(_spread(found, columns, len(ids)))
        read.append(run)
    return _together(cuts), read


def _spread(cut: Cut, columns: Sequence[tuple[int, int]], width: int) -> Cut:
    """Return a cut with other columns: (where to, where from)."""
    n, n_firms = (np.zeros((len(cut.names), width), np.int64) for _ in range(2))
    for to, at in columns:
        n[:, to], n_firms[:, to] = cut.n[:, at], cut.n_firms[:, at]
    return Cut(cut.names, n, cut.modelled, n_firms, cut.n_calls)


def _together(cuts: Sequence[Cut]) -> Cut:
    """Return one cut of all quarters; a quarter of two runs is their sum."""
    names = tuple(sorted({name for cut in cuts for name in cut.names}))
    width = cuts[0].n.shape[1]
    n, n_firms = (np.zeros((len(names), width), np.int64) for _ in range(2))
    modelled, n_calls = (np.zeros(len(names), np.int64) for _ in range(2))
    for cut in cuts:
        rows = [names.index(name) for name in cut.names]
        n[rows] += cut.n
        n_firms[rows] += cut.n_firms
        modelled[rows] += cut.modelled
        n_calls[rows] += cut.n_calls
    return Cut(names, n, modelled, n_firms, n_calls)
