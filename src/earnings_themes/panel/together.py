"""Several runs of one registry as one panel: their themes have the same ids, so their quarters stand under each other.

Ids, labels and broad themes are those that the registry has now: a theme that was merged since counts under the other's
id, one that was hidden is left out. What a run said of a theme before it was split is divided when the run's themes are made
again, and not before. A theme that a run's version of the registry had, and of which the run says nothing,
is a zero there; one that was born later is null, because no sentence of that run could settle in it.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from earnings_themes.errors import ResultError
from earnings_themes.panel.block import Block, Matrix, abnormal, ratio
from earnings_themes.panel.columns import CALL_ORDER, Layout
from earnings_themes.panel.themes import SEED_LEVEL, ThemeRow
from earnings_themes.panel.written import Written
from earnings_themes.registry import RegistryTheme
from earnings_themes.registry.records import REFERENCE_RUN
from earnings_themes.registry.reference import registry_at
from earnings_themes.system.folders import folder_at

# Of two themes that became one, these cannot be added: who was first, and an exchange that spoke of both.
_NOT_ADDED: Final = ("raised_by", "asked", "answered")
_WEIGHTED: Final = ("strength", "score", "tone")
# Rows of a block that is read back: some 20 columns of 8 bytes each.
_ROWS: Final = 200_000


class Together:
    """The panels of several runs of one registry.

    Raises ResultError where a run is of no registry, of another one, or where two runs hold the same call.
    """

    def __init__(self, folders: Sequence[str]) -> None:
        self.where = ", ".join(folders)
        self._runs = [Written(folder) for folder in folders]
        about = [_registry_of(folder) for folder in folders]
        paths = sorted({str(each["path"]) for each in about})
        if len(paths) > 1:
            raise ResultError(
                f"{self.where}: runs of different registries, {' and '.join(paths)}. Expected one's."
            )
        # Each version that counted once, by its digest: what a run could settle in.
        kept = registry_at(paths[0], about[0]["model"])
        versions = {named.sha256: named.version for named in kept.lineage()}
        if not versions:
            raise ResultError(
                f"{self.where}: no registry is at {paths[0]}, where the runs say theirs is. Call this in the folder that the "
                "runs were made in."
            )
        now = {theme.theme_id: theme for theme in next(iter(versions.values())).themes}
        self.themes = [
            ThemeRow(theme.theme_id, theme.level, theme.label, theme.kind, theme.parent, theme.born)
            for theme in sorted(now.values(), key=lambda theme: theme.level)
            if not theme.hidden and not theme.goes
        ]
        seeds = {row.theme_id: row for run in self._runs for row in run.themes if row.level == SEED_LEVEL}
        self.themes += seeds.values()
        place = {row.theme_id: number for number, row in enumerate(self.themes)}
        # Of each run: where its themes stand among these; and for each of these 0 if it could settle there, else NaN.
        self._columns, self._unknown = [], []
        for run, each in zip(self._runs, about, strict=True):
            if (version := versions.get(each["sha256"])) is None:
                raise ResultError(
                    f"{run.where}: its themes are of version {each['version']} of {paths[0]}, which the registry no longer "
                    "has, because a run was made again. Run snakemake with the run's config; it makes the themes again."
                )
            counts_as = {row.theme_id: _now(row.theme_id, now) for row in run.themes}
            if split := [theme_id for theme_id, ids in counts_as.items() if len(ids) > 1]:
                raise ResultError(
                    f"{run.where}: its themes were made before {split[0]} was split. Run snakemake with the run's config; it "
                    "makes them again, and its sentences then count for the parts."
                )
            columns = [place.get(theme_id) for (theme_id,) in counts_as.values()]
            seen = [ran.run for ran in version.runs]
            # A run that was made again stands on a later version, without what was born after it.
            born = set(seen[: seen.index(each["run"]) + 1] if each["run"] in seen else seen)
            known = [
                name for theme in version.themes if theme.born in born for name in _now(theme.theme_id, now)
            ]
            there = {*columns, *map(place.get, known)}
            self._columns.append(columns)
            self._unknown.append(np.where([number in there for number in place.values()], 0, np.nan))
        self.layout = _joined([run.layout for run in self._runs])
        self._check_calls()

    def blocks(self) -> Iterator[Block]:
        """Give the calls of some firms at a time, of all runs, each firm's by day."""
        firms = sorted({firm for run in self._runs for firm in run.calls["firm_id"].to_pylist()})
        n_calls = sum(run.calls.num_rows for run in self._runs)
        step = max(1, _ROWS * len(firms) // max(1, n_calls * len(self.themes)))
        for start in range(0, len(firms), step):
            some = pa.array(firms[start : start + step])
            parts = [
                self._placed(block, number)
                for number, run in enumerate(self._runs)
                for block in run.of_firms(some)
            ]
            yield self._by_firm(parts)

    def _placed(self, block: Block, number: int) -> Block:
        """Return a run's block with the columns and themes of all runs."""
        n_calls, width = block.calls.num_rows, len(self.themes)
        columns = self._columns[number]
        calls = {
            column.name: block.calls[column.name].cast(column.type)
            if column.name in block.calls.column_names
            else pa.nulls(n_calls, column.type)
            for column in (*self.layout.call, *self.layout.denominators)
        }
        n = _sums(block.values["n"], columns, width)
        several = _sums((block.values["n"] > 0).astype(float), columns, width) > 1
        values = {}
        for column in self.layout.values:
            name = column.name
            if name not in block.values:
                values[name] = np.full((n_calls, width), np.nan)
            elif name in _WEIGHTED:
                weighted = np.nan_to_num(block.values[name] * block.values["n"])
                values[name] = ratio(_sums(weighted, columns, width), n)
            elif name == "raised_by":
                values[name] = _sums(np.nan_to_num(block.values[name] + 1), columns, width) - 1
                values[name][(values[name] < 0) | several] = np.nan
            else:
                found = _sums(block.values[name], columns, width) + self._unknown[number]
                values[name] = np.where(several, np.nan, found) if name in _NOT_ADDED else found
        return Block(pa.table(calls), values)

    def _by_firm(self, parts: Sequence[Block]) -> Block:
        calls = pa.concat_tables([part.calls for part in parts])
        order = pc.sort_indices(calls, sort_keys=CALL_ORDER)
        values = {
            column.name: np.concatenate([part.values[column.name] for part in parts])[order.to_numpy()]
            for column in self.layout.values
        }
        calls = calls.take(order)
        values["abnormal_share"] = abnormal(values["share"], calls, calls["date"].cast(pa.int32()).to_numpy())
        return Block(calls, values)

    def _check_calls(self) -> None:
        seen: dict[tuple[str, str], int] = {}
        for number, run in enumerate(self._runs):
            for call in zip(
                *(run.calls[name].to_pylist() for name in ("firm_id", "transcript_id")), strict=True
            ):
                if (other := seen.setdefault(call, number)) != number:
                    raise ResultError(
                        f"call {call[1]} of firm {call[0]} is in {self._runs[other].where} and in {run.where}; expected "
                        "each call once. Leave one of the two runs out."
                    )


def runs_of(registry: str, results: str) -> list[str] | None:
    """Return the folders of the runs that a registry has seen, in their order; None where no registry is there."""
    named = registry_at(registry).current()
    if named is None:
        return None
    runs = (ran.run for ran in named.version.runs if ran.run != REFERENCE_RUN)
    return [f"{results.rstrip('/')}/{run}" for run in runs]


def _registry_of(folder: str) -> dict[str, Any]:
    themes = json.loads(folder_at(folder).read("themes.json"))
    metadata = themes.get("metadata", {})
    about: dict[str, Any] = {
        **(metadata.get("registry") or {}),
        "run": themes["run"],
        "model": metadata.get("embedding_model", ""),
    }
    if not about.get("sha256"):
        raise ResultError(
            f"{folder}: the run has no registry, so its theme ids are its own, and another run's mean other themes. Runs are "
            "put together where their configs share a registry: docs/registry.md."
        )
    return about


def _now(theme_id: str, themes: dict[str, RegistryTheme]) -> tuple[str, ...]:
    """Return the id that a theme's sentences count under now; several, where it was split."""
    goes = themes[theme_id].goes if theme_id in themes else ()
    return tuple(name for each in goes for name in _now(each, themes)) or (theme_id,)


def _joined(layouts: Sequence[Layout]) -> Layout:
    """Return every column that one of the layouts has."""
    parts = ("call", "values", "denominators")
    every = ([column for layout in layouts for column in getattr(layout, part)] for part in parts)
    return Layout(*(tuple({column.name: column for column in columns}.values()) for columns in every))


def _sums(matrix: Matrix, columns: Sequence[int | None], width: int) -> Matrix:
    """Return the matrix with its columns added up where they go. columns: the new place of each; None is left out."""
    found = np.zeros((len(matrix), width))
    for at, to in enumerate(columns):
        if to is not None:
            found[:, to] += matrix[:, at]
    return found
