"""Reads topics/{firm}.json and themes.json by the types of abstractions/records.py.

msgspec decodes, checks and builds the records in one pass in C. Fields that a file has beyond its type are passed over:
schema_version says when a file means something else.
"""

import re
from typing import Any, Final, TypeVar

import msgspec

from earnings_themes.abstractions import SCHEMA_VERSION, FirmTopics, Themes
from earnings_themes.abstractions.records import ThemesMetadata, TopicsMetadata
from earnings_themes.errors import ResultError

T = TypeVar("T", FirmTopics, Themes)

# What a file's metadata has at least.
METADATA: Final[dict[type[Any], type[Any]]] = {FirmTopics: TopicsMetadata, Themes: ThemesMetadata}
# Wrapped, so that an error names the field as metadata.model.
_WRAPPED: Final = {
    kind: msgspec.defstruct("WithMetadata", [("metadata", metadata)]) for kind, metadata in METADATA.items()
}
_DECODERS: Final = {kind: msgspec.json.Decoder(kind) for kind in METADATA}


class _Version(msgspec.Struct):
    """The one field that is read of a file that cannot be read."""

    schema_version: Any = None


def decode(data: bytes, kind: type[T], name: str) -> T:
    """Return the record that a file's bytes hold.

    kind: FirmTopics or Themes. Raises ResultError that names the file as `name`, the field and its fault: not JSON, of
    another version, or a field that is missing or wrong.
    """
    try:
        record: T = _DECODERS[kind].decode(data)
        msgspec.convert({"metadata": record.metadata}, _WRAPPED[kind])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ResultError(f"{name}: {_fault(data, error)} Delete it and run again.") from error
    if record.schema_version != SCHEMA_VERSION:
        raise ResultError(f"{name}: {_other_version(record.schema_version)} Delete it and run again.")
    return record


def _fault(data: bytes, error: Exception) -> str:
    """Return what is wrong with the file, its version first: of another version, every field may be another."""
    try:
        found = msgspec.json.decode(data, type=_Version).schema_version
    except msgspec.ValidationError:
        found = None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return f"not complete JSON ({error})."
    if found != SCHEMA_VERSION:
        return _other_version(found)
    # msgspec says: Expected `int` >= 1, got `str` - at `$.topics[0].size`
    what, _, where = str(error).partition(" - at `$.")
    what = re.sub("`", "", what[:1].lower() + what[1:])
    return f"{where.rstrip('`')}: {what}." if where else f"{what}."


def _other_version(found: Any) -> str:
    return f"schema_version is {found!r}, this program reads {SCHEMA_VERSION}."
