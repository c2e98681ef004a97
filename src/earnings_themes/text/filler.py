"""Recognises sentences without content: agreement, hedging and connective speech ("I think that's right.")."""

from __future__ import annotations

from earnings_themes.text.words import HESITATIONS, STOP_WORDS, words_of

# Words that mean nothing without a subject beside them. Measured on real calls: themes made of these
# ("think, just, ve, going, really") held three of the ten largest places.
_FILLER_WORDS = frozenset(
    """
    absolutely actually add agree agreed answer appreciate aware basically believe bit bunch call case certain
    certainly clear clearly color colour comment comments completely correct couple course definitely depend depends
    detail details difference different difficult easy end exact exactly example expect fact fair fairly feel fine
    follow forth frankly fully fundamentally general generally good great guess guys happen happened happens happy
    hard hear hope hopefully idea important interesting issue kinda later listen literally long look looked looking
    looks matter mention mentioned moment nice note obvious obviously okay opposed overall particular particularly
    perfect perfectly picture piece pieces please point pointed points possible potentially precisely pretty probably
    question questions referring regard remember respect right saw sense share shared similar simple simply slightly
    sorry sort speak speaking specific specifically standpoint start sure talk talked talking terms thank thanks
    thought thoughts time times today told true trying type understand understood usual view wait whatnot wonder word
    words work wrong y'all
    """.split()
)


def is_filler(sentence: str) -> bool:
    """Whether nothing is left of a sentence once stop words, hesitations and filler words are taken out.

    A sentence without a word ("…") is filler; one with a figure or a name is not.
    """
    for word in words_of(sentence):
        if word not in STOP_WORDS and word not in HESITATIONS and word not in _FILLER_WORDS:
            parts = word.split("-")
            if len(parts) == 1 or not all(
                part in STOP_WORDS or part in HESITATIONS or part in _FILLER_WORDS for part in parts
            ):
                return False
    return not any(letter.isdigit() for letter in sentence)
