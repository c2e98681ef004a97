"""Finds what a user means: the newest run, a firm by name, and the closest match if there is none."""

import difflib
from collections.abc import Callable, Iterable
from typing import TypeVar

from earnings_themes.abstractions import FirmEntry, FirmView, Theme, ThemeStore, TopicView
from earnings_themes.errors import NotFoundError

T = TypeVar("T")

# More names than this do not fit a line of an error message.
_MOST_NAMED = 8
NO_RUN = "No run has been published to this store yet. `make run` publishes the sample."


def run_or_newest(store: ThemeStore, run: str | None) -> str:
    """Return `run`, or the run published last. Raises NotFoundError when nothing is published."""
    if run is not None:
        return run
    runs = store.runs()
    if not runs:
        raise NotFoundError(NO_RUN)
    return runs[0].run


def with_known_runs(store: ThemeStore, run: str, error: NotFoundError) -> NotFoundError:
    """Return an error that names the published runs if it is the run that is missing; else the error itself."""
    known = [info.run for info in store.runs()]
    if run in known:
        return error
    return NotFoundError(f"There is no run {run!r}.{_hint(run, known)} {_published(known)}")


def find_theme(store: ThemeStore, theme_id: str, run: str | None = None) -> Theme:
    """Return a theme by id, label, or part of its label in a run; None: the newest.

    Raises NotFoundError naming equally good matches, the closest id, or the published runs.
    """
    try:
        # A run by itself is named in its themes' ids.
        return store.theme(theme_id, None if "-" in theme_id else run)
    except NotFoundError as error:
        if labelled := _labelled(store, theme_id, run):
            return store.theme(labelled, run_or_newest(store, run))
        run = theme_id.rpartition("-")[0]
        runs = [info.run for info in store.runs()]
        if run not in runs:
            near = difflib.get_close_matches(run, runs, n=1)
            example = f"{near[0] if near else (runs[0] if runs else 'sample')}-001"
            raise NotFoundError(
                f"There is no theme {theme_id!r}. A theme's id is its run and rank, as in {example!r}. "
                f"{_published(runs)}"
            ) from error
        known = [theme.theme_id for theme in store.themes(run)]
        span = f"Run {run!r} has {known[0]} to {known[-1]}." if known else f"Run {run!r} has no themes."
        # small-1 is meant for small-001, which as text is no nearer than small-081.
        rank = theme_id.rpartition("-")[2]
        padded = f"{run}-{int(rank):03d}" if rank.isdecimal() else ""
        hint = f" Did you mean {padded!r}?" if padded in known else _hint(theme_id, known)
        raise NotFoundError(f"There is no theme {theme_id!r}.{hint} {span}") from error


def run_of(store: ThemeStore, theme: Theme, run: str | None) -> str:
    """Return the run in which find_theme, given `run`, found the theme."""
    return theme.theme_id.rpartition("-")[0] or run or store.theme_history(theme.theme_id)[0][0].run


def _labelled(store: ThemeStore, wanted: str, run: str | None) -> str | None:
    """Return the id of the theme with this label, or with it as a part; None if there is none."""
    runs = [info.run for info in store.runs()]
    if not runs or (run is not None and run not in runs):
        return None
    named = [(theme.theme_id, theme.label) for theme in store.themes(run or runs[0])]
    return _the_one(wanted, "themes", named, ids=False)


def _the_one(wanted: str, what: str, named: list[tuple[str, str]], ids: bool) -> str | None:
    """Return the id of the one that `wanted` means, in any case: by id (if `ids`), whole name, or part of the name.

    named: ids with their names. None where none fits; raises NotFoundError when several fit equally well.
    """
    text = wanted.casefold().strip()
    tests: list[Callable[[str, str], bool]] = [
        lambda id_, name: ids and id_ == wanted,
        lambda id_, name: ids and id_.casefold() == text,
        lambda id_, name: name.casefold() == text,
        lambda id_, name: text in name.casefold(),
    ]
    for fits in tests:
        found = [each for each in named if text and fits(*each)]
        if len(found) == 1:
            return found[0][0]
        if found:
            listed = _some([f"{id_} ({name})" for id_, name in found])
            raise NotFoundError(f"{len(found)} {what} fit {wanted!r}: {listed}. Give the id of one.")
    return None


def find_topic(store: ThemeStore, firm: str, topic_id: int, run: str) -> TopicView:
    """Return a topic of a firm given by id or name. Raises NotFoundError."""
    return _by_id_or_name(store, firm, run, lambda firm_id: store.topic(firm_id, topic_id, run))


def find_firm(store: ThemeStore, firm: str, run: str) -> FirmView:
    """Return a firm, given by id or name, in a run. Raises NotFoundError."""
    return _by_id_or_name(store, firm, run, lambda firm_id: store.firm(firm_id, run))


def find_history(store: ThemeStore, firm: str) -> list[FirmView]:
    """Return a firm, given by id or name, in every run. Raises NotFoundError."""
    try:
        return store.firm_history(firm)
    except NotFoundError as error:
        runs = store.runs()
        for info in runs:
            if firm_id := _match_firm(store.firms(info.run), firm):
                return store.firm_history(firm_id)
        if not runs:
            raise
        raise _no_firm(store.firms(runs[0].run), firm, "any run") from error


def _match_firm(firms: list[FirmEntry], wanted: str) -> str | None:
    """Return the id of the firm that `wanted` names, None where none fits. Raises NotFoundError as `_the_one`."""
    return _the_one(wanted, "firms", [(firm.firm_id, firm.firm_name) for firm in firms], ids=True)


def _by_id_or_name(store: ThemeStore, firm: str, run: str, ask: Callable[[str], T]) -> T:
    """Return ask(firm); where no firm has that id, ask with the id of the firm of that name."""
    try:
        return ask(firm)
    except NotFoundError as error:
        try:
            firms = store.firms(run)
        except NotFoundError:
            raise with_known_runs(store, run, error) from error
        firm_id = _match_firm(firms, firm)
        if firm_id is None:
            raise _no_firm(firms, firm, f"run {run!r}") from error
        if firm_id == firm:
            raise error  # it is the topic that is not there
        return ask(firm_id)


def _no_firm(firms: list[FirmEntry], wanted: str, where: str) -> NotFoundError:
    names = {firm.firm_id: firm.firm_name for firm in firms}
    known = {firm_id: firm_id for firm_id in names}
    # People write as many words of a name as they remember: "Corandale" is meant for "Corrandale Energy Corp."
    n_words = max(len(wanted.split()), 1)
    for firm in firms:
        known.setdefault(" ".join(firm.firm_name.split()[:n_words]), firm.firm_id)
        known.setdefault(firm.firm_name, firm.firm_id)
    hint = ""
    if near := _nearest(wanted, known):
        firm_id = known[near]
        hint = f" Did you mean {firm_id!r}{'' if near == firm_id else f' ({names[firm_id]})'}?"
    return NotFoundError(f"There is no firm with the id or name {wanted!r} in {where}.{hint}")


def _hint(wanted: str, known: Iterable[str]) -> str:
    near = _nearest(wanted, known)
    return f" Did you mean {near!r}?" if near else ""


def _nearest(wanted: str, known: Iterable[str]) -> str | None:
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(wanted.casefold(), folded, n=1)
    return folded[near[0]] if near else None


def _published(runs: list[str]) -> str:
    if not runs:
        return "No run is published yet."
    return f"Published: {_some(runs)}."


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more}"
