"""Finds lines of a turn that nobody said: page footers, headings, tables, time stamps.

Transcripts copied from PDFs and web pages hold such lines on every page of every firm, where they would form
the first theme. They are taken out of the turn, so that the sentence they interrupt is whole again, and kept
apart.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from earnings_themes.text.sentences import goes_on

# A line that comes back this often in a call, digits aside, is a page's, not a speaker's.
REPEATED = 4
_LONGEST = 120

_NUMBER = re.compile(r"\d+")
_NAME = r"[A-Z][\w'’.\-]*(?:,? (?:[A-Z][\w'’.\-]*|de|van|von|der|la|di|da|del|el|al|bin)){0,4}"
_TITLE = (
    r"(?:[Cc]hief|C[EFOTIM]O|[Pp]resident|[Cc]hair|[Vv]ice|[Ss]enior|[Ee]xecutive|[Mm]anag|[Dd]irector|[Hh]ead|[Aa]nalyst"
    r"|[Oo]fficer|[Ii]nvestor|[Tt]reasurer|[Cc]ontroller|[Ff]ounder|[Pp]artner|[Ss]ecretary|[Gg]eneral|[Oo]perator|EVP|SVP|VP|IR)"
)
# A bank or a firm, in capitals: "Acme Securities", "Bank of America".
_FIRM = r"(?:[A-Z][\w'’.&,\-]*|of|and|the|&)(?: (?:[A-Z][\w'’.&,\-]*|of|and|the|&)){0,6}(?:(?<![.!?])|(?<= Inc\.)|(?<= Co\.))"
_LABEL = re.compile(rf"{_NAME}: ")
_LINE = re.compile(
    # "Marta Quill -- Chief Executive Officer", "Dana Doyle - Acme Bank - Analyst"
    rf"{_NAME} (?:--|[-–—]) (?:[^.!?]{{0,60}}\b)?{_TITLE}[^.!?]{{0,60}}"
    # "Marta Quill, Chief Executive Officer", "Marta Quill (CEO)", "Marta Quill | CEO"
    rf"|[A-Z][\w'’.\-]+(?: [A-Z][\w'’.\-]*){{1,4}}(?:,|:| \(| \||\.|  ?)\s?{_TITLE}[^.!?]{{0,60}}"
    r"|[A-Z][A-Z'’.\-]+(?: [A-Z'’.\-]+){1,4} (?:--?|[–—]) [A-Z][A-Z ,&]{2,60}|.{2,60}\{BIO \d+ <GO>\}"
    # "Dana Doyle - Acme Bank", "Analyst, Acme Securities LLC  Q", "Marta Quill  1:15", "Marta Quill (00:12):"
    rf"|[A-Z][\w'’.\-]+(?: [A-Z][\w'’.\-]*){{1,3}} (?:--|[-–—]) {_FIRM}|{_TITLE}[^.!?]{{0,40}}, .{{2,60}} [QA]"
    r"|(?:Operator|[A-Z][\w'’.\-]+(?: [A-Z\d][\w'’.\-]*){1,4})(?: \|| [-–—])? [\[(]?(?:\d{1,2}:)?\d{1,2}:\d{2}[\])]?:?"
    # Web pages: "Prepared Remarks:", "Questions & Answers:", "Contents:", "Duration: 62 minutes"
    r"|(?i:(?:prepared remarks|questions?(?: (?:and|&) |-and-)answers?(?: session)?|q ?& ?a(?: session)?|(?:table of )?contents"
    r"|presentation|(?:(?:call|corporate|company|conference call) )?participants|operator|executives|analysts|operator signoff"
    r"|management discussion section|disclaimer|related articles|advertisement|read more|share this article|subscribe"
    r"|(?:final |edited |end of )?transcript|end):?(?: \[\d+\])?"
    r"|duration: \d+ minutes|(?:image|photo) (?:source|credit)s?: .*|more \S+ analysis|all earnings call transcripts?"
    r"|powered by .*|this transcript (?:was|is|has been) .*|company (?:name|ticker): .*|event description: .*"
    r"|(?:.{2,60} \([a-z]+: ?[a-z\d.]+\) )?(?:q[1-4]|fy|full.year) .{0,80}\b(?:earnings|results) (?:conference )?call"
    r"(?: transcript)?(?: [a-z]{3,9} \d\d?, \d{4}.{0,20})?"
    r"|(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,? )?(?:january|february|march|april|may|june|july|august|september|october"
    r"|november|december) \d{1,2},? \d{4}(?:,? (?:at )?\d.*)?)"
    # Pages of a PDF: "Page 3 of 12", "3 / 12", "- 4 -", rules, and lines with a copyright or nothing but an address
    r"|[Pp](?:age|\.) ?\d+(?: ?(?:of|/) ?\d+)?|\d+ ?/ ?\d+|[-–—] ?\d+ ?[-–—]|\[?\d{1,3}\]?|[-–—_=*~.•]{3,}|(?:[*•] ?){3,}"
    r"|.*(?:©|\([Cc]\) ?(?:19|20)\d\d|[Cc]opyright (?:©|\d{4})).*|.*[Aa]ll [Rr]ights [Rr]eserved.*"
    r"|(?:[\d+() .\-]{7,} )?(?:https?://|www\.)\S+(?: [\d+() .\-]{7,})?|\S+@\S+\.\w+"
    # Subtitles: "12", "00:00:01,000 --> 00:00:04,000"
    r"|WEBVTT.*|(?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})? ?-->.*|\d{1,2}:\d{2}(?::\d{2})?|1-\d{3}-[A-Z]+"
)
# A row of figures: cells between tabs, bars or wide gaps, of which two and more are numbers.
_CELL = re.compile(r"\t+|\s*\|\s*|\s{2,}")
_FIGURE = re.compile(
    r"\(?[-–+]?[$€£¥]?\s?\d[\d.,]*\s?(?:%|bps|x|[mMbBkK]n?)?\)?|[-–—]|n/?[am]\.?", re.IGNORECASE
)


def _is_figures(line: str) -> bool:
    cells = [cell for cell in _CELL.split(line.strip()) if cell]
    n_figures = sum(bool(_FIGURE.fullmatch(cell)) for cell in cells)
    # All but the row's name, and a unit or a note here and there.
    if n_figures >= 2 and n_figures >= 0.6 * (len(cells) - 1):
        return True
    words = line.split()
    n_figures = sum(bool(_FIGURE.fullmatch(word)) for word in words)
    return n_figures >= 3 and n_figures >= 0.5 * len(words)


def _key(line: str) -> str:
    return _NUMBER.sub("0", " ".join(line.split()).lower())


def repeated_lines(turns: Sequence[str]) -> frozenset[str]:
    """Return what lines come back in a call as a page's footer does: without digits, in lower case.

    Only lines of turns with line breaks count, for a turn of one line is speech: "Thank you." is said ten times.
    """
    counts = Counter(
        key
        for turn in turns
        if "\n" in turn
        for line in turn.splitlines()
        if 0 < len(line) <= _LONGEST and (key := _key(line))
    )
    return frozenset(key for key, n in counts.items() if n >= REPEATED)


# What a page's foot and head have and speech has not. Beside one, words that come back are the page's.
_SIGN = re.compile(
    r"©|\bcopyright\b|https?://|\bwww\.|\brights reserved\b|\bpage \d+ (?:of|/) \d|\bcompany ticker\b|\bconfidential\b"
    r"|\bstreetevents\b",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\S+")
# So many words in a row, digits aside, as often as a repeated line.
_RUN = 4


def without_pages(turns: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Return of each turn of a call what is left without the feet and heads of pages inside it, and these.

    A page that was put into one line has its foot in the middle of a sentence. It is found as what a call's turns have
    in common: a run of words, digits aside, that comes back as often as a page's line and holds a sign of one, such as
    ©. Nothing else is taken out, for speech has runs that come back as well.
    """
    if sum(len(_SIGN.findall(turn)) for turn in turns) < REPEATED:
        return [(turn, []) for turn in turns]
    found = [list(_TOKEN.finditer(turn)) for turn in turns]
    keys = [[_NUMBER.sub("0", token.group().lower()) for token in tokens] for tokens in found]
    runs = Counter(run for words in keys for run in _runs(words))
    cut: list[tuple[str, list[str]]] = []
    for turn, tokens, words in zip(turns, found, keys, strict=True):
        repeated = [False] * len(words)
        for start, run in enumerate(_runs(words)):
            if runs[run] >= REPEATED:
                repeated[start : start + _RUN] = [True] * _RUN
        pages: list[str] = []
        left, kept_to = "", 0
        for is_repeated, places in groupby(range(len(words)), repeated.__getitem__):
            some = [tokens[place] for place in places]
            first, last = some[0].start(), some[-1].end()
            if is_repeated and first > 0 and _SIGN.search(turn, first, last):
                left += turn[kept_to:first].rstrip()
                # A sentence that the page broke goes on on the same line.
                left += "\n" if left.endswith((".", "!", "?")) else " "
                pages.append(" ".join(turn[first:last].split()))
                kept_to = last
        rest = turn[kept_to:]
        cut.append((left + (rest.lstrip() if pages else rest), pages))
    return cut


