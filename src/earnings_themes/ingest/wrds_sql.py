"""The questions that a pull asks WRDS, and which of its schemas a login may read.

Entitlements differ by university: the base tables may be there and refused, and then the same names in another schema
are views that may be read. Ids are doubles in WRDS; they are cast here, so that 12 is never 12.0. Turns are joined by
the component's own id: by transcript and type, as some public code has it, every turn meets every other of its kind.
Codes that are written out are S&P's for an earnings call (48) and a final presentation (5); names come from the tables.
"""

from typing import Final

# Where a table is looked for, the fullest subscription first; the last two are WRDS's samples.
SCHEMAS: Final = ("ciq_transcripts", "ciq", "ciqsamp_transcripts", "ciqsamp")
# Each is needed: which versions there are, who spoke, what was said.
NEEDED: Final = ("wrds_transcript_detail", "wrds_transcript_person", "ciqtranscriptcomponent")
# Each adds columns where it may be read: (table, where it is looked for, the columns that it gives).
LINKS: Final = (
    ("wrds_gvkey", ("ciq_common", "ciq", "ciqsamp_common", "ciqsamp"), ("gvkey",)),
    ("ccmxpf_lnkhist", ("crsp", "crsp_a_ccm"), ("permno",)),
    ("company", ("comp", "comp_na_daily_all"), ("sic", "gsector")),
)

VERSIONS: Final = """
SELECT companyid::bigint::text AS companyid, companyname, keydevid::bigint::text AS keydevid,
    transcriptid::bigint::text AS transcriptid, headline, mostimportantdateutc::date::text AS mostimportantdateutc,
    mostimportanttimeutc::text AS mostimportanttimeutc, transcriptcollectiontypename,
    transcriptcreationdate_utc::date::text AS transcriptcreationdate_utc,
    transcriptcreationtime_utc::text AS transcriptcreationtime_utc{links},
    ROW_NUMBER() OVER (PARTITION BY companyid, keydevid ORDER BY (transcriptpresentationtypeid = 5) DESC NULLS LAST,
        transcriptcreationdate_utc {order} NULLS LAST, transcriptcreationtime_utc {order} NULLS LAST,
        transcriptid {order}) AS pick
FROM {detail} AS d {joins}
WHERE keydeveventtypeid = 48 AND mostimportantdateutc >= %(start)s AND mostimportantdateutc < %(end)s
ORDER BY d.companyid, d.transcriptid
"""
# A call's own day decides which link holds; an open end is null. Of two that hold the first by its start is taken.
GVKEY: Final = """LEFT JOIN LATERAL (
    SELECT lpad(g.gvkey::text, 6, '0') AS gvkey FROM {wrds_gvkey} AS g WHERE g.companyid = d.companyid
    AND (g.startdate IS NULL OR g.startdate <= d.mostimportantdateutc)
    AND (g.enddate IS NULL OR g.enddate >= d.mostimportantdateutc)
    ORDER BY g.startdate NULLS LAST, g.gvkey LIMIT 1) AS gv ON true"""
PERMNO: Final = """LEFT JOIN LATERAL (
    SELECT p.lpermno::bigint::text AS permno FROM {ccmxpf_lnkhist} AS p WHERE p.gvkey = gv.gvkey
    AND p.linktype IN ('LU', 'LC') AND p.linkprim IN ('P', 'C') AND p.linkdt <= d.mostimportantdateutc
    AND (p.linkenddt IS NULL OR p.linkenddt >= d.mostimportantdateutc)
    ORDER BY (p.linkprim = 'P') DESC, p.linkdt LIMIT 1) AS pe ON true"""
INDUSTRY: Final = "LEFT JOIN {company} AS co ON co.gvkey = gv.gvkey"

TURNS: Final = """
SELECT p.transcriptid::bigint::text AS transcriptid, p.componentorder::int AS componentorder,
    p.transcriptcomponenttypename, p.speakertypename, p.transcriptpersonname, c.componenttext
FROM {wrds_transcript_person} AS p
JOIN {ciqtranscriptcomponent} AS c ON c.transcriptcomponentid = p.transcriptcomponentid
WHERE p.transcriptid = ANY(%(ids)s) AND c.transcriptid = ANY(%(ids)s)
ORDER BY p.transcriptid, p.componentorder, p.transcriptcomponentid
"""


def versions_query(tables: dict[str, str], which: str) -> str:
    """Return the question for the versions of a span's calls, with the links that may be read.

    tables: where each table is, as schema.table. which: the version that is first of its call, latest or earliest.
    """
    joins, links = "", ""
    if "wrds_gvkey" in tables:
        joins, links = GVKEY, ", gv.gvkey"
        if "ccmxpf_lnkhist" in tables:
            joins, links = f"{joins} {PERMNO}", f"{links}, pe.permno"
        if "company" in tables:
            joins, links = f"{joins} {INDUSTRY}", f"{links}, co.sic::text AS sic, co.gsector::text AS gsector"
    order = "DESC" if which == "latest" else "ASC"
    return VERSIONS.format(
        links=links, detail=tables["wrds_transcript_detail"], joins=joins.format(**tables), order=order
    )


def link_columns(tables: dict[str, str]) -> tuple[str, ...]:
    """Return the columns that the links give, in the order of `versions_query`; none without gvkey."""
    if "wrds_gvkey" not in tables:
        return ()
    return tuple(column for table, _, columns in LINKS if table in tables for column in columns)
