"""Applies people's decisions about themes: a YAML becomes a new version, with a table of changed ids.

    rename: {r000017: tariffs on imports}
    note: {r000017: read by two people, 2024-05}
    kind: {r000017: reporting}
    parent: {r000017: b0003}         # counts in this broad theme
    hide: [r000031]
    merge: {r000009: r000001}        # from now on r000009 counts as r000001
    split: {r000012: [wages, hiring]}   # counts as two new themes of these names; without names they are numbered

No centroid moves, so sentences settle as before; those of a merged theme count under the other's id, those of a split one
under the nearer of its parts (splits.py), those of a hidden one under none. The same decisions on the same version give the
same bytes. Runs take them in when their themes are redone; `mappings/NUMBER.json` has the changed ids for panels made before.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

import msgspec
import numpy as np
import yaml
from msgspec import UNSET, UnsetType

from earnings_themes.abstractions.records import Kind
from earnings_themes.errors import RegistryError
from earnings_themes.registry.grow import FOUND_AGAIN
from earnings_themes.registry.past import Past
from earnings_themes.registry.records import RegistryTheme, Version
from earnings_themes.registry.versions import Named, Registry
from earnings_themes.themes.registered import centres_of
from earnings_themes.themes.splits import candidates, split

MAPPINGS = "mappings"
_HEAD: Final = """\
# Decisions about the themes of a registry. Every line is a proposal: read `earnings-themes registry history ID` first,
# then uncomment what you agree with, and apply the file with `earnings-themes registry curate FILE`.
"""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What people decided, by theme id.

    merge: old id → the id that it counts as. split: old id → the names of its parts, the larger first, None for numbers; unset
    where nothing is split, so that other decisions keep the digest that they had before themes could be.
    """

    rename: dict[str, str] = field(default_factory=dict)
    note: dict[str, str] = field(default_factory=dict)
    kind: dict[str, Kind] = field(default_factory=dict)
    parent: dict[str, str] = field(default_factory=dict)
    hide: tuple[str, ...] = ()
    merge: dict[str, str] = field(default_factory=dict)
    split: dict[str, tuple[str, str] | None] | UnsetType = UNSET

    @property
    def splits(self) -> dict[str, tuple[str, str] | None]:
        """What is split, or nothing."""
        return {} if self.split is UNSET else self.split


def read_decisions(text: str, name: str) -> Decisions:
    """Return the decisions that a YAML file holds. name: how an error calls it. Raises RegistryError."""
    try:
        found: Any = yaml.safe_load(text)
        known = set(Decisions.__dataclass_fields__)
        if not isinstance(found, Mapping) or set(found) - known:
            held = ", ".join(map(str, found)) if isinstance(found, Mapping) else repr(found)
            raise RegistryError(f"{name}: holds {held}; expected some of {', '.join(sorted(known))}.")
        return msgspec.convert({key: value for key, value in found.items() if value}, Decisions)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise RegistryError(
            f"{name}: cannot be read ({error}). Expected such as `rename: {{r000017: tariffs}}`, `hide: [r000031]`, "
            "`merge: {r000009: r000001}`, `split: {r000012: [wages, hiring]}`."
        ) from error


def proposals(version: Version, pasts: Mapping[str, Past]) -> str:
    """Return a YAML of decisions, all commented out: nothing is decided by a number.

    merge: themes whose centroids are as near as those of one theme that was found twice. split: themes whose sentences fall
    into the same two parts in halves of the firms, with the phrases nearest to each part. rename: themes that were named by
    their kind or numbered, because their words say nothing. pasts: what the version's runs left, by run.
    """
    themes = version.counted
    if not themes:
        return (
            _HEAD
            + "# No theme is visible: there is nothing to decide on.\nmerge:\nsplit:\nrename:\nhide:\nnote:\n"
        )
    unit = centres_of(themes).unit
    cosine = np.round(unit @ unit.T, 4)
    lines = [_HEAD, "merge:\n"]
    for new, old in sorted(
        zip(*np.nonzero(np.tril(cosine >= FOUND_AGAIN, -1)), strict=True), key=lambda pair: -cosine[pair]
    ):
        lines.append(
            f"  # {themes[new].theme_id}: {themes[old].theme_id}  # {cosine[new, old]:.2f}  {themes[new].label!r} | "
            f"{themes[old].label!r}\n"
        )
    lines.append("split:\n")
    for each in candidates(version, pasts):
        names = [json.dumps(", ".join(words[:2]), ensure_ascii=False) for words in each.words if words]
        named = f" [{', '.join(names)}]" if len(names) > 1 else ""
        lines.append(f"  # {each.theme.theme_id}:{named}  # {each.stability:.2f}  {each.theme.label!r}\n")
        for n, firms, near in zip(each.n_sentences, each.n_firms, each.words, strict=True):
            lines.append(f"  #   {n} sentences, {firms} firms in one run: {', '.join(near)}\n")
    lines.append("rename:\n")
    for theme in themes:
        if theme.label.endswith(")") or theme.kind == "filler":
            words = ", ".join(word for word, _ in theme.keywords[:5])
            lines.append(f"  # {theme.theme_id}: {theme.label}  # {words}\n")
    lines.append("hide:\nnote:\n")
    return "".join(lines)


