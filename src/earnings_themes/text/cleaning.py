"""Cleans one sentence: what people read (`text`) and what the encoder sees (`model_text`).

The encoder gets the sentence as it was said: lemmatised, stop-word-free text cost up to 0.07 AMI. Only marks of the
transcription ("<inaudible>", "[crosstalk]") are gone: they are the typist's words, not the speaker's.
"""

import re
import unicodedata
from collections import Counter
from typing import NamedTuple

from earnings_themes.text.encoding import INVISIBLE
from earnings_themes.text.words import WORD, is_stop_word


class Cleaned(NamedTuple):
    """A sentence in its two forms."""

    text: str
    model_text: str


_TIME = r"(?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?"
# What stands between any two brackets and is short; angle brackets need a letter or a time, for "<5%" is said.
_BRACKETED = re.compile(
    r"\[[^\[\]]{0,60}\]|\([^()]{0,60}\)|\{[^{}]{0,60}\}|【[^【】]{0,40}】|［[^［］]{0,40}］|（[^（）]{0,40}）|《[^《》]{0,40}》"
    rf"|⟨[^⟨⟩]{{0,40}}⟩|<\s*(?:/?\s*[A-Za-z][\w .:\-]{{0,40}}/?|{_TIME})?\s*>|\*[a-z][a-z ]{{2,30}}\*|♪[^♪]{{0,60}}♪"
)
_ONLY_TIME = re.compile(rf"(?:{_TIME}|\d+\.\d+s)(?:\s*(?:-+>?|–)\s*(?:{_TIME}|\d+\.\d+s))?")
# Alone in a bracket each of these is the typist's.
_MARK_WORDS = frozenset(
    """
    inaudible indiscernible indecipherable unintelligible unclear garbled unk ph sp phonetic sic crosstalk applause music
    silence pause pauses foreign noise redacted bleep beep beeps beeping interpreted interpretation interpreter interpret
    translated translation translator video break overlapping playback blank
    """.split()
)
_MARK_STEMS = ("laugh", "chuckl", "cough", "sigh", "clap")
# These are where all words of the bracket are of the typist's language: "(audio distorted)", not "(audio products)".
_BESIDE_MARK_WORDS = frozenset(
    """
    abrupt abruptly audible audio background bad begins breaks call caller change clears conference connection content cross
    cut cuts difficulties difficulty distorted distortion drop dropped drops end ended ends english gap glitch in instructions
    issue issues language line lost mic microphone missing multiple no non off operator out playing played plays presentation
    problem problems progress question questions answer answers recording response said sec seconds several skip speaker
    speakers speaking speech spoken start starts started talk technical throat through transcript up various via voices
    webcast word words long short of the a an to chinese french german hindi italian japanese korean mandarin portuguese
    russian spanish conversation conversations
    """.split()
)
_MARKS_OF_OTHER_SCRIPTS = re.compile("笑|音声|聞き取|聴取|不明|拍手|掌声|听不清")
# A capital in square brackets is the typist's ("[Interpreted]"), but for words that an editor puts in ("[Our] margin").
_EDITORS = frozenset(
    """
    a an and as at but by for from he her his i in it its my no not of on or our she so that the their these they this those
    to we when with you your
    """.split()
)
_WORDS_IN_MARK = 4
# What a transcriber writes before a turn or a line: "SPEAKER_00:", "<Q - Jane Doe>:", ">>", "00:12:34", "Analyst:", "1.".
_CAPITALS = r"[A-Z][A-Z.'’\-]+"
_TITLE = r"(?:Chief|C[EFOTI]O|President|Chair|Vice|Senior|Executive|Managing|Director|Head|Analyst|Investor)"
_BEFORE = re.compile(
    rf"^(?:(?:[\[{{(<]?\s*(?:SPEAKER|Speaker|Spk|SPK|spk|Participant|Guest|S)[ _\-]?(?:\d{{1,3}}|[A-Z]\b)\s*[\]}})>]?"
    rf"\s*(?:[\[(]?{_TIME}[\])]?)?\s*(?::|(?<=[\]}})>])|(?<=\d)(?=\s))"
    r"|\*\*[^*]{1,60}(?::\*\*|\*\*:)"
    r"|<\s*[QA]\s*(?:[-–]\s*[^<>]{1,60})?>\s*:?"
    rf"|>(?=\s)|>>+\s*(?:[A-Z][\w.'’\-]*(?: [A-Z][\w.'’\-]*){{0,3}}:)?|{_TIME}(?=\s+[A-Z])|\d{{1,2}}:\d{{2}}:\d{{2}}(?:[.,]\d{{1,3}})?"
    r"|[QA](?::|\.(?=\s+[A-Z][\w'’]* [a-z])|\s+[-–](?=\s))"
    r"|(?:(?:(?:Unidentified|Unknown|Male|Female|Corporate) )?(?:Speaker|Operator|Analyst|Executive|Moderator|Participant"
    r"|Representative|Interviewer|Host|Question|Answer|Man|Woman|Attendee)(?: \d{1,2})?|[MFQA]):"
    rf"|{_CAPITALS}(?: {_CAPITALS}){{1,2}}:(?=\s+[A-Z][a-z’' ])"
    rf"|(?:[A-Z][\w.'’\-]+ ){{1,3}}?[A-Z][\w.'’\-]+(?:,| \(| [-–—])\s?{_TITLE}[\w ,&]{{0,60}}\)?:"
    r"|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)](?=\s+[A-Z])"
    r"|[•▪◦‣●■○▸►∙·➢➤❖✓✔→⇒]|o(?=\s+[A-Z])|[*\-–—]{1,2}(?=\s+[\w*]))\s*)+"
)
_SPACE_BEFORE_POINT = re.compile(r"\s+(?=[.,;:!?…](?:\s|$))")
# What is left where a mark stood alone between points: "I, <unk>, think" -> "I, , think".
_EMPTY_CLAUSE = re.compile(r"([,;:])(?:\s*[,;:])+")
_MAY_BE_MARKED = re.compile(
    r"[<\[({（【［《⟨♪]|\*[a-z]|^(?:[^\w$€£¥(\"'“‘]|\d+[:.)]|[Ss][Pp]?[A-Za-z]*[ _]?[\dA-Z]|[a-z]{1,4}[.)]|[QA][.: ]|o )|^[^.:]{1,80}:"
)


