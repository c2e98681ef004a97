"""Recognises sentences without content: agreement, hedging, connective speech ("I think that's right.").

A theme made of them says nothing about a firm, however many firms share it.
"""

from __future__ import annotations

from earnings_themes.text.words import HESITATIONS, STOP_WORDS, words_of

# Words that mean nothing without a subject beside them. Measured on real calls: themes made of these
# ("think, just, ve, going, really") held three of the ten largest places.
_FILLER_WORDS = frozenset(
    """
    absolutely actually add admittedly agree agreed angle angles answer answered answering answers apologies
    appreciate approach appropriate asking aware awesome balanced ball basically belabor believe bigger
    bigger-picture bit brilliant broadly bunch call candid case cautious cautiously certain certainly
    clarification clarify clear clearly color color-wise colour comfortable comment comments completely
    comprehensive conclusion confident confirm confirmed consider context convinced cool correct correctly
    couple course crystal curious debate definitely depend depends describe described detail details
    difference different difficult directionally disagree disciplined discuss discussed discussing
    discussion dynamics easy echo elaborate element encouraged encouraging end environment essentially
    everybody's exact exactly example excited exciting exercise expect expectation expectations explain
    explained fact factors fair fair-enough fairly feel fine fits flagged flagging flavor flavour focus
    focused follow follow-up forth forward framework frankly front fully fundamentally fundamentals further
    general generally going-forward good great guess guys hand hands happen happened happening happens happy
    hard hear hesitate hit honest honestly honored hope hopefully idea ideally imagine important impossible
    incorrect insight interesting internal internally issue journey judgment key kinda label later listen
    literally long look looked looking looks lots love lovely lucky manage managing matter mention mentioned
    mindful minute miss misunderstand misunderstood moment name near news nice normal note numerous obvious
    obviously okay opinion opportunities opportunity opposed optimistic outcome outcomes outset overall pain
    panacea particular particularly path patience patient perfect perfectly perspective philosophically
    picture piece pieces plan plans please pleased point pointed points position positioned positive
    positively possible possibly potentially pragmatic precise precisely precision prefer premature prepared
    press pretty priorities priority probably promise prospects proud prudent push pushing question
    questions quick quickly react reason reasonable reasonably reasons recognize referring regard reiterate
    remember remind reminded repeat respect respectfully rest result right satisfied saw scenario scenarios
    sense seriously shape share shared short silver similar simple simpler simply situation slightly slow
    smaller sorry sort sound sounds space speak speaking specific specifically speculate spend spent spot
    square stage stand standpoint start steady step stepping steps story strategy strongly summarize summary
    super sure surprise surprised sustainable table talk talked talking team teams tell telling terms
    terrific thank thankful thanks theory thesis thought thoughtful thoughts throw time timeframe times
    today told touch touched touching tough track trajectory transparent tricky true truly truth trying type
    ultimately uncertain uncertainty underline understand understandable understanding understood
    unfortunately usual valid variety view visibility wait welcome whatnot wish wonder wonderful wondering
    word wording words work worked working worry worth wrong y'all yeah-no yesterday
    """.split()
)


# One word of content is let pass for every so many words, two at most: "It is what it is, and we're dealing
# with it." Chosen on the dev half of docs/labels; short answers ("It was pricing.") keep their one word.
WORDS_PER_CONTENT_WORD = 10
MAX_CONTENT_WORDS = 2


def _is_empty(word: str) -> bool:
    return word in STOP_WORDS or word in HESITATIONS or word in _FILLER_WORDS


def is_filler(sentence: str) -> bool:
    """Whether next to nothing is left of a sentence without stop words, hesitations and filler words.

    A sentence without a word ("…") is filler; one with a figure is not.
    """
    if any(letter.isdigit() for letter in sentence):
        return False
    words = words_of(sentence)
    content = sum(
        not _is_empty(word) and not ("-" in word and all(map(_is_empty, word.split("-")))) for word in words
    )
    return content <= min(MAX_CONTENT_WORDS, len(words) // WORDS_PER_CONTENT_WORD)
