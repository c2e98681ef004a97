"""Splits a speaker's turn into sentences, as speech-to-text writes them.

Own rules instead of a library, because the libraries were wrong too often. Measured on 219 hand-written
cases (tests/unit/text/split_cases.txt; share of texts split exactly right, speed on one shared core):

    these rules         .99   180,000 sentences a second   (.97 before a case was looked at)
    sentencex 1.0.32    .89   1,285,000                    compiled, Rust
    blingfire 0.1.8     .86   165,000                      compiled, C++
    syntok 1.4.4        .84   12,600
    pysbd 0.3.4         .82   1,600
    sentence-splitter   .78   13,700

The list is ours, so we also read 70 of the 769 places where sentencex, the best library, disagrees on 56
real calls: it splits at the stray points of verbatim speech ("Um. we think"), joins what an ellipsis broke
off ("How do you… But why?") and reads "No. I agree." as a number.
How it works: find every point that could end a sentence, then look at the word before and the word after.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from earnings_themes.text.cleaning import mark_end

# all-MiniLM reads 256 word pieces, two of them its own marks, and drops the rest in silence. On 25,966 real
# sentences a word took at most 2.1 pieces (median 1.27), so 120 words always fit; 0.04 % are longer.
MAX_PIECES = 254
PIECES_PER_WORD = 2.1
MAX_WORDS = int(MAX_PIECES / PIECES_PER_WORD)
# A "word" without an end is no word: beyond this a sentence is cut however few spaces it has, so that what
# comes after (patterns, tokeniser, report) meets nothing longer. The longest of 25,943 real ones has 855.
MAX_CHARACTERS = 2000

# A turn of more words than this without one end of a sentence was written without points: each of the sample's 1,029
# turns has one, however short.
WORDS_WITHOUT_END = 40
# More words an end of a sentence has no call that was written with points: in their long turns 1,102 real ones have 34 at
# most, 36 that lost them hundreds.
WORDS_AN_END = 36
# Then a piece has at most this many words, and what is longer is cut near its middle: so pieces have 16 to 32 words,
# one to two of the sample's sentences, of which half have 14 and more.
UNPUNCTUATED_WORDS = 32

_CLOSERS = "\"'”’»)\\]」』】）›"
_OPENERS = "\"'“‘«([「『【（‹¿¡-–—*•"

# Always an end: these scripts have no abbreviations written with the same sign.
_CJK_END = "。！？｡"
_OTHER_END = "؟۔।॥։።"
_ANY_END = re.compile(
    rf"[.!?…](?:\s|$)|[{_CJK_END}{_OTHER_END}]|\n[^\S\n]*(?:\n|[•▪◦‣●■○▸►∙·➢➤❖✓✔→⇒»*o\-–—]\s)"
)

# Signs that open a line of a list; the second group also stands for a pause, so it needs company (`_is_list`).
_BULLET = "•▪◦‣●■○▸►∙·➢➤❖✓✔→⇒"
_DASH = "*o\\-–—»"
# These are never anything else, also right before a word.
_BULLET_ALONE = "•▪◦‣●■○▸►➢➤❖✓✔"
_LISTED = re.compile(rf"(?m)^[^\S\n]*(?:([{_DASH}])\s|\(?(\d{{1,2}}|[a-z]|[ivx]{{1,4}})[.)]\s)")

_CANDIDATE = re.compile(
    # Possessive, and from the first of a run of points on: else a million points take hours (n² steps).
    rf"(?<![.!?…])[.!?…]++[{_CLOSERS}]*+(?=\s)"
    rf"|[{_CJK_END}]+[.!?…{_CJK_END}{_CLOSERS}]*"
    rf"|(?<![{_OTHER_END}])[{_OTHER_END}]++[.!?{_OTHER_END}{_CLOSERS}]*+(?=\s|$)"
    r"|\n\s*\n"
    rf"|\s(?=[{_BULLET}]\s|[{_BULLET_ALONE}]\w)|\n[^\S\n]*(?=[{_DASH}]\s|\(?(?:\d{{1,2}}|[a-z]|[ivx]{{1,4}})[.)]\s)"
    r"|\n[^\S\n]*(?=(?:spk|speaker)_\d+:)"
    r"|(?<=[a-z])[.?!](?=[A-Z](?:[a-z]|\s|'))"
)

# "Mr. Smith": a name has to follow.
_BEFORE_NAME = frozenset(
    "mr mrs ms mx dr prof sen gov gen rep lt col sgt capt cmdr hon rev messrs mme mlle st mt ft fr".split()
)
# Never the last word of a sentence.
_NEVER_LAST = frozenset("e.g i.e eg ie vs v cf approx viz al incl excl resp".split())
# Abbreviations that a number follows: "No. 1", "Rs. 3,240", "Dec. 31".
_BEFORE_NUMBER = frozenset(
    "no nos rs fig figs sec art vol p pp ch ex para ca approx re est c eq ref ser ver"
    " jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
# Abbreviations that end a sentence or don't: the next word decides.
_AMBIGUOUS = frozenset(
    "inc corp ltd co cos llc plc bros jr sr ph.d phd m.d u.s u.k e.u u.n d.c u.s.a usd intl natl univ assn"
    " dept mfg mgmt avg est jan feb mar apr jun jul aug sep sept oct nov dec bn mn bbl mcf"
    " tel ext ave blvd rd s.a s.p.a n.v b.v a.g gmbh pty pte a.s s.a.s l.p l.l.c s.p".split()
)
_TIME = frozenset("a.m p.m am pm".split())
_ZONE = re.compile(
    r"(?:Eastern|Central|Pacific|Mountain|Atlantic|Greenwich|London|New|Hong|Singapore|Tokyo|Beijing|Paris|Sydney"
    r"|Local|Standard|Daylight|E[SD]?T|C[SE]?[SD]?T|P[SD]?T|M[SD]?T|GMT|UTC|BST|IST|AEST|AEDT|SGT|HKT|JST"
    r"|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|June|July"
    r"|August|September|October|November|December)\b"
)

_ANY_ZONE = re.compile(_ZONE.pattern, re.IGNORECASE)
_AFTER_POINT = re.compile(r"[^.\s][.!?]\s+(\w)")

# Words that open sentences and are not written with a capital inside one.
_OPENING_WORDS = frozenset(
    """
    a about additionally after again all also although among an and another any anything are as at based
    because before besides beyond both but by can clearly consequently could despite did do does due
    during each either even every everyone everything excluding finally first firstly following for fourth
    from further furthermore given going good had has have having he hello hence her here here's hi his
    how however i i'd i'll i'm i've if importantly in including indeed instead is it it'll it's its just
    last lastly let let's like look looking many maybe me meanwhile more moreover most much my next no
    nobody none nor not nothing now obviously of oh okay on once one only or other others our out over
    overall people perhaps please regarding right same second secondly see several she should similarly
    since so some somebody someone something sometimes still such sure thank thanks that that'll that's
    the their them then there there's therefore these they they'll they're they've third thirdly this
    those though three through throughout thus to today together tomorrow two uh um under unfortunately
    unless until up us very was we we'd we'll we're we've well were what what's when whenever where
    whereas whether which while who whoever whose why will with within without would yeah yes yesterday
    yet you you'll you're you've your
    """.split()
)
# After an ellipsis these go on with the same sentence: "costs… I think", "two, uh… Uh, three".
_RESTART = frozenset("I I'm I'd I'll I've Uh Um Eh Er Erm".split())
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]$")
_CAPITAL = re.compile(r"(?<=[a-z0-9%>] )[A-Z][a-z]+(?:['’][a-z]+)?\b")
_FIRST_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_MARK = re.compile(r"<[^<>]{1,30}>|\[[^\[\]]{1,30}\]")
_MARK_OPENERS = "<[({*【（［♪"
_AFTER_MARK = re.compile(r"[\s,.\-]*")
# Stands for a word that may have had a capital, so the letter behind it proves nothing.
_UNHEARD_WORD = re.compile(r"[<\[({](?:unk|inaudible|indiscernible|unintelligible)", re.IGNORECASE)
_SCALE = re.compile(
    r"\d{1,3}(?:%|\s?(?:percent|million|billion|trillion|thousand|crores?|lakhs?|x|times|points?)\b)"
)
_DOMAIN = frozenset("Com Net Org Io Co Gov Edu".split())
# A point between two words, no address and no file name; and one with a blank behind it.
_GLUED = re.compile(
    r"(?<!www)[.?!](?:(?<=[a-z]{2}.)|(?<=\d{2}.)(?=[A-Z]))(?=[A-Za-z]{2})"
    r"(?!(?:[\w\-]+\.)?(?:com|net|org|io|co|gov|edu|html?|pdf|de|uk)\b|[\w.\-]+@)",
    re.IGNORECASE,
)
# "We grew.[Laughter] Next": a mark that hides the point.
_BEFORE_MARK = re.compile(r"(?<=[\w%)\"”’][.!?])(?=[\[(<{])")
_SPACED = re.compile(r"[.?!]\s")
# What stands between items where points do not: "margins fell; we hired; costs rose".
_BETWEEN_ITEMS = tuple(
    re.compile(mark)
    for mark in (r";(?=\s)", r"\|+", r"(?<=\s)/{1,2}(?=\s)", r"\t+", r"(?<=\s)[-–—](?=\s)", r"(?<!\s)\s{3,}")
)
_WORDS_OF_ITEM = 5
# A line of fewer letters is a heading, no part of a sentence; text in columns has 40 and more.
_HEADING = 30


def _without_capitals(text: str) -> bool:
    """Whether a turn is written in lower case, so that a small letter behind a point proves nothing."""
    if text.islower():
        return True
    # "I" and a name now and then are all that some recognisers capitalise.
    after = [letter for letter in _AFTER_POINT.findall(text) if letter.isalpha()]
    return len(after) >= 3 and sum(letter.islower() for letter in after) >= 0.8 * len(after)


def _is_list(text: str, at: int) -> bool:
    """Whether the line that begins at ``at`` is one of a list: a second line has its sign, or the next number."""
    signs = [found.groups() for found in _LISTED.finditer(text)]
    found = _LISTED.match(text, at)
    if found is None:
        return True
    dash, number = found.groups()
    if dash:
        return [sign for sign, _ in signs].count(dash) > 1
    others = {other for _, other in signs if other}
    if not number.isdigit():
        return {"a", "b"} <= others or {"i", "ii"} <= others
    numbers = {int(other) for other in others if other.isdigit()}
    return {1, 2} <= numbers and (int(number) - 1 in numbers or int(number) == 1)


def _mark_end(text: str, start: int) -> int:
    """Return where a mark and the points behind it end; `start` where there is none."""
    found = _MARK.match(text, start)
    end = found.end() if found else mark_end(text, start)
    after = _AFTER_MARK.match(text, end) if end > start else None
    return after.end() if after else start


def _ends_here(text: str, start: int, end: int, sentence_start: int, small: bool = False) -> bool:
    """Whether the points at ``text[start:end]`` end the sentence that began at ``sentence_start``.

    small: the text is written in lower case.
    """
    point = text[start]
    follow = end
    n_text = len(text)
    unheard = False
    while follow < n_text:
        if text[follow] in _MARK_OPENERS and (stop := _mark_end(text, follow)) > follow:
            unheard = unheard or bool(_UNHEARD_WORD.match(text, follow))
            follow = stop
        elif text[follow].isspace() or text[follow] in _OPENERS:
            follow += 1
        else:
            break
    if follow >= n_text:
        return True
    after = text[follow]
    if after.islower() and not unheard and not (small and point != "…" and not text.startswith("..", start)):
        return False
    if point in "!?":
        return True
    if point == "…" or text.startswith("..", start):
        word = _FIRST_WORD.match(text, follow)
        return not after.isdigit() and not (word and word.group().replace("’", "'") in _RESTART)

    begin = max(text.rfind(" ", sentence_start, start), text.rfind("\n", sentence_start, start)) + 1
    token = text[max(begin, sentence_start) : start].lstrip(_OPENERS)
    if not token:
        return False
    lowered = token.lower()
    if after.isdigit():
        if lowered in _BEFORE_NUMBER and not (
            lowered == "no" and re.match(r"\d{4}\b", text[follow : follow + 5])
        ):
            return False
        if token[-1].isdigit() and token.lstrip("$€£¥").isdigit() and _SCALE.match(text, follow):
            return False
        if lowered in _NEVER_LAST or lowered in _BEFORE_NAME or lowered in _AMBIGUOUS:
            return False
        return not _DOTTED.match(token)
    if lowered in _NEVER_LAST or lowered in _BEFORE_NAME:
        return False
    if not text[sentence_start:begin].strip() and re.fullmatch(r"\d{1,2}|[a-zQA]|[ivx]{2,4}", token):
        return False
    if lowered in _TIME:
        return not (_ANY_ZONE if small else _ZONE).match(text, follow)
    is_initial = len(token) == 1 and token.isalpha() and (token.isupper() or (small and token != "i"))  # nosec B105
    if lowered in _AMBIGUOUS or is_initial or _DOTTED.match(token):
        if unheard or after in "$€£¥₹":
            return False
        word = _FIRST_WORD.match(text, follow)
        return word is None or word.group().lower().replace("’", "'") in _OPENING_WORDS
    return True


def goes_on(text: str) -> bool:
    """Whether the last line of a text ends within a sentence; a short one is a heading."""
    last = text.rstrip().rpartition("\n")[2].strip()
    return len(last) >= _HEADING and last[-1] not in '.!?…:"”)'


def _is_apart(text: str, at: int) -> bool:
    """Whether a mark begins at a place, and a blank or nothing is behind it; not in "www.<unk>.com"."""
    end = mark_end(text, at)
    return end > at and not text[end : end + 1].strip()


def _unglued(text: str) -> str:
    """Return a text with a blank behind each point, where most have lost theirs: "it fell.we signed.they paid"."""
    text = _BEFORE_MARK.sub(lambda at: " " * _is_apart(text, at.start()), text)
    n_glued = len(_GLUED.findall(text))
    if n_glued < 3 or n_glued < len(_SPACED.findall(text)):
        return text
    return _GLUED.sub(lambda point: f"{point.group()} ", text)


def _split(text: str) -> list[str]:
    text = _unglued(text)
    cuts = [0]
    small = _without_capitals(text)
    for found in _CANDIDATE.finditer(text):
        start, (point, end) = cuts[-1], found.span()
        first = text[point]
        if first in ".!?…":
            if end < len(text) and not text[end].isspace():
                begin = text.rfind(" ", start, point) + 1
                glued = text[max(begin, start) : point]
                word = _FIRST_WORD.match(text, end)
                if not glued.islower() or not glued.isalpha() or (word and word.group() in _DOMAIN):
                    continue
            elif not _ends_here(text, point, end, start, small):
                continue
        elif first == "\n" and text.count("\n", point, end) > 1:
            if not small and text[end : end + 1].islower() and goes_on(text[start:point]):
                continue  # a line of a page, with an empty one below each
        elif first == "\n" and text[end : end + 1] not in _BULLET and not _is_list(text, point + 1):
            continue
        cuts.append(end)
    pieces = (text[start:end].strip() for start, end in pairwise([*cuts, len(text)]))
    return [piece for piece in pieces if piece]


# Letters beyond Latin: the vocabulary of all-MiniLM holds them one by one, a piece each.
_LETTER_PIECE = re.compile(r"[\u0370-\u1dff\u2e80-\ud7ff\uf900-\ufefe\uff66-\uff9f\U00020000-\U0003ffff]")
_CLAUSE_ENDS = (
    re.compile(r"[;:—…。；：]+\s*|\s--?\s|\s–\s|[.?!]\s+"),
    re.compile(r"[,，、،]\s*+(?=(?:and|but|so|or|which|because|where|while|although|then|as|if)\b)"),
    re.compile(r"[,，、،]\s*|-\s+"),
    re.compile(r"(?<!\s)\s++(?=(?:and|but|so|or|which|because|where|while|although|that|then)\b)"),
    re.compile(r"\s+"),
)


def _length(text: str) -> int:
    """Length in words of English; letters of other scripts count by the word pieces they take."""
    words = text.count(" ") + 1
    return words if text.isascii() else words + int(len(_LETTER_PIECE.findall(text)) / PIECES_PER_WORD)


def split_long(sentence: str, max_words: int = MAX_WORDS) -> list[str]:
    """Return the pieces of a sentence, none longer than `max_words`, cut at the clause end nearest the middle."""
    if len(sentence) <= max_words or (len(sentence) <= MAX_CHARACTERS and _length(sentence) <= max_words):
        return [sentence]
    middle = len(sentence) // 2
    cut = middle
    for pattern in _CLAUSE_ENDS:
        ends = [m.end() for m in pattern.finditer(sentence, len(sentence) // 5, len(sentence) * 4 // 5)]
        if ends:
            cut = min(ends, key=lambda end: abs(end - middle))
            break
    left, right = sentence[:cut].strip(), sentence[cut:].strip()
    if not left or not right:
        left, right = sentence[:middle], sentence[middle:]
    return split_long(left, max_words) + split_long(right, max_words)


def _items(text: str) -> list[str]:
    """The items of a text that one mark divides into three and more of a sentence's length; else the text."""
    for mark in _BETWEEN_ITEMS:
        items = [item.strip() for item in mark.split(text) if item.strip()]
        if len(items) > 2 and text.count(" ") >= _WORDS_OF_ITEM * len(items):
            return items
    return [text]


