r"""Repairs text that was decoded or escaped once too often, before it is split and cleaned.

Excel, R, databases and web pages read UTF-8 as Windows-1252 ("donâ€™t") or as another code page, read
Windows-1252 as Latin-1, which turns quotes into control characters U+0080 to U+009F, and write out line
breaks and quotes (`\n`, `<br>`, `&amp;quot;`, `_x000D_`). All of it is valid UTF-8. ftfy undoes most of the
first; browsers do the second (WHATWG reads Latin-1 as Windows-1252). What HTML, subtitles and Markdown put around words
goes as well, for sentences are split and calls compared by what was said.
"""

import html
import re
import unicodedata

import ftfy

# The first letters of what two- and three-byte UTF-8 looks like in Windows-1252, each followed by a second byte's
# letter; and what a curly quote or an accent looks like in Mac's Roman and Windows-1251. A text without one is not
# looked at: ftfy takes 50 times as long as this search.
_TWICE = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0192\u02c6-\u02dc\u2013-\u2122]|\u201aÄ|\u221a[©®°±≥∂ß]|вЂ"
)
# The same in code pages that ftfy leaves alone.
_OTHER_PAGES = ((re.compile("ÔÇ."), "cp850"), (re.compile("ΓÇ."), "cp437"), (re.compile("鈥."), "gbk"))
# Windows-1252 and Mac's Roman, each read as the other: "donÕt", "donít".
_CONTRACTED = (
    r"(?:\b(?:I|(?:[Ii]|[Tt]ha|[Ll]e|[Ww]ha)t|[Ww]e|[Yy]ou|[Tt]hey|[Tt]here){0}(?:s|re|ve|ll|d|m)|n{0}t)\b"
)
_SWAPPED = (
    (re.compile(_CONTRACTED.format("Õ")), "cp1252", "mac_roman"),
    (re.compile(_CONTRACTED.format("í")), "mac_roman", "cp1252"),
)
# Five bytes have no letter in Windows-1252; they stay as they are.
_C1 = {
    code: bytes([code]).decode("cp1252")
    for code in range(0x80, 0xA0)
    if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_HAS_C1 = re.compile("[\x80-\x84\x86-\x9f]")
# An apostrophe that an encoding could not hold: "don?t", "it\ufffds".
_LOST_APOSTROPHE = re.compile(
    r"(?<=[a-zA-Z])\ufffd(?=(?:s|t|re|ve|ll|d|m)\b)|(?<=[a-z])\?(?=(?:s|t|re|ve|ll|d|m)\b)"
)
# Not an address: "?page=2".
_LOST = re.compile(r"\ufffd|[a-z]\?[a-z](?!\w*=)")
# Control characters break CSV and JSON readers, lone surrogates break UTF-8 writers, and invisible
# marks (soft hyphen, zero-width space, direction marks, byte-order mark) make equal sentences differ.
# U+200C and U+200D stay: Persian and the Indic scripts spell with them.
INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069"
    "\ufeff\ufff9-\ufffb\ufffd\ud800-\udfff]"
)
# Between two sentences such a mark may be the only blank.
_INVISIBLE_BLANK = re.compile(f"(?<=[.!?]){INVISIBLE.pattern}+(?=[A-Z])")
# "ﬁ" is one letter in a PDF's font, and an unknown one to an encoder.
_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}

