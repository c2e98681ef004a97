"""Mends text that was decoded once too often, before anything splits or cleans it.

Two things happen to files on their way through Excel, R and databases: UTF-8 that is read as Windows-1252
("donâ€™t"), and Windows-1252 that is read as Latin-1, which turns quotes into control characters U+0080 to U+009F.
Both are valid UTF-8, so no reader of bytes notices. ftfy, a library made for this, undoes the first; the second is what
every browser does (WHATWG's encoding standard reads Latin-1 as Windows-1252).
"""

from __future__ import annotations

import re

import ftfy

# The first letters of what two- and three-byte UTF-8 looks like in Windows-1252, each followed by a second byte's
# letter. A text without one is not looked at: ftfy takes 50 times as long as this search.
_TWICE = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0192\u02c6-\u02dc\u2013-\u2122]")
# Five bytes have no letter in Windows-1252; they stay as they are.
_C1 = {
    code: bytes([code]).decode("cp1252")
    for code in range(0x80, 0xA0)
    if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_HAS_C1 = re.compile("[\x80-\x84\x86-\x9f]")


def repaired(text: str) -> str:
    """Return the text as it was written, where it was decoded once too often; any other text as it is."""
    if text.isascii():
        return text
    if _TWICE.search(text):
        text = ftfy.fix_encoding(text)
    # U+0085 alone is a line break of some systems; beside others of its kind it is an ellipsis.
    return text.translate(_C1) if _HAS_C1.search(text) else text