def apply_decisions(registry: Registry, decisions: Decisions, name: str) -> Named:
    """Add the version in which these decisions hold, and its table of ids; return it, or the one that holds them already.

    name: how an error calls the decisions. Raises RegistryError for an id that is not there, a label that is given twice, a
    merge into itself, a theme that cannot be divided, and BusyError when a run extended the registry meanwhile.
    """
    ground = registry.curated_ground()
    if ground.base is None:
        raise RegistryError(f"{registry}: no registry is there to be curated. Its first run founds it.")
    version = ground.base.version
    pasts = registry.pasts(version) if decisions.splits else {}
    made = curated(version, decisions, name, pasts)
    if made.themes == version.themes:
        return ground.base
    named = registry.commit(made, ground)
    table = {"version": named.version.number, "ids": mapping(version, made)}
    registry.folder.child(MAPPINGS).swap(
        f"{named.version.number:06d}.json", json.dumps(table, indent=1, sort_keys=True).encode() + b"\n", None
    )
    return named


def curated(
    version: Version, decisions: Decisions, name: str, pasts: Mapping[str, Past] | None = None
) -> Version:
    """Return the version in which the decisions hold. Raises RegistryError as `apply_decisions` does.

    pasts: what the version's runs left, by run; only a split needs it.
    """
    parts = decisions.splits
    there = {theme.theme_id: theme for theme in version.themes}
    _refuse_unknown(parts, there, name)
    version = split(version, parts, pasts or {}, name)
    there = {theme.theme_id: theme for theme in version.themes}
    rename = {
        part: label
        for theme_id, labels in parts.items()
        for part, label in zip(there[theme_id].goes, labels or (), strict=False)
    } | decisions.rename
    said = [
        *(name for table in (decisions.rename, decisions.note, decisions.kind) for name in table),
        *decisions.hide,
        *(name for table in (decisions.merge, decisions.parent) for pair in table.items() for name in pair),
    ]
    _refuse_unknown(said, there, name)
    # What was merged into a theme before it was split is divided with it, and may be said again.
    into_split = [new for old, new in decisions.merge.items() if there[old].into != new]
    for theme_id in (*decisions.hide, *decisions.merge, *into_split):
        if there[theme_id].parts:
            raise RegistryError(
                f"{name}: {theme_id} was split into {' and '.join(there[theme_id].goes)}. Hide or merge one of these instead."
            )
    for theme_id, parent in decisions.parent.items():
        if (there[theme_id].level, there[parent].level) != (1, 2):
            raise RegistryError(
                f"{name}: gives {theme_id} the parent {parent}; expected a theme and a broad theme."
            )
    into = {theme.theme_id: theme.into for theme in version.themes if theme.into} | decisions.merge
    _refuse_circle(into, there.values(), name)
    themes = []
    for theme_id, theme in there.items():
        target = theme_id
        while target in into:
            target = into[target]
        if target != theme_id and there[target].level != theme.level:
            raise RegistryError(f"{name}: merges {theme_id} into {target}, which is of another level.")
        themes.append(
            replace(
                theme,
                label=rename.get(theme_id, theme.label),
                note=decisions.note.get(theme_id, theme.note),
                kind=decisions.kind.get(theme_id, theme.kind),
                parent=decisions.parent.get(theme_id, theme.parent),
                hidden=theme.hidden or theme_id in decisions.hide,
                into=None if target == theme_id else target,
            )
        )
    _refuse_twice(themes, name)
    digest = hashlib.sha256(msgspec.json.encode(decisions, order="sorted")).hexdigest()
    return replace(version, themes=tuple(themes), made_by=None, curation=digest)


def mapping(before: Version, after: Version) -> dict[str, str | tuple[str, ...] | None]:
    """Return what became of each id that changed: the id or the two parts that it counts as now, None for hidden."""
    old = {theme.theme_id: (theme.hidden, theme.goes) for theme in before.themes}
    return {
        theme.theme_id: None if theme.hidden else theme.into or theme.goes
        for theme in after.themes
        if theme.theme_id in old and (theme.hidden, theme.goes) != old[theme.theme_id]
    }


def _refuse_unknown(said: Iterable[str], there: Mapping[str, RegistryTheme], name: str) -> None:
    if missing := [theme_id for theme_id in said if theme_id not in there]:
        raise RegistryError(
            f"{name}: names {missing[0]}, which the registry has not. `earnings-themes registry themes` lists its ids."
        )


def _refuse_circle(into: Mapping[str, str], themes: Iterable[RegistryTheme], name: str) -> None:
    """Refuse merges by which a theme would count as itself. into: old id → the id that it counts as."""
    goes = {theme.theme_id: theme.goes for theme in themes if theme.parts}
    try:
        TopologicalSorter({**goes, **{old: (new,) for old, new in into.items()}}).prepare()
    except CycleError as error:
        raise RegistryError(
            f"{name}: merges go in a circle: {' → '.join(reversed(error.args[1]))}."
        ) from error


def _refuse_twice(themes: list[RegistryTheme], name: str) -> None:
    """Refuse a label that two themes of one level would have: readers find themes by it."""
    seen: dict[tuple[int, str], str] = {}
    for theme in themes:
        if not theme.goes and not theme.hidden:
            key = (theme.level, theme.label.casefold())
            if key in seen:
                raise RegistryError(
                    f"{name}: {seen[key]} and {theme.theme_id} would both be called {theme.label!r}. Merge them, or give one "
                    "another name."
                )
            seen[key] = theme.theme_id