def _runs(words: list[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(_RUN)), strict=False)


def without_unsaid(turn: str, repeated: frozenset[str] = frozenset()) -> tuple[str, list[str]]:
    """Return what was said in a turn, or a page of several, and the lines that nobody said.

    repeated: what `repeated_lines` found in its call.
    """
    if "\n" not in turn:
        line = turn.strip()
        # A turn that is nothing else: one web page's line a row.
        if 0 < len(line) <= _LONGEST and _LINE.fullmatch(line):
            return "", [line]
        return turn, []
    said: list[str] = []
    unsaid: list[str] = []
    speaker = ""
    for line in turn.splitlines():
        stripped = " ".join(line.split())
        if not stripped:
            # An empty line around a footer ends no sentence: the page did, and the speaker went on.
            if not (said and not said[-1].strip()):
                said.append("")
            continue
        of_page = len(stripped) <= _LONGEST and (_LINE.fullmatch(stripped) or _key(line) in repeated)
        if of_page or _is_figures(line):
            unsaid.append(stripped)
            continue
        label = _LABEL.match(line)
        if unsaid and said and not said[-1].strip() and goes_on("\n".join(said)):
            # A page's end: the sentence goes on on the next one, whatever letter its next word has.
            said.pop()
            # Subtitles name the speaker again in each piece of a sentence.
            line = line[label.end() :] if label and label.group() == speaker else line
        said.append(line)
        speaker = label.group() if label else speaker
    return ("\n".join(said), unsaid) if unsaid else (turn, [])
