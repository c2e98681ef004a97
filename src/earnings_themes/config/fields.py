"""How a setting is declared: type, default, bounds, purpose, reason for the default, and error text.

pydantic checks values; its messages are replaced by "expected …", which tells a user what to write.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BeforeValidator, ConfigDict, Field, Strict, WithJsonSchema
from pydantic.fields import FieldInfo

# Of every settings class: a key that is not declared is an error.
CLOSED: Final = ConfigDict(extra="forbid")


def setting(
    default: Any,
    about: str,
    *,
    expected: str = "",
    why: str = "",
    file: Sequence[str] | None = None,
    **bounds: Any,
) -> Any:
    """Declare a setting of a settings class.

    default: the value if the user gives none; `...`: it must be given; a class: a section. about: its purpose, for
    config.yaml's comment and docs/settings.md. expected: what an error says after "expected"; derived from type and bounds
    if empty. why: source of the default: a measurement, page or paper. file: the setting names a local file that must
    exist; the columns it must have, empty for any file. bounds: pydantic's own, such as `ge=1` and `pattern=…`.
    """
    more: dict[str, Any] = {"expected": expected, "why": why, "file": None if file is None else list(file)}
    more = {name: value for name, value in more.items() if value not in (None, "")}
    if isinstance(default, type):
        return Field(default_factory=default, description=about, json_schema_extra=more, **bounds)
    return Field(default, description=about, json_schema_extra=more, **bounds)


def extra(field: FieldInfo, name: str) -> Any:
    """Return the `expected`, `why` or `file` given to `setting`; None if not given."""
    found = field.json_schema_extra
    return found.get(name) if isinstance(found, dict) else None


def fields_of(kind: Any) -> dict[str, FieldInfo]:
    """Return the settings of a settings class by name; empty for any other type."""
    found: dict[str, FieldInfo] = getattr(kind, "__pydantic_fields__", {})
    return found


def settings_class(field: FieldInfo) -> Any:
    """Return the settings class of a section, also of a nullable one; None for a value."""
    for kind in (field.annotation, *get_args(field.annotation)):
        if fields_of(kind):
            return kind
    return None


def expected_of(field: FieldInfo) -> str:
    """Return what is allowed, to follow "expected" in a sentence."""
    said = extra(field, "expected")
    if said:
        return str(said)
    kinds = get_args(field.annotation) or (field.annotation,)
    null = " or null" if type(None) in kinds else ""
    if get_origin(field.annotation) is Literal:
        return " or ".join(map(str, kinds))
    if bool in kinds:
        return f"true or false{null}"
    return f"{'a whole number' if int in kinds else 'a number'}{_bounds(field)}{null}"


def _bounds(field: FieldInfo) -> str:
    low = high = ""
    for bound in field.metadata:
        if isinstance(bound, Ge):
            low = f" from {bound.ge}"
        elif isinstance(bound, Gt):
            low = f" above {bound.gt}"
        elif isinstance(bound, Le):
            high = f" to {bound.le}" if low.startswith(" from") else f", at most {bound.le}"
        elif isinstance(bound, Lt):
            high = f", below {bound.lt}"
    return low + high


# --- types ----------------------------------------------------------------------------------------


def _as_text(value: Any) -> Any:
    # YAML reads 2024 and 0.5 as numbers; true is more likely a mistake than a name.
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _as_date(value: Any) -> Any:
    # YAML turns an unquoted 2021-01-31 into a date by itself.
    if value is None or (isinstance(value, dt.date) and not isinstance(value, dt.datetime)):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return dt.date.fromisoformat(value)
    raise ValueError("not a date")


def _as_one_path(value: Any) -> Any:
    # What is read has one path as a text, which messages show; ingest.tables takes a list apart again.
    if isinstance(value, list | tuple) and value and all(isinstance(path, str) and path for path in value):
        return " | ".join(value)
    return value


# Without Strict, "3", 3.0 and "yes" would be taken for 3 and true.
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
Flag = Annotated[bool, Strict()]
# An id, or a name: a number is taken as it is written.
Text = Annotated[str, BeforeValidator(_as_text), WithJsonSchema({"type": ["string", "number"]})]
# A path, or a list of paths.
Paths = Annotated[
    str,
    BeforeValidator(_as_one_path),
    WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}, "minItems": 1}),
]
# Text that may be left out: null is the same as no text.
TextOrNull = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
# Lists and mappings that may be left out: null is the same as none.
TextsOrNull = Annotated[tuple[Text, ...], BeforeValidator(lambda value: () if value is None else value)]
NamesOrNull = Annotated[Mapping[str, str], BeforeValidator(lambda value: {} if value is None else value)]
Day = Annotated[
    dt.date | None, BeforeValidator(_as_date), WithJsonSchema({"type": ["string", "null"], "format": "date"})
]