_MAY_BE_ESCAPED = re.compile(r"\\[nrtu\"']|&[#a-zA-Z]|<[!/a-zA-Z]|_x0|\*\*|\]\(")
_ATTRIBUTES = r"(?:\s+[\w:@.\-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>]+))*\s*/?>"
_ESCAPED = (
    (re.compile(r"_x000[dD]_\n?|_x000[aA]_|(?:\\r)?\\n|\\r"), "\n"),
    (re.compile(r"\\t"), " "),
    (re.compile(r"\\(?=[\"'])"), ""),
    # HTML: what is no text, what breaks a line, what parts a table's cells, and what only changes letters. All else
    # between angle brackets is cleaning's.
    (re.compile(r"<!--.*?-->|<!DOCTYPE[^<>]*>|<(script|style)\b[^<>]*>.*?</\1>", re.IGNORECASE | re.DOTALL), ""),
    (re.compile(r"</?(?:br|p|div|li|ul|ol|tr|h[1-6]|hr|d[dlt]|table|tbody|thead|tfoot|caption|section|article|header|footer"
                r"|main|body|head|html|title|blockquote|pre|figure|figcaption|center)" + _ATTRIBUTES, re.IGNORECASE), "\n"),
    (re.compile(r"</?t[dh]" + _ATTRIBUTES, re.IGNORECASE), "\t"),
    (re.compile(r"</?(?:a|abbr|b|big|cite|code|del|em|font|i|img|ins|link|mark|meta|small|span|strike|strong|su[bp]|tt|u|wbr)"
                + _ATTRIBUTES, re.IGNORECASE), ""),
    # Any other element, of XML: <speaker name="Dana Doyle">We grew.</speaker>.
    (re.compile(r"<[A-Za-z][\w:.\-]*\s+[\w:.\-]+=(?:\"[^\"<>]*\"|'[^'<>]*')[^<>]{0,500}>|</[A-Za-z][\w:.\-]+>"), "\n"),
    # WebVTT's voices and classes; Markdown's pictures, links, bold words but not a bold speaker.
    (re.compile(r"</?[cv](?:\.[\w.]+)?(?: [^<>]{1,80})?>"), ""),
    (re.compile(r"!\[[^\[\]\n]{0,200}\]\([^()\s]*\)"), ""),
    (re.compile(r"\[([^\[\]\n]{1,200})\]\((?:https?:|mailto:|www\.|[/#])[^()\s]*\)"), r"\1"),
    (re.compile(r"\*\*([^\s*:](?:[^*\n]{0,300}[^\s*:])?)\*\*(?!:)"), r"\1"),
)  # fmt: skip
_CODE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ENTITY = re.compile(r"&(?:[a-z]{2,6}|#\d{2,5}|#x[0-9a-f]{2,4});", re.IGNORECASE)


def repaired(text: str) -> str:
    """Return the text as it was written, where it was decoded or escaped once too often; any other text as it is."""
    if _MAY_BE_ESCAPED.search(text):
        text = _unescaped(text)
    if "?" in text or "\ufffd" in text:
        text = _LOST_APOSTROPHE.sub("’", text)
    if not text.isascii():
        text = _decoded(text)
    if not text.isprintable():
        text = INVISIBLE.sub("", _INVISIBLE_BLANK.sub(" ", text))
    return text


def _decoded(text: str) -> str:
    """Return a text as it was before it was read in another encoding."""
    if _TWICE.search(text):
        text = ftfy.fix_encoding(text)
    for sign, page in _OTHER_PAGES:
        for found in set(sign.findall(text)):
            text = text.replace(found, _from_page(found, page))
    for sign, page, right in _SWAPPED:
        if sign.search(text):
            text = _from_page(text, page, right)
    # U+0085 alone is a line break of some systems; beside others of its kind it is an ellipsis.
    return (text.translate(_C1) if _HAS_C1.search(text) else text).translate(_LIGATURES)


def has_lost_letters(text: str) -> bool:
    """Return whether letters of a text are gone for good: what stands for them is a question mark or U+FFFD."""
    return bool(_LOST.search(text))


def _unescaped(text: str) -> str:
    for _ in range(2):  # &amp;quot; was escaped twice
        if "&" in text and _ENTITY.search(text):
            text = html.unescape(text)
    for sign, instead in _ESCAPED:
        text = sign.sub(instead, text)
    return _CODE.sub(lambda found: chr(int(found.group(1), 16)), text)


def _from_page(text: str, page: str, right: str = "utf-8") -> str:
    try:
        return text.encode(page).decode(right)
    except UnicodeError:
        return text
