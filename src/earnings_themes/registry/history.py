"""For each theme and firm of a registry: since which quarter it is heard, how much, and what is new or fades.

The counts stand in the registry itself. Sentences and a firm's shares are read from the runs' own files, which lie side by
side in one folder (results/ or s3://bucket/prefix/results), under the runs' names.
"""

from dataclasses import dataclass

import pyarrow.compute as pc

from earnings_themes.abstractions import RepresentativeSentence
from earnings_themes.errors import NotFoundError
from earnings_themes.registry.records import Ran, RegistryTheme, Seen, Version
from earnings_themes.results.artifacts import open_parquet, parse_themes, readable, value_counts
from earnings_themes.results.firms import parse_firms
from earnings_themes.system.folders import folder_at

# Runs before the one that is looked at, whose mean a theme's share is compared with: a year of quarters.
_BEFORE = 4


@dataclass(frozen=True, slots=True)
class Moment:
    """A theme in one run: firms that speak of it, their share of the run's firms, and sentences; zeros included."""

    run: str
    quarter: str
    n_firms: int
    share: float
    n_sentences: int
    is_born: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A theme's share of a run's firms, and its mean share in up to four runs before. is_born: in this run."""

    theme: RegistryTheme
    share: float
    before: float
    is_born: bool


@dataclass(frozen=True, slots=True)
class FirmMoment:
    """What a firm says of a theme in a run: sentences, and their share of all its sentences there."""

    run: str
    quarter: str
    theme_id: str
    label: str
    n_sentences: int
    share: float


def find(version: Version, wanted: str) -> RegistryTheme:
    """Return the theme of that id or label. Raises NotFoundError, which names those that come near."""
    for theme in version.themes:
        if theme.theme_id == wanted or theme.label.casefold() == wanted.casefold():
            return theme
    near = [theme for theme in version.counted if wanted.casefold() in theme.label.casefold()]
    if len(near) == 1:
        return near[0]
    named = ", ".join(f"{theme.theme_id} ({theme.label})" for theme in near[:8])
    hint = f"Several come near: {named}." if near else "`earnings-themes registry themes` lists them."
    raise NotFoundError(f"The registry has no theme {wanted!r}. {hint}")


def over_time(version: Version, theme: RegistryTheme) -> list[Moment]:
    """Return a theme in every run of the registry from the one it was born in."""
    if theme.level == 2:
        raise NotFoundError(
            f"{theme.theme_id} is a broad theme; the registry counts themes of level 1. Of it: "
            f"{', '.join(each.theme_id for each in version.fine if each.parent == theme.theme_id)}."
        )
    history = {seen.run: seen for seen in theme.history}
    names = [ran.run for ran in version.runs]
    moments = []
    for ran in version.runs[names.index(theme.born) if theme.born in names else 0 :]:
        said = history.get(ran.run, Seen(ran.run, 0, 0))
        share = said.n_firms / max(ran.n_firms, 1)
        born = ran.run == theme.born
        moments.append(Moment(ran.run, ran.quarter, said.n_firms, share, said.n_sentences, born))
    return moments


def changes(version: Version, run: str | None = None) -> list[Change]:
    """Return every theme of level 1 in a run against the runs before it. run: None for the newest. Raises NotFoundError."""
    names = [ran.run for ran in version.runs]
    if run is not None and run not in names:
        raise NotFoundError(f"The registry has no run {run!r}; its runs are {', '.join(names)}.")
    place = names.index(run) if run else len(names) - 1
    found = []
    for theme in version.counted:
        moments = {moment.run: moment for moment in over_time(version, theme)}
        if names[place] not in moments:
            continue
        past = [moments[name].share for name in names[max(0, place - _BEFORE) : place] if name in moments]
        share = moments[names[place]].share
        found.append(Change(theme, share, sum(past) / len(past) if past else 0.0, theme.born == names[place]))
    return found


def then_and_now(
    version: Version, theme: RegistryTheme, results: str
) -> list[tuple[Ran, tuple[RepresentativeSentence, ...]]]:
    """Return a theme's representative sentences in the first and in the last run that spoke of it.

    results: the folder of the runs. A run whose files are not there is left out. Raises ResultError for a damaged file.
    """
    runs = [ran for ran in version.runs if any(seen.run == ran.run for seen in theme.history)]
    found = []
    for ran in dict.fromkeys([*runs[:1], *runs[-1:]]):
        folder = folder_at(results).child(ran.run)
        try:
            themes = parse_themes(folder.read("themes.json"), f"{folder}/themes.json").themes
        except FileNotFoundError:
            continue
        found += [(ran, said.representative_sentences) for said in themes if said.theme_id == theme.theme_id]
    return found


def firm_over_time(version: Version, firm: str, results: str) -> list[FirmMoment]:
    """Return what a firm says of each theme, run after run, the most first.

    firm: its id or its name. results: the folder of the runs. Raises NotFoundError where no run that is there has the firm.
    """
    labels = {theme.theme_id: theme.label for theme in version.themes}
    found: list[FirmMoment] = []
    there = []
    known = False
    for ran in version.runs:
        folder = folder_at(results).child(ran.run)
        try:
            rows = parse_firms(folder.read("firms.tsv"), f"{folder}/firms.tsv")
        except FileNotFoundError:
            continue
        there.append(ran.run)
        wanted = [
            row.firm_id for row in rows if firm == row.firm_id or firm.casefold() == row.firm_name.casefold()
        ]
        if not wanted:
            continue
        known = True
        path = f"{folder}/sentences.parquet"
        with readable(path, "themes"):
            table = open_parquet(path).read(columns=["firm_id", "theme_id"])
        own = table.filter(pc.equal(table["firm_id"], wanted[0]))
        found += [
            FirmMoment(ran.run, ran.quarter, theme, labels.get(theme, ""), count, count / len(own))
            for theme, count in value_counts(own["theme_id"])
        ]
    if not known:
        raise NotFoundError(
            f"No run has a firm with the id or name {firm!r}. Looked at {', '.join(there) or 'none: '}"
            f"{'' if there else f'{results} holds none of the registry’s runs; --results names the folder that does'}."
        )
    return found