def _at_capitals(text: str) -> list[str]:
    """The sentences of a text that lost its points alone: "we sold it We are done". Whole where nothing says so."""
    if text.istitle() or len(_CAPITAL.findall(text)) > 0.5 * text.count(" "):
        return [text]
    starts = [0]
    for found in _CAPITAL.finditer(text):
        word = found.group().replace("’", "'")
        if word.lower() in _OPENING_WORDS and word not in _RESTART:
            starts.append(found.start())
    return [text[start:end].strip() for start, end in pairwise([*starts, len(text)])]


def _is_lines(text: str) -> bool:
    """Whether a turn is a list without signs: one line per item, each with its capital, and not one point."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) < 3 or _ANY_END.search(text):
        return False
    # Lines of a page's width break a sentence anywhere, and its next word seldom has a capital.
    if sum(not line[0].islower() for line in lines) >= 0.8 * len(lines):
        return True
    # In lower case: lines of a page are nearly as wide as the widest, items are as long as what they say.
    width = max(map(len, lines))
    return text.islower() and sum(len(line) < 0.75 * width for line in lines[:-1]) > 0.3 * len(lines)


def points_are_rare(turns: Sequence[str]) -> bool:
    """Whether a call has so few ends of sentences that most were lost: a turn of its may still have one."""
    # An operator's short turns have points where all others have none.
    long = [turn for turn in turns if turn.count(" ") >= WORDS_WITHOUT_END]
    n_ends = sum(map(_n_ends, long))
    return n_ends > 0 and sum(turn.count(" ") for turn in long) > WORDS_AN_END * n_ends


def lacks_ends(text: str, rare: bool = False) -> bool:
    """Whether a turn is long and has not one end of a sentence: speech that was recognised without points.

    rare: `points_are_rare` in its call, so that one end in many words is none.
    """
    n_words = text.count(" ")
    if n_words < WORDS_WITHOUT_END or _is_lines(text):
        return False
    n_ends = _n_ends(text)
    return not n_ends or (rare and n_words > WORDS_AN_END * n_ends)


# Each turn of a call is asked three times: with its call, for its own ends, and where it is cut.
@lru_cache(maxsize=1024)
def _n_ends(text: str) -> int:
    return len(_ANY_END.findall(text)) + len(_GLUED.findall(text))


def split_sentences_counted(text: str, rare: bool = False) -> tuple[list[str], int]:
    """Return the sentences of a turn, and how many of them were too long for the encoder and were cut.

    rare: `points_are_rare` in its call.
    """
    if _is_lines(text):
        return [piece for line in text.splitlines() if line.strip() for piece in split_long(line.strip())], 0
    if lacks_ends(text, rare):
        # Speech without a point, as recognisers write it: cut between clauses, at a length that sentences have.
        parts = [part for item in _items(text) for piece in _split(item) for part in _at_capitals(piece)]
        longest = MAX_WORDS if len(parts) > 1 and not rare else UNPUNCTUATED_WORDS
        cut = [piece for part in parts for piece in split_long(part, longest)]
        return cut, int(len(cut) > 1)
    cuts = [split_long(sentence) for sentence in _split(text)]
    return [piece for cut in cuts for piece in cut], sum(len(cut) > 1 for cut in cuts)


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a turn in their order, none empty, none longer than `MAX_WORDS`."""
    return split_sentences_counted(text)[0]
