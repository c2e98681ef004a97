"""Recognises a file's format by its first bytes; names may be wrong, and a wrong guess gives wrong advice."""

import re
import zipfile
from pathlib import Path
from typing import Final

from earnings_themes.errors import InputError, close_to
from earnings_themes.ingest.columns import ENOUGH_KNOWN, CountKnown

EXPECTED: Final = (
    "CSV (also packed as .gz, .bz2, .xz or .zip), Parquet, Excel's .xlsx or Stata's .dta, a folder or a list of "
    "them, or a glob"
)
START: Final = 300
# The start, the kind's name, and for kinds that are not read the pandas call that reads it.
_STARTS: Final = (
    (b"PAR1", "parquet", None),
    (b"PK\x03\x04", "zip", None),
    (b"PK\x05\x06", "zip", None),
    (b"\x1f\x8b", "gzip", None),
    (b"BZh", "bz2", None),
    (b"\xfd7zXZ\x00", "xz", None),
    (b"<stata_dta>", "dta", None),
    (b"\x28\xb5\x2f\xfd", "a file packed with Zstandard", "read_csv('{name}', compression='zstd', dtype=str)"),
    (bytes(12) + b"\xc2\xea\x81\x60", "a SAS data set (.sas7bdat)", "read_sas('{name}', encoding='cp1252')"),
    (b"HEADER RECORD***", "a SAS transport file (.xpt)", "read_sas('{name}', format='xport', encoding='cp1252')"),
    (b"$FL2", "an SPSS file (.sav)", "read_spss('{name}')"),
    (b"ARROW1", "Arrow or Feather", "read_feather('{name}')"),
    (b"FEA1", "Feather, version 1", "read_feather('{name}')"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file (.xls, .doc)", "read_excel('{name}', dtype=str)"),
    (b"ORC", "ORC", "read_orc('{name}')"),
    (b"\x89HDF", "HDF5", "read_hdf('{name}')"),
    (b"SQLite format 3\0", "an SQLite database", "read_sql('SELECT * FROM TABLE', 'sqlite:///{name}')"),
    (b"%PDF", "a PDF", None),
    (b"RDX2\n", "R's data (.RData)", None),
    (b"RDX3\n", "R's data (.RData)", None),
    (b"X\n\0\0\0", "R's data (.rds)", None),
    (b"7z\xbc\xaf", "a 7z archive", None),
    (b"Rar!", "a RAR archive", None),
    (b"Obj\x01", "Avro", None),
    (b"{\\rtf", "rich text (.rtf)", None),
    (b"$FL3", "an SPSS file (.zsav)", "read_spss('{name}')"),
    (b"\x93NUMPY", "a NumPy array (.npy)", None),
    (b"MATLAB 5.0", "MATLAB's data (.mat)", None),
    (b"\x04\x22\x4d\x18", "a file packed with LZ4", None),
    (b"\x1f\x9d", "a file packed with compress (.Z)", None),
    (b"\x00\x01\x00\x00Standard ", "an Access database", None),
    (b"version https://git-lfs.github.com/spec/", "a pointer that Git LFS left instead of the file", None),
    (b"[", "JSON", "read_json('{name}', dtype=str, convert_dates=False)"),
    (b"{", "JSON", "read_json('{name}', lines=True, dtype=str, convert_dates=False)"),
)  # fmt: skip
# An object over several lines is one object, not one a line.
_OBJECT: Final = re.compile(rb"\{\s*\n")
# A name in angle brackets begins some exports' header: "<ticker>,<date>".
_ANGLED: Final = re.compile(rb"<[!?/a-zA-Z](?![^<>\n]*>\s*[,;|\t])")
_OF_THE_WEB: Final = (b"<!doctype html", b"<html", b"<head", b"<body", b"<table", b"<div")
_PICKLE: Final = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
# What no text holds: a few of these are stray, many are no text.
_NO_TEXT: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_BINARY: Final = "a binary file of a kind that is not known here"
_ONE_OBJECT: Final = "one JSON object"
_MADE_BY: Final = 'Make a table of it, one row per turn or per call: docs/input.md, "Other files"'
_READ: Final = ("csv", "parquet", "zip", "gzip", "bz2", "xz", "xlsx", "dta")
_BY_HAND: Final = {
    "a PDF": "Take its text out with pdftotext -layout, and write one row per speaker turn into a CSV",
    "XML": _MADE_BY,
    "a web page": _MADE_BY,
    "a filing as EDGAR has it": _MADE_BY,
    "R's data (.RData)": 'In R: arrow::write_parquet(table, "calls.parquet")',
    "a pointer that Git LFS left instead of the file": "Type git lfs pull where it came from, and copy the file itself",
    _BINARY: "Find out what wrote it, and export CSV in UTF-8 there",
    "R's data (.rds)": 'In R: arrow::write_parquet(readRDS("{name}"), "calls.parquet")',
}


def kind_of(start: bytes, path: Path | None = None) -> tuple[str, str | None]:
    """Return a file's kind, and the pandas call that reads it where we do not.

    start: its first 300 bytes. path: where it is, to look into a zip file, which Excel's are too.
    """
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    for sign, kind, call in _STARTS:
        if start.startswith(sign) or (sign[:1] in b"<[{" and text.lower().startswith(sign.lower())):
            if kind == "zip" and path is not None:
                return _in_zip(path)
            if kind == "JSON" and _OBJECT.match(text):
                return _ONE_OBJECT, "json_normalize(pandas.read_json('{name}', typ='series').to_dict())"
            return kind, call
    if _ANGLED.match(text):
        lowered = text.lower()
        if b"<sec-document" in lowered or b"<sec-header" in lowered:
            return "a filing as EDGAR has it", None
        return ("a web page" if lowered.startswith(_OF_THE_WEB) else "XML"), None
    if start.startswith(_PICKLE) and b"pandas" in start:
        return "a pandas pickle", "read_pickle('{name}')"
    if start.startswith(_PICKLE):
        return "a Python pickle", None
    # Stata's form before 2012: its version, 104 to 115, the order of bytes, and a one.
    if len(start) > 3 and 104 <= start[0] <= 115 and start[1] in (1, 2) and start[2] == 1:
        return "dta", None
    if start[257:262] == b"ustar":
        return "a tar archive", None
    if start[8:12] == b"DUCK":
        return "a DuckDB database", None
    # A separator of its own (U+0001) is one a name; UTF-16 has its zeros beside letters.
    marks = _NO_TEXT.findall(start[:START])
    is_wide = start.startswith((b"\xff\xfe", b"\xfe\xff")) or re.match(
        rb"(?:\0{1,3}[ -~]|[ -~]\0{1,3}){2}", start
    )
    n = len(start[:START])
    looks_binary = (len(set(marks)) > 2 and len(marks) > 0.02 * n) or start[:START].count(0) > 0.5 * n
    return (_BINARY if looks_binary and not is_wide else "csv"), None


def _in_zip(path: Path) -> tuple[str, str | None]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (OSError, zipfile.BadZipFile, NotImplementedError):
        return "zip", None
    if "xl/workbook.xml" in names:
        return "xlsx", None
    if "xl/workbook.bin" in names:
        return "Excel's .xlsb", "read_excel('{name}', dtype=str)"
    if "word/document.xml" in names:
        return "a Word document", None
    if "mimetype" in names and "content.xml" in names:
        return "an OpenDocument file (.ods)", "read_excel('{name}', dtype=str)"
    return "zip", None


def holds_a_table(start: bytes, n_known: CountKnown, path: Path | None = None) -> bool:
    """Return whether a file that is not read may hold rows, by its first bytes: a kind that pandas reads, or our columns."""
    kind, call = kind_of(start, path)
    if kind == "csv":
        header = re.split(r"[,;\t|]", start.decode("utf-8", "ignore").partition("\n")[0])
        return n_known(header) >= ENOUGH_KNOWN
    # One object is a receipt, or settings.
    return kind in _READ or (call is not None and kind != _ONE_OBJECT)


def table_kind(path: Path) -> str:
    """Return the kind of a table that is read: csv, gzip, bz2, xz, zip, parquet, xlsx or dta.

    Raises InputError where the file cannot be opened, or is of a kind that is not read: which, and what converts it.
    """
    kind, call = kind_of(first_bytes(path), path)
    if kind in _READ:
        return kind
    raise InputError(f"{path}: {advice(kind, call, path.name)}")


def first_bytes(path: Path) -> bytes:
    """Return as much of a file as says its kind. Raises InputError where it cannot be opened."""
    try:
        with path.open("rb") as file:
            return file.read(START)
    except OSError as error:
        there = [other.name for other in path.parent.glob("*")]
        hint = "" if path.exists() else close_to(path.name, there)
        raise InputError(
            f"{path}: cannot be opened ({error.strerror}). Set source.path to a file of transcripts; a path without "
            f"a / at its front counts from {Path.cwd()}.{hint}"
        ) from error


def advice(kind: str, call: str | None, name: str) -> str:
    """Return what a message says of a kind of file that is not read."""
    by_hand = _BY_HAND.get(kind, "Unpack or convert it, and give the table").format(name=name)
    how = conversion(call, name) if call else f"{by_hand}."
    return f"found {kind}; expected {EXPECTED}. {how}"


def conversion(call: str, name: str) -> str:
    """Return the command that makes Parquet of a file by a pandas call, with {name} for the file's name."""
    target = f"{name.split('.')[0]}.parquet"
    return f"Convert it: python -c \"import pandas; pandas.{call.format(name=name)}.to_parquet('{target}')\""
