"""Cleans one sentence: what people read (`text`) and what the encoder sees (`model_text`).

The encoder gets the sentence as it was said. Lemmatised, stop-word-free text cost up to 0.07 AMI in our
measurements, so the only difference is that marks of the transcription ("<inaudible>", "[crosstalk]")
are gone: they are the typist's words, not the speaker's, and would pull unrelated sentences together.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import NamedTuple

from earnings_themes.text.words import WORD, is_stop_word


class Cleaned(NamedTuple):
    """A sentence in its two forms."""

    text: str
    model_text: str


# Control characters break CSV and JSON readers, lone surrogates break UTF-8 writers, and invisible
# marks (soft hyphen, zero-width space, direction marks, byte-order mark) make equal sentences differ.
# U+200C and U+200D stay: Persian and the Indic scripts spell with them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069"
    "\ufeff\ufff9-\ufffb\ufffd\ud800-\udfff]"
)

_TIME = r"(?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?"
# Any "<word>" is a mark: verbatim transcripts write no other angle brackets. Square and round brackets
# are also used for speech ("[this year]"), so there only the known words count, and in square ones a capital
# ("[Interpreted]"), but not where a word that no mark begins with has it ("[Our] margin": an editor's).
_MARK = re.compile(
    r"<\s*/?\s*[a-z][a-z _\-]{0,30}/?\s*>"
    rf"|[\[(<{{]\s*{_TIME}(?:\s*(?:-+>?|–)\s*{_TIME})?\s*[\])>}}]"
    r"|[\[({（【]\s*(?:(?:multiple|overlapping|several|various)\s(?:speakers?|voices|conversations?)|overlapping(?:\sspeech)?"
    r"|(?:through|via|spoken\sthrough)\s(?:an?\s)?(?:interpreter|translator)|interpret(?:ed|er|ation)|translat(?:ed|or|ion)"
    r"|(?:abrupt|audio|video|call|break|recording|webcast|conference|presentation|line|operator|question|answer)"
    r"\s(?:start|end|ends|ended|starts|drops?|dropped|cut|cuts\sout|break|in\sprogress|playing|played|presentation|begins|starts"
    r"|ends\sabruptly|plays|gap|instructions?|missing|skip|lost)|video|break|beep(?:s|ing)?|chuckl(?:es|ing)|sighs?|clears\sthroat"
    r"|speaker\s(?:change|off\smic(?:rophone)?)|no\squestions?|indiscernible\s?[^\])}）】]{0,20}|inaudible\s?[^\])}）】]{0,20})\s*[\])}）】]"
    r"|\[(?!(?-i:(?:A|An|And|As|At|But|By|For|From|He|Her|His|I|In|It|Its|My|No|Not|Of|On|Or|Our|She|So|That|The|Their|These"
    r"|They|This|Those|To|We|When|With|You|Your)\b))(?-i:[A-Z])[a-z]{2,}(?:[ \-][A-Za-z]+){0,3}\]"
    r"|[\[(]\s*(?:inaudible|indiscernible|unintelligible|unk|ph|phonetic|sic|cross[\s\-]?talk|laugh(?:s|ter|ing)?"
    r"|applause|music(?:\splaying)?|silence|pause|cough(?:s|ing)?|technical\s(?:difficult(?:y|ies)|issues?|problems?)"
    r"|foreign(?:\slanguage)?|speaking\s(?:in\s)?(?:a\s)?foreign\slanguage|background\snoise|noise"
    r"|audio\s(?:gap|drop|distortion)|no\s(?:audio|response)|operator\sinstructions"
    r"|(?:start|end)\sof\s(?:audio|recording))(?:\s\d{1,2}:\d{2}(?::\d{2})?)?\s*[\])]",
    re.IGNORECASE,
)
# What a transcriber writes before a turn or a line: "SPEAKER_00:", "<Q - Jane Doe>:", ">>", "00:12:34", "Speaker 1:".
_BEFORE = re.compile(
    rf"^(?:(?:(?:<\s*)?(?:SPEAKER|Speaker|Spk|SPK)[ _]?\d{{1,3}}\s*>?\s*(?:[\[(]?{_TIME}[\])]?)?\s*:?"
    rf"|<\s*[QA]\s*[-–]\s*[^<>]{{1,60}}>\s*:?"
    rf"|>>+\s*(?:[A-Z][\w.'’\-]*(?: [A-Z][\w.'’\-]*){{0,3}}:)?|\d{{1,2}}:\d{{2}}:\d{{2}}(?:[.,]\d{{1,3}})?|[QA]:"
    r"|[•▪◦‣●■○▸►∙·]|[*\-](?=\s+\w))\s*)+"
)
_SPACE_BEFORE_POINT = re.compile(r"\s+(?=[.,;:!?…](?:\s|$))")
# What is left where a mark stood alone between points: "I, <unk>, think" -> "I, , think".
_EMPTY_CLAUSE = re.compile(r"([,;:])(?:\s*[,;:])+")
_MAY_BE_MARKED = re.compile(r"[<\[({（【]|^(?:[^\w$€£¥(\"'“‘]|\d+:|[Ss][Pp][A-Za-z]*[ _]?\d|[QA]:)")
_ENTITY = re.compile(r"&(?:[a-z]{2,6}|#\d{2,5}|#x[0-9a-f]{2,4});", re.IGNORECASE)


def clean(text: str) -> Cleaned:
    """Both forms of a sentence. Empty text, or text of marks only, gives an empty ``model_text``.

    Raises:
        TypeError: ``text`` is not a string (a missing value of pandas is a float).
    """
    if not isinstance(text, str):
        raise TypeError(f"clean expects a string, got {type(text).__name__}: {text!r}")
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = _INVISIBLE.sub("", text)
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
    text = " ".join(text.split())
    if not _MAY_BE_MARKED.search(text):
        return Cleaned(text, text)
    model_text, n_before = _BEFORE.subn("", text)
    model_text, n_marks = _MARK.subn(" ", model_text)
    if not n_marks + n_before:
        return Cleaned(text, text)
    model_text = " ".join(model_text.split())
    model_text = _SPACE_BEFORE_POINT.sub("", model_text)
    model_text = _EMPTY_CLAUSE.sub(r"\1", model_text).lstrip(" ,;:.-…")
    return Cleaned(text, model_text)


_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th|s)$")


def has_content(model_text: str) -> bool:
    """Whether a sentence holds at least one word with a meaning: not only stop words, points and digits.

    Letters of every script count. Stop words are English, so a sentence of another language has content
    as soon as it holds a word of two letters, or one character of a script that writes without spaces.
    """
    for word in WORD.findall(model_text.lower()):
        if word.isdecimal() or (len(word) == 1 and word.isascii()):
            continue
        if is_stop_word(word.replace("’", "'")) or _ORDINAL.match(word):
            continue
        if any(letter.isalpha() for letter in word):
            return True
    return False


# Ranges of the Unicode blocks, coarse on purpose: a hint for a language flag, not a language detector.
_SCRIPTS: tuple[tuple[int, int, str], ...] = (
    (0x0041, 0x024F, "Latin"),
    (0x1E00, 0x1EFF, "Latin"),
    (0xFF21, 0xFF5A, "Latin"),
    (0x0370, 0x03FF, "Greek"),
    (0x1F00, 0x1FFF, "Greek"),
    (0x0400, 0x052F, "Cyrillic"),
    (0x0530, 0x058F, "Armenian"),
    (0x0590, 0x05FF, "Hebrew"),
    (0x0600, 0x077F, "Arabic"),
    (0x08A0, 0x08FF, "Arabic"),
    (0xFB50, 0xFDFF, "Arabic"),
    (0xFE70, 0xFEFE, "Arabic"),
    (0x0900, 0x0DFF, "Indic"),
    (0x0E00, 0x0E7F, "Thai"),
    (0x10A0, 0x10FF, "Georgian"),
    (0x1200, 0x139F, "Ethiopic"),
    (0x1100, 0x11FF, "CJK"),
    (0x2E80, 0x9FFF, "CJK"),
    (0xAC00, 0xD7AF, "CJK"),
    (0xF900, 0xFAFF, "CJK"),
    (0xFF66, 0xFF9F, "CJK"),
    (0x20000, 0x3FFFF, "CJK"),
)


def _script_of(letter: str) -> str:
    code = ord(letter)
    for low, high, name in _SCRIPTS:
        if low <= code <= high:
            return name
    return "Other"


def dominant_script(text: str) -> str:
    """The script that most letters of ``text`` belong to.

    One of Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic, Indic, Thai, Georgian, Ethiopic, CJK (with
    kana and hangul), Other; "Common", Unicode's name for what belongs to no script, where there is no letter.
    """
    if text.isascii():
        return "Latin" if any(letter.isalpha() for letter in text) else "Common"
    counts: dict[str, int] = {}
    for letter in text:
        if letter.isalpha():
            script = "Latin" if letter < "\u0250" else _script_of(letter)
            counts[script] = counts.get(script, 0) + 1
    return max(sorted(counts), key=lambda script: counts[script]) if counts else "Common"
