"""A registry's folder: versions that are only ever added, and a pointer to the one that counts.

    NAME/versions/000001.json   a whole version; written once, under a name that was free, never changed or removed
    NAME/past/SHA256.npz        vectors of what a run said, for later runs to compare with; written before the version that names it
    NAME/current                the number and the SHA-256 of the version that counts; moved in one step

What a reader sees follows from the pointer alone. A run that is cut short before the pointer moved leaves a file that
nothing points to, and the registry is what it was. Of two runs that start from one version the first moves the pointer;
the second finds another than the one it read, and is refused. The folder lies on a disk or in S3.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from earnings_themes.errors import BusyError, RegistryError
from earnings_themes.registry.past import RUNS, Past, decode_past
from earnings_themes.registry.records import (
    REFERENCE_RUN,
    Ran,
    Version,
    decode_version,
    digest_of,
    encode_version,
    quarters_between,
)
from earnings_themes.system.folders import Folder, folder_at

Mode = Literal["extend", "frozen"]

_CURRENT: Final = "current"
_VERSIONS: Final = "versions"
_PAST: Final = "past"


@dataclass(frozen=True, slots=True)
class Named:
    """A version and its digest."""

    version: Version
    sha256: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What a run works on.

    Attributes
    ----------
    base : the version whose themes it settles in; None where it founds the registry
    births : whether it may add themes, and so a version
    replaces : the version that this very run made before, where it is made again
    mark : of the pointer that was read, for the commit
    past : what runs before said, None where nothing is kept or nothing can be born
    """

    base: Named | None
    births: bool
    replaces: Named | None = None
    mark: str | None = None
    past: Past | None = None