def _is_mark(bracketed: str) -> bool:
    """Whether a bracket with what it holds is the typist's, not the speaker's."""
    opening, inner = bracketed[0], bracketed[1:-1].strip(" .,!/")
    words = [word.lower() for word in re.findall(r"[^\W\d_]+", inner)]
    if opening in "{【⟨<♪" or _ONLY_TIME.fullmatch(inner) or inner in ("Q", "A"):
        return True
    if not words:
        # A note's number in square brackets; an amount ("[50%]") is an editor's.
        return not any(map(str.isdigit, inner)) or (opening in "[［" and inner.isdigit())
    if opening in "[［" and inner[0].isupper() and words[0] not in _EDITORS and len(words) <= _WORDS_IN_MARK:
        return True
    if _MARKS_OF_OTHER_SCRIPTS.search(inner):
        return True
    strong = [word for word in words if word in _MARK_WORDS or word.startswith(_MARK_STEMS)]
    if len(words) == 1 or "inaudible" in words or "indiscernible" in words:
        return bool(strong)
    return all(word in strong or word in _BESIDE_MARK_WORDS for word in words)


def mark_end(text: str, start: int) -> int:
    """Return where the typist's mark that begins at a place ends; that place where none does."""
    found = _BRACKETED.match(text, start) or _BRACKETED.match(text, start + 1)
    if found is None or not _is_mark(found.group()):
        return start
    # "((crosstalk))" closes twice.
    return found.end() + (found.start() - start)


def clean(text: str) -> Cleaned:
    """Return both forms of a sentence; of empty text, or of marks alone, the second is empty."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = INVISIBLE.sub("", text)
    text = " ".join(text.split())
    if not _MAY_BE_MARKED.search(text):
        return Cleaned(text, text)
    model_text = _BEFORE.sub("", text)
    for _ in range(2):  # a bracket may hold another: "[[inaudible]]"
        model_text = _BRACKETED.sub(lambda at: " " if _is_mark(at.group()) else at.group(), model_text)
    if model_text == text:
        return Cleaned(text, text)
    model_text = _SPACE_BEFORE_POINT.sub("", " ".join(model_text.split()))
    model_text = _EMPTY_CLAUSE.sub(r"\1", model_text).lstrip(" ,;:.-…")
    return Cleaned(text, model_text)


_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th|s)$")


def has_content(model_text: str) -> bool:
    """Return whether a sentence holds at least one word with a meaning: not only stop words, points and digits.

    Stop words are English, so a sentence of another language has content as soon as it holds a word of two letters, or
    one character of a script that writes without spaces.
    """
    for word in WORD.findall(model_text.lower()):
        if word.isdecimal() or (len(word) == 1 and word.isascii()):
            continue
        if is_stop_word(word.replace("’", "'")) or _ORDINAL.match(word):
            continue
        if any(map(str.isalpha, word)):
            return True
    return False


# Ranges of the Unicode blocks, coarse on purpose: a hint for a language flag, not a language detector.
_SCRIPTS = {
    "Latin": re.compile("[A-\u024f\u1e00-\u1eff\uff21-\uff5a]"),
    "Greek": re.compile("[\u0370-\u03ff\u1f00-\u1fff]"),
    "Cyrillic": re.compile("[\u0400-\u052f]"),
    "Armenian": re.compile("[\u0530-\u058f]"),
    "Hebrew": re.compile("[\u0590-\u05ff]"),
    "Arabic": re.compile("[\u0600-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefe]"),
    "Indic": re.compile("[\u0900-\u0dff]"),
    "Thai": re.compile("[\u0e00-\u0e7f]"),
    "Georgian": re.compile("[\u10a0-\u10ff]"),
    "Ethiopic": re.compile("[\u1200-\u139f]"),
    "CJK": re.compile(
        "[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
    ),
}


def dominant_script(text: str) -> str:
    """Return the script that most letters belong to: one of _SCRIPTS, Other, or Common where there is no letter."""
    if text.isascii():
        return "Latin" if any(map(str.isalpha, text)) else "Common"
    counts: Counter[str] = Counter()
    for letter, n in Counter(text).items():
        if letter.isalpha():
            script = next((name for name, letters in _SCRIPTS.items() if letters.match(letter)), "Other")
            counts[script] += n
    return max(sorted(counts), key=counts.__getitem__, default="Common")
