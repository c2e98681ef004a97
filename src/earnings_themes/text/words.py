"""Word lists that cleaning and filler share: one place, so that they agree on "content".

The English stop words are our own short list. scikit-learn's holds "bill", "system", "fire", "call",
"cry", "detail" and other words that carry meaning on an earnings call (Nothman, Qin and Yurchak 2018,
"Stop Word Lists in Free Open-source Software Packages"), and would make content disappear.
"""

import re
from functools import lru_cache

# A word holds at least one letter of any script; "5G", "R&D", "year-over-year" and "we're" are one word.
WORD = re.compile(r"[^\W_]+(?:['’&\-][^\W_]+)*")

STOP_WORDS: frozenset[str] = frozenset(
    """
    a about above across after again against ago all almost along already also although always am among an
    and another any anybody anyone anything anyway anywhere are aren't around as at away back be became
    because become becomes been before behind being below beside besides best better between beyond both
    but by can can't cannot could couldn't did didn't do does doesn't doing don't done down during each
    either else enough etc even ever every everybody everyone everything everywhere except few first for
    from further gave get gets getting give given gives giving go goes going gone gonna got gotta had
    hadn't has hasn't have haven't having he he'd he'll he's her here here's hers herself him himself his
    how how's however i i'd i'll i'm i've if in indeed instead into is isn't it it'd it'll it's its itself
    just keep keeps kept kind know known last least less let let's like likely little lot lots made make
    makes making many may maybe me mean means might mine more most mostly much must my myself near need
    needs neither never next no nobody none nor not nothing now nowhere of off often on once one one's
    ones only onto or other others our ours ourselves out over own per perhaps please put quite rather
    really said same saw say saying says second see seeing seem seems seen several shall she she'd she'll
    she's should shouldn't since so some somebody someone something sometimes somewhere soon sort still
    stuff such take taken takes taking tell than that that'd that'll that's the their theirs them
    themselves then there there'd there'll there's therefore these they they'd they'll they're they've
    thing things think thinking third this those though thought three through throughout thus to together
    too took toward towards tried try trying two under until unless up upon us use used very via want
    wanted wants was wasn't way ways we we'd we'll we're we've well went were weren't what what's whatever
    when where where's whereas whether which while who who's whoever whole whom whose why will with within
    without won't would wouldn't yes yet you you'd you'll you're you've your yours yourself yourselves
    ain't d'you ll re ve s t m d don didn doesn isn wasn aren weren won wouldn couldn shouldn hasn haven
    hadn zero four five six seven eight nine ten
    """.split()
)

# Sounds and tokens of speech: what a verbatim transcript writes down and nobody means.
HESITATIONS: frozenset[str] = frozenset(
    """
    ah aha ahem eh er erm err ha haha hm hmm hmmm huh mhm mm mmm mm-hmm mmhmm mm-mm oh oops uh uh-huh
    uh-oh uhm um umm whoa wow yeah yep yup ya nah nope okay ok alright
    """.split()
)


# A firm's sentences are asked for several times in a row: for their words, their kinds, as examples.
@lru_cache(maxsize=4096)
def words_of(text: str) -> tuple[str, ...]:
    """Return the lower-case words of a text, numbers left out, a curly apostrophe written straight."""
    lowered = text.lower().replace("’", "'")
    return tuple(word for word in WORD.findall(lowered) if not word.isdecimal())


def is_stop_word(word: str) -> bool:
    """Return whether a lower-case word carries no meaning of its own: a stop word or a sound of hesitation."""
    return word in STOP_WORDS or word in HESITATIONS
