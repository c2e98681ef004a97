"""What a version of a registry holds, and its bytes: same records, same bytes, so that a digest names it for ever.

A version is whole: it can be read, cited and copied without the ones before it. Vectors stand in it as whole numbers, so
what settles in a theme is the same on every machine.
"""

import hashlib
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from earnings_themes.abstractions.records import Keywords, Kind
from earnings_themes.errors import RegistryError

SCHEMA_VERSION: Final = 1
# A theme that no run of four quarters spoke of is dormant: a year, so that what comes with a season stays active.
DORMANT_AFTER: Final = 4
# The run that founded the packaged registry; no run of a user's can have this name. What it was founded on may be later
# than a study's first quarter, so it counts as before all of them.
REFERENCE_RUN: Final = "reference/1"

State = Literal["transient", "active", "dormant"]


@dataclass(frozen=True, slots=True)
class Seen:
    """How much a run said of a theme."""

    run: str
    n_firms: int
    n_sentences: int


@dataclass(frozen=True, slots=True)
class RegistryTheme:
    """A theme that lasts. Its id, centroid, tightness and born never change; its words change by curation alone.

    The part of a theme that was split is one too: it was born with the whole, and takes what settled there.

    Attributes
    ----------
    theme_id : `r000017`, a broad theme's `b0003`; never given twice
    level : 1, or 2 for a broad theme
    parent : the broad theme of a theme of level 1
    centroid : (d,) whole numbers, the direction; length about 4,096
    tightness : the mean cosine of its first members to the centroid, 0 to 1
    threshold : the strength from which a sentence settles in it
    born : the run that found it
    state : transient, active or dormant; `state_of`
    history : the runs in which a sentence settled in it, in their order; of level 1
    exemplars : sentence ids that stood for it when it was found
    hidden : left out of what readers see; its sentences settle in it still, and so in no other theme
    into : the theme that its sentences are counted under, where a curator merged the two
    parts : the two themes that they are counted under, where a curator split it; a version without a split has no word of it,
        and so the bytes that it had before themes could be split
    note : a curator's
    """

    theme_id: str
    level: Literal[1, 2]
    kind: Kind
    label: str
    keywords: Keywords
    parent: str | None
    centroid: tuple[int, ...]
    tightness: float
    threshold: float
    born: str
    state: State
    history: tuple[Seen, ...] = ()
    exemplars: tuple[str, ...] = ()
    hidden: bool = False
    into: str | None = None
    note: str = ""
    parts: tuple[str, str] | UnsetType = UNSET

    @property
    def goes(self) -> tuple[str, ...]:
        """The themes that its sentences are counted under in its place: none, one, or two parts."""
        if self.parts is not UNSET:
            return self.parts
        return (self.into,) if self.into else ()


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that founded or extended the registry. quarter: of its last call, as 2020Q2; dates as YYYY-MM-DD.

    past: SHA-256 of the file in past/ that holds the vectors of what it said.
    """

    run: str
    quarter: str
    first_date: str
    last_date: str
    n_firms: int
    n_content: int
    n_settled: int
    n_born: int
    past: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A registry as it was at one time.

    Attributes
    ----------
    number : names the file; a number whose file the registry does not point to was left by a run that was cut short
    parent : SHA-256 of the version that this one was made from, None for the first
    replaces : SHA-256 of the version whose run was made again with other input, None elsewhere
    made_by : the run, or None where it was curated
    space, encoder : digests of the subject space and of the encoder's weights, which a run must share
    runs : all that the registry has seen, in their order
    next_theme, next_broad : the numbers of the next ids
    curation : SHA-256 of the decisions that it was curated with
    """

    schema_version: int
    number: int
    parent: str | None
    replaces: str | None
    made_by: str | None
    space: str
    encoder: str
    min_firms: int
    runs: tuple[Ran, ...]
    themes: tuple[RegistryTheme, ...]
    next_theme: int
    next_broad: int
    curation: str | None = None

    @property
    def fine(self) -> tuple[RegistryTheme, ...]:
        """The themes of level 1, in the order of their ids."""
        return tuple(theme for theme in self.themes if theme.level == 1)

    @property
    def counted(self) -> tuple[RegistryTheme, ...]:
        """The themes of level 1 that readers see: neither hidden nor merged nor split."""
        return tuple(theme for theme in self.fine if not theme.hidden and not theme.goes)

    @property
    def broad(self) -> tuple[RegistryTheme, ...]:
        """The broad themes, in the order of their ids."""
        return tuple(theme for theme in self.themes if theme.level == 2)


def encode_version(version: Version) -> bytes:
    """Return the version's file."""
    return msgspec.json.encode(version) + b"\n"


def digest_of(data: bytes) -> str:
    """Return what names a version: the SHA-256 of its file."""
    return hashlib.sha256(data).hexdigest()


def decode_version(data: bytes, name: str) -> Version:
    """Return the version that a file holds. name: how an error calls the file. Raises RegistryError."""
    try:
        found = msgspec.json.decode(data, type=Version)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RegistryError(
            f"{name}: is no version of a registry ({error}). Put the file back as it was, from a copy."
        ) from error
    if found.schema_version != SCHEMA_VERSION:
        raise RegistryError(
            f"{name}: schema_version is {found.schema_version}, this program reads {SCHEMA_VERSION}. Use the program that "
            "made it."
        )
    return found


def state_of(born: str, history: tuple[Seen, ...], runs: tuple[Ran, ...], min_firms: int) -> State:
    """Return a theme's state after the last of the runs.

    It is seen where min_firms firms speak of it. transient: not yet seen in a run after the one it was born in. active: it
    was. dormant: last seen DORMANT_AFTER quarters ago or more, whichever it was before.
    """
    quarters = {ran.run: ran.quarter for ran in runs}
    seen = [said.run for said in history if said.n_firms >= min_firms]
    last = max((quarters[run] for run in (born, *seen) if run in quarters), default=runs[-1].quarter)
    if quarters_between(last, runs[-1].quarter) >= DORMANT_AFTER:
        return "dormant"
    return "active" if any(run != born for run in seen) else "transient"


def quarters_between(first: str, last: str) -> int:
    """Return how many quarters lie between two, such as 2 from 2019Q4 to 2020Q2."""
    year, quarter = (int(last[:4]) - int(first[:4]), int(last[5:]) - int(first[5:]))
    return 4 * year + quarter
