"""Lists the firms of a run while the DAG is built, so it imports nothing that only jobs need."""

import json
from dataclasses import asdict
from typing import Any

from earnings_themes.abstractions import DataConnector
from earnings_themes.config import Source
from earnings_themes.errors import InputError, UnknownFirmError, close_to
from earnings_themes.implementations import connector_class
from earnings_themes.results.firms import id_fault, parse_firms
from earnings_themes.system.folders import Folder


def connect(source: Source) -> DataConnector:
    """Return the data connector that `source.kind` names. Raises ConfigError."""
    connector = connector_class(source.kind)(source.path)
    connector.limits = source.limits
    connector.source = source
    return connector


def list_firms(source: Source, connector: DataConnector | None = None) -> list[str]:
    """Return the sorted ids of the firms that a run is about: those with a call between the dates.

    Raises InputError when there is none, when there are more than `source.limits.firms`, and for an id that cannot
    name a file; UnknownFirmError when `source.firms` names one that the source does not hold.
    """
    found = (connector or connect(source)).get_firms(source.start_date, source.end_date)
    between = f"between {source.start_date or 'the first'} and {source.end_date or 'the last'} call date"
    if not found:
        raise InputError(
            f"{source.path}: no firm has a call {between}. Check source.start_date and end_date."
        )
    for firm_id in found:
        if fault := id_fault(firm_id):
            raise InputError(f"{source.path}: a firm's id is {fault}")
    firms = found if source.firms is None else sorted(set(source.firms))
    if unknown := sorted(set(firms) - set(found)):
        raise UnknownFirmError(
            f"{source.path}: source.firms names {unknown}, without a call {between}."
            + close_to(unknown[0], found)
        )
    if len(firms) > source.limits.firms:
        raise InputError(
            f"{source.path}: found {len(firms):,} firms; expected at most {source.limits.firms:,} in one run. "
            "Make one run per quarter (source.start_date, end_date), or raise source.limits.firms."
        )
    return firms


def describe_source(source: Source) -> dict[str, Any]:
    """Return the source as JSON would hold it."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(source), default=str))
    return plain


def known_firms(source: Source, folder: Folder, is_final: bool = False) -> list[str]:
    """Return the ids of the run's firms, from firms.tsv where ingest made it from this very source and content.

    Otherwise the source is asked, which for a CSV means reading it once. This is what the DAG is built from.
    folder: the run's. is_final: ingest is done, as it is for a job that needs its files, so that firms.tsv is
    right however the source looks now. Raises InputError, and ResultError for a damaged firms.tsv.
    """
    files = folder.list()
    if {"firms.tsv", "ingest.json"} <= files.keys():
        noted = json.loads(folder.read("ingest.json"))
        version = None if is_final else connect(source).version()
        same = version is not None and version == noted.get("source_version")
        if is_final or (same and noted.get("source") == describe_source(source)):
            return [row.firm_id for row in parse_firms(folder.read("firms.tsv"), f"{folder}/firms.tsv")]
    return list_firms(source)