class Registry:
    """A registry in a folder, a path or s3://bucket/prefix.

    founder: another registry, which this one is a copy of until a run extends it.
    """

    def __init__(self, where: str | Folder, founder: "Registry | None" = None) -> None:
        self.folder = folder_at(where.rstrip("/")) if isinstance(where, str) else where
        self._founder = founder

    def __str__(self) -> str:
        return str(self.folder)

    def current(self) -> Named | None:
        """Return the version that counts, None where there is no registry yet. Raises RegistryError, CloudError."""
        return self._current()[0]

    def lineage(self) -> Iterator[Named]:
        """Give the version that counts, the one that it was made from, and so on to the first. Raises RegistryError."""
        found = self.current()
        while found is not None:
            yield found
            parent = found.version.parent
            found = self._before(found.version.number, parent) if parent else None

    def ground(self, run: str, quarter: str, mode: Mode) -> Ground:
        """Return what a run works on, by whether the registry knows it already.

        A new run extends the newest version. The run that was the last to extend it is made again from the version before. An
        earlier run, or any run after a curation, settles in the themes that it had, under their names of now, and adds none. A
        new run of an earlier quarter than the newest is refused, unless the mode is frozen.

        Raises RegistryError where nothing is there to be frozen, the run comes too late, or a file is damaged.
        """
        current, mark = self._current()
        if current is None:
            if mode == "frozen":
                raise RegistryError(
                    f"{self}: there are no themes yet, and registry.mode is frozen. Found it with a run whose "
                    "registry.mode is extend, or correct registry.path."
                )
            return Ground(None, births=True)
        if run in {ran.run for ran in current.version.runs}:
            return self._again(run, current, mark, mode)
        if mode == "frozen":
            return Ground(current, births=False)
        newest = current.version.runs[-1]
        if newest.run != REFERENCE_RUN and quarters_between(newest.quarter, quarter) < 0:
            raise RegistryError(
                f"{self}: run {run} ends in {quarter}, but run {newest.run} has extended the registry with "
                f"{newest.quarter}. Themes are born in the order of time. Set registry.mode: frozen, so that the run "
                "settles in the themes that are there; or found another registry and run the quarters in order."
            )
        return Ground(current, births=True, mark=mark, past=self._past(current))

    def _again(self, run: str, current: Named, mark: str | None, mode: Mode) -> Ground:
        """Return the ground of a run that the registry knows: the themes that it had, as they are called now."""
        if current.version.made_by == run and mode == "extend":
            parent = current.version.parent
            base = self._before(current.version.number, parent) if parent else None
            return Ground(base, births=True, replaces=current, mark=mark, past=self._past(base))
        is_curated = False
        for named in self.lineage():
            is_curated |= named.version.made_by is None
            if named.version.made_by == run and not is_curated:
                return Ground(named, births=False)
        names = [ran.run for ran in current.version.runs]
        until = set(names[: names.index(run) + 1])
        themes = tuple(theme for theme in current.version.themes if theme.born in until)
        return Ground(Named(replace(current.version, themes=themes), current.sha256), births=False)

    def curated_ground(self) -> Ground:
        """Return the newest version, for a curation of it."""
        current, mark = self._current()
        return Ground(current, births=False, mark=mark)

    def basis(self, run: str, mode: Mode = "extend") -> str:
        """Return a text that changes when a run's themes must be made again.

        It names the version that the run started from and the newest curation since; what this run and later ones add does not
        change it. For a frozen run that the registry does not know it names the newest curation alone, so that the run stays as
        it is while others extend the registry. Raises RegistryError, CloudError.
        """
        curation, newest = "", ""
        for named in self.lineage():
            newest = newest or named.sha256
            if named.version.made_by == run:
                return f"{named.version.parent or ''} {curation}".strip()
            if named.version.made_by is None:
                curation = curation or named.sha256
        return curation if mode == "frozen" else newest

    def commit(self, version: Version, ground: Ground, past: bytes = b"") -> Named:
        """Add a version made on this ground and point to it; return it, or the same one where it is there already.

        past: the file that the version's last run names.

        Raises BusyError when another run has moved the pointer meanwhile; its version then counts.
        """
        before = ground.replaces or ground.base
        if ground.replaces is not None:
            old = ground.replaces.version
            same = replace(version, number=old.number, parent=old.parent, replaces=old.replaces)
            if encode_version(same) == encode_version(old):
                return ground.replaces
        version = replace(
            version,
            number=before.version.number + 1 if before else 1,
            parent=ground.base.sha256 if ground.base else None,
            replaces=ground.replaces.sha256 if ground.replaces else None,
        )
        if past:
            # Named by its content: where it is there already it is this very file.
            self.folder.child(_PAST).swap(f"{digest_of(past)}.npz", past, None)
        versions = self.folder.child(_VERSIONS)
        if self._founder is not None and ground.base is not None and ground.mark is None:
            # The first run to extend a copy: what it starts from is then here whole.
            for kind in (_PAST, _VERSIONS):
                theirs = self._founder.folder.child(kind)
                for name in theirs.list():
                    self.folder.child(kind).swap(name, theirs.read(name), None)
        while not versions.swap(_file(version.number), encode_version(version), None):
            # Left by a run that was cut short; or it is this very version, and only the pointer is missing.
            if versions.read(_file(version.number)) == encode_version(version):
                break
            version = replace(version, number=version.number + 1)
        named = Named(version, digest_of(encode_version(version)))
        pointer = json.dumps({"number": version.number, "sha256": named.sha256}).encode() + b"\n"
        # A request that was sent again may find what its first try wrote.
        if not self.folder.swap(_CURRENT, pointer, ground.mark) and self._pointer()[0] != json.loads(pointer):
            raise BusyError(
                f"{self}: another run has extended the registry while run {version.made_by or 'the curation'} worked on "
                "it. Nothing of it has changed. Run the same command again: it then starts from the new version."
            )
        return named

    def _current(self) -> tuple[Named | None, str | None]:
        pointer, mark = self._pointer()
        if pointer is None and self._founder is not None:
            return self._founder.current(), None
        return (self._read(int(pointer["number"]), pointer["sha256"]) if pointer else None), mark

    def pasts(self, version: Version) -> dict[str, Past]:
        """Return what each of the version's runs left in past/, by run. Raises RegistryError for a damaged file."""
        return {run: past for run, data in self._files(version.runs).items() if (past := decode_past([data]))}

    def _past(self, base: Named | None) -> Past | None:
        return decode_past([*self._files((base.version.runs if base else ())[-RUNS:]).values()])

    def _files(self, runs: Sequence[Ran]) -> dict[str, bytes]:
        files = {}
        for ran in runs:
            if not ran.past:
                continue
            name = f"{self}/{_PAST}/{ran.past}.npz"
            try:
                data = self._read_past(f"{ran.past}.npz")
            except OSError as error:
                raise RegistryError(f"{name}: cannot be read ({error}). Put it back, from a copy.") from error
            if digest_of(data) != ran.past:
                raise RegistryError(
                    f"{name}: is not the file that run {ran.run} wrote. Put it back, from a copy."
                )
            files[ran.run] = data
        return files

    def _read_past(self, name: str) -> bytes:
        try:
            return self.folder.child(_PAST).read(name)
        except FileNotFoundError:
            if self._founder is None:
                raise
            return self._founder.folder.child(_PAST).read(name)

    def _pointer(self) -> tuple[dict[str, Any] | None, str | None]:
        try:
            data, mark = self.folder.read_marked(_CURRENT)
            found = json.loads(data)
            return {"number": int(found["number"]), "sha256": str(found["sha256"])}, mark
        except FileNotFoundError:
            return None, None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise RegistryError(
                f"{self}/{_CURRENT}: cannot be read ({error}). Expected a line such as "
                '{"number": 3, "sha256": "…"}, of a file in versions/.'
            ) from error

    def _before(self, number: int, sha256: str) -> Named:
        """Return the version of that digest; its number is lower than `number`, by one unless a run was cut short."""
        for place in range(number - 1, 0, -1):
            try:
                data = self.folder.child(_VERSIONS).read(_file(place))
            except FileNotFoundError:
                continue
            if digest_of(data) == sha256:
                return Named(decode_version(data, f"{self}/{_VERSIONS}/{_file(place)}"), sha256)
        raise RegistryError(
            f"{self}/{_VERSIONS}: no file has the SHA-256 {sha256[:12]}…, which version {number} was made from. Put the "
            "missing file back, from a copy."
        )

    def _read(self, number: int, sha256: str) -> Named:
        name = f"{self}/{_VERSIONS}/{_file(number)}"
        try:
            data = self.folder.child(_VERSIONS).read(_file(number))
        except OSError as error:
            raise RegistryError(
                f"{name}: cannot be read ({error}), but the registry points to it."
            ) from error
        if digest_of(data) != sha256:
            raise RegistryError(
                f"{name}: its SHA-256 is {digest_of(data)[:12]}…, the registry points to {sha256[:12]}…. A version never "
                "changes: put the file back as it was, from a copy."
            )
        return Named(decode_version(data, name), sha256)


def _file(number: int) -> str:
    return f"{number:06d}.json"
