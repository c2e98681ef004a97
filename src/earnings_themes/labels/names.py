"""Tells names of people, firms and products from words, by how they are written inside sentences.

"Toast" is a name where every sentence writes it with a capital, "toast" is a word. A name says who speaks
or what is sold, not what is talked about, so it stays out of keywords and labels. Places, public programmes
and abbreviations ("AI", "ESG", "FDA") are subject matter and stay in.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Set
from typing import Final

from earnings_themes.labels.terms import plain
from earnings_themes.labels.word_roles import fold

# Of the words that two real quarters write with a capital at least once, few lie between .6 (segments:
# "Renewables") and .9 (names that are also words: "Delta").
_NAME_FROM: Final = 0.8
_WORD: Final = r"[^\W\d_][\w'’&-]*"
# The first word of a text, or after a full stop and the like, is matched without being captured.
_NOT_FIRST: Final = re.compile(rf"(?:^[\W\d_]*|[.!?:;…\"“-]\W*){_WORD}|({_WORD})")
# "EBITDA", "SKUs", "M&A", "R&D"
_ABBREVIATION: Final = re.compile(r"[A-Z0-9][A-Z0-9&-]+s?$")

_PLACES_AND_PROGRAMMES: Final = frozenset(
    """
    africa african america american americas asia asian europe european latin emea apac latam anz asean nordic nordics
    scandinavia scandinavian baltic balkan mediterranean caribbean arab gulf atlantic pacific arctic north south
    east west northeast northwest southeast southwest midwest eastern western northern southern central middle
    eurozone antarctica oceania sahara eu uk u.s us usa
    afghanistan albania algeria angola argentina argentinian argentine armenia australia australian austria austrian
    azerbaijan bahrain bangladesh belarus belgium belgian bolivia bosnia botswana brazil brazilian bulgaria
    cambodia cameroon canada canadian chile chilean china chinese colombia colombian congo croatia cuba cyprus czech
    denmark danish ecuador egypt egyptian estonia ethiopia finland finnish france french georgia germany german ghana
    greece greek guatemala guyana honduras hungary hungarian iceland india indian indonesia indonesian iran iranian
    iraq iraqi ireland irish israel israeli italy italian jamaica japan japanese jordan kazakhstan kenya korea
    korean kuwait laos latvia lebanon liberia libya lithuania luxembourg malaysia malaysian mali malta mauritius
    mexico mexican moldova mongolia montenegro morocco mozambique myanmar namibia nepal netherlands dutch nicaragua
    niger nigeria nigerian norway norwegian oman pakistan panama paraguay peru peruvian philippines philippine poland
    polish portugal portuguese qatar romania romanian russia russian rwanda saudi arabia senegal serbia singapore
    slovakia slovenia spain spanish sudan sweden swedish switzerland swiss syria taiwan taiwanese tanzania thailand
    thai tunisia turkey turkish uganda ukraine ukrainian emirates uruguay uzbekistan venezuela vietnam vietnamese
    yemen zambia zimbabwe britain british england english scotland scottish wales zealand england hong kong macau macao
    puerto rico
    alabama alaska arizona arkansas california colorado connecticut delaware florida hawaii idaho illinois indiana iowa
    kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska
    nevada jersey york hampshire carolina dakota ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia
    wisconsin wyoming ontario quebec alberta columbia queensland victoria bavaria catalonia
    london paris berlin frankfurt munich madrid milan rome amsterdam brussels zurich vienna stockholm oslo copenhagen
    helsinki warsaw prague budapest moscow istanbul dubai delhi mumbai bangalore beijing shanghai shenzhen wuhan
    tokyo osaka seoul taipei jakarta manila bangkok hanoi sydney melbourne perth toronto vancouver calgary montreal
    chicago boston houston dallas austin denver seattle atlanta miami orlando vegas phoenix philadelphia detroit
    washington francisco angeles san los diego manhattan paulo janeiro santiago lima bogota johannesburg cairo lagos
    permian bakken marcellus haynesville siberia siberian amazonia
    covid covid-19 omicron coronavirus brexit medicare medicaid obamacare opec nafta basel libor sofr esg ai genai gdp
    congress senate parliament treasury fed federal biden trump christmas ramadan diwali easter thanksgiving ipo
    internet bitcoin ethereum blockchain arabica brent henry kyoto capex opex
    """.split()
)


class NameFinder:
    """Counts how words are written, sentence by sentence, and says which are names."""

    def __init__(self) -> None:
        self._said: Counter[str] = Counter()
        self._by_case: tuple[Counter[str], Counter[str]] | None = None

    def add(self, sentences: Iterable[str]) -> "NameFinder":
        """Count the words of sentences as they were said, each sentence's first word left out."""
        for text in sentences:
            self._said.update(_NOT_FIRST.findall(text))
        self._by_case = None
        return self

    def names(self) -> frozenset[str]:
        """Return the words, as `fold` writes them, that are nearly always written with a capital."""
        capital, lower = self._cases()
        return frozenset(
            word
            for word, n in capital.items()
            if n >= _NAME_FROM * (n + lower[word]) and word not in _PLACES_AND_PROGRAMMES
        )

    def ordinary(self) -> frozenset[str]:
        """Return the words that are written in lower case at least as often as with a capital."""
        capital, lower = self._cases()
        return frozenset(word for word, n in lower.items() if n >= capital[word])

    def _cases(self) -> tuple[Counter[str], Counter[str]]:
        """How often each word is written with a capital, and without; once for all words so far."""
        if self._by_case:
            return self._by_case
        capital: Counter[str] = Counter()
        lower: Counter[str] = Counter()
        for raw, n in self._said.items():
            if raw.islower():
                lower[fold(plain(raw))] += n
            elif raw and not _ABBREVIATION.match(raw):
                capital[fold(plain(raw))] += n
        self._by_case = capital, lower
        return self._by_case


def names_across_firms(as_name: Mapping[str, int], as_word: Mapping[str, int]) -> Set[str]:
    """Return the words that are a name to more firms than they are a word to.

    as_name, as_word: in how many firms each is a name, or an ordinary word. A segment that one firm writes
    with a capital ("Renewables") is saved by the firms that do not.
    """
    return {word for word, n in as_name.items() if n > as_word.get(word, 0)}
