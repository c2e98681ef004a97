"""The phrases of call procedure, in groups, each with its reason. Edit this file to teach the detector.

Two kinds. A *decisive* phrase makes its sentence procedural whatever else it holds: nobody says "your line
is now open" about a product. A *courtesy* phrase ("thank you", "good morning", "my second question") also
opens sentences full of content, so it counts only where next to nothing is left once it is taken away.

``triggers`` are for speed alone: a group is tried only on sentences that hold one of these words, and most
sentences hold none. A phrase can match only if one of its group's triggers is in the sentence.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class PhraseGroup(NamedTuple):
    """Phrases that are procedural for one reason."""

    name: str
    why: str
    decisive: bool
    triggers: frozenset[str]
    pattern: re.Pattern[str]


def _group(name: str, why: str, decisive: bool, triggers: str, phrases: str) -> PhraseGroup:
    """``phrases``: one regular expression a line, for lower-case text; a blank stands for white space."""
    lines = [line.strip().replace(" ", r"\s+") for line in phrases.strip().splitlines()]
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(lines) + r")(?!\w)")
    return PhraseGroup(name, why, decisive, frozenset(triggers.split()), pattern)


_GAP = r"[^.;?!]"

GROUPS: tuple[PhraseGroup, ...] = (
    _group(
        "queue",
        "The operator runs the queue of questions in the same words on every call.",
        True,
        "question questions line lines queue press pressing star keypad listen-only touchtone touch-tone mute unmute "
        "floor q&a q answer answers muted polling poll",
        rf"""
        (?:next|first|last|final|following|another|second|third) (?:\w+ )?questions?,? {_GAP}{{0,25}}\bfrom\b
        questions? (?:that |which )?(?:is |are )?(?:now |next )?(?:com(?:es?|ing)|will come) (?:\w+ )?{_GAP}{{0,12}}from
        questions? (?:today |here )?(?:is|are|will be) (?:coming )?(?:\w+ )?from (?:the |mr|ms|mrs)?
        (?:from|open|to|take|on) the (?:phone |telephone )?line of
        (?:your|his|her|all|the|phone|their) (?:phone |audio )?lines? (?:is|are|has been|will be|have been|may be) (?:\w+ )?(?:open|live|unmuted|opened|placed|muted|in|on)
        (?:press|pressing|by pressing|dial|hit) (?:the )?(?:star|asterisk|\*|hash|pound|zero|one|two|\d)
        star,? ?(?:key|then|one|two|zero|followed|and|\d)
        (?:telephone|phone|touch-?tone|your) keypad
        listen[- ]only
        (?:remove|withdraw|cancel|retract)\w* (?:yourself|your|a|the|from) (?:name|question|request|queue|the queue)
        (?:in|into|to|for|of) (?:the )?(?:question )?queue
        queue (?:up )?for (?:a )?questions?
        (?:no|any|are there) (?:more |further |other |additional |remaining )questions?(?: (?:at|in|on|from|over|registered)\b{_GAP}*)?
        there are no (?:\w+ )?questions?
        (?:if you|those who|anyone|who) (?:\w+ )?(?:have|has|wish|would like|want|wishes|like)(?: to ask)? (?:an? |any |further |more |your |another )*questions?
        (?:to|you) ask (?:a|your|any|another|the) questions?,? please
        question[- ]and[- ]answers?,? (?:session|portion|period|segment|part|time|round)
        questions and answers(?: (?:session|portion|period|part))?
        q ?(?:&|and|n|-) ?a(?: (?:session|portion|period|segment|part|time|round|instructions?|section))?
        open (?:up )?(?:the |it |this |our |for |up )*(?:call|line|lines|floor|phones?|queue|conference|session|q|to|for)? ?(?:up )?(?:now )?(?:to|for)? ?(?:your |any |the |some |live )?(?:questions?|q&a)
        (?:take|taking|answer|answering|accept|for|welcome|to|address) (?:your|any|some|all|all of your|a few|few) (?:\w+ )?questions
        (?:happy|ready|glad|pleased) to (?:take|answer)
        (?:poll|polling|compile) (?:\w+ ){{0,2}}(?:questions?|roster|participants)
        limit (?:\w+ ){{0,3}}(?:questions?|to one)
        (?:the )?floor is (?:now )?(?:open|yours)
        (?:you|you're|line|are) (?:are |may be |is |still )?(?:on )?mute
        """,
    ),
    _group(
        "hand-over",
        "One speaker gives the word to the next.",
        True,
        "over turn hand pass floor back go take ahead proceed begin",
        rf"""
        (?:turn|hand|pass|transfer|throw|switch|flip)(?:ing|ed)? (?:it|the (?:call|conference|floor|line|meeting|mic\w*|time|presentation|word|program)|(?:today's|this|our) (?:call|conference|presentation|meeting)|you|things|that|this|over)(?: now| back| right| straight)*(?: over)?(?: back)? to
        (?:hand|pass|give|turn) (?:the )?(?:\w+ )?(?:floor|word|call|mic\w*) (?:over |back )?to
        (?:turn|hand|pass)(?:ing)? (?:it|the call|things|this) (?:back )?over
        (?:back|over|over back|back over) to you
        (?:the )?floor (?:is|to)
        (?:please|you may|you can|may) (?:now )?(?:go ahead|proceed|begin)
        go ahead,? (?:please|sir|ma'am|madam|with your question)
        """,
    ),
    _group(
        "legal",
        "Safe-harbour text is read out, nearly word for word, by every firm.",
        True,
        "forward-looking forward looking safe actual litigation risks undertake undertakes obligation duty sec "
        "securities filings filing filed 10-k 10-q 10k 10q 20-f 8-k form non-gaap reconciliation reconciliations "
        "disclaimer disclaimers cautionary nongaap ifrs gaap reconciled prospective",
        rf"""
        forward[- ]looking,? (?:\w+ )?(?:statements?|information|comments?|remarks?|nature|in nature|expectations?|disclosures?|disclaimer)
        safe[- ]harbou?r
        (?:actual|our|future) (?:\w+ ){{0,3}}(?:results|performance|outcomes?|events)\b{_GAP}{{0,60}}\b(?:differ|vary|differing)
        private securities
        (?:subject to|involve|involves|involving|certain|various|known and unknown|number of|other|with) (?:\w+ ){{0,4}}risks?(?: and|,) (?:\w+ )?uncertaint(?:y|ies)
        risks? factors? (?:section|described|discussed|set|in|that|contained|included|under)
        risks and uncertainties (?:that|described|discussed|which|set|can|could|may|are|and)
        (?:undertakes?|assumes?|under|have|has|disclaims?) (?:no|any|not) (?:obligation|duty|intention|responsibility)
        (?:obligation|duty|intention) to (?:\w+ ){{0,3}}(?:update|revise)
        (?:form|forms|our|recent|latest|annual|quarterly|report|reports|on) (?:\w+ )?(?:10-?[kq]|20-?f|40-?f|8-?k|6-?k)s?
        (?:filings?|filed|furnished|reports?|documents?) (?:\w+ ){{0,3}}(?:with|to) (?:the )?(?:\w+ )?(?:sec|securities|regulators?|sedar|cvm|amf)
        (?:sec|regulatory|securities|public) filings?
        securities and exchange commission
        reconciliations? (?:of|to|between|for|from|and|are|is|can|table|tables|with){_GAP}*\b(?:gaap|non-gaap|measures?|ifrs|available|website|release|appendix|found|tables?|provided|included|presentation)
        non-?gaap (?:financial |accounting |performance )*(?:measures?|metrics|information|terms|figures|numbers)\b{_GAP}*\b(?:reconcil\w+|comparable|substitute|isolation|supplement\w*|release|website|defin\w+|refer\w*|discuss\w*|during|may|these|use|presented)
        (?:refer|discuss|discussing|reference|use|using|include|includes|present|mention|talk about|cover|reporting) (?:\w+ ){{0,4}}non-?gaap (?:financial |accounting |performance )*(?:measures?|metrics|information|terms|figures|numbers|results)
        (?:read|review|our|the|refer|following|usual|legal|this|standard|same) (?:\w+ )?(?:disclaimers?|cautionary)
        cautionary (?:statements?|language|note|factors)
        """,
    ),
    _group(
        "housekeeping",
        "Replay, webcast, slides and where to find them.",
        True,
        "webcast webcasted replay recorded recording dial-in dial toll-free passcode website site web slides slide "
        "presentation release broadcast deck transcript posted internet materials material",
        rf"""
        (?:call|conference|webcast|meeting|event|session|program|presentation) (?:\w+ ){{0,5}}(?:recorded|webcast(?:ed)?|transcribed|broadcast)
        (?:being|is|are|be) (?:\w+ )?(?:recorded|webcast(?:ed)?|broadcast(?:ed)?)
        (?:replay|recording|transcript|archive|audio|webcast) (?:\w+ ){{0,3}}(?:of (?:the|this|today's|our)|will|is|are|version|can|available|for)
        dial[- ]?in (?:number|details|information|numbers)
        toll[- ]free
        passcode
        (?:on|at|from|to|via|through|visit|visiting|of|see) (?:our|the|its) (?:\w+[' ]?\w* ){{0,4}}(?:website|web site|webpage|web page|web|internet site)
        (?:slides?|presentation|deck|materials?|release|documents?|transcript|information|copy|details) (?:\w+ ){{0,6}}(?:posted|available|uploaded|downloaded?|accessible|found|distributed|circulated|issued|published)\b{_GAP}*\b(?:website|site|web|online|webcast|page|morning|today|yesterday|last night|night|evening|afternoon|market|earlier|wire)
        (?:issued|released|published|posted|distributed|circulated|put out) (?:\w+ ){{0,3}}(?:press release|earnings release|news release|release|slides|presentation|results release)
        (?:press|earnings|news) release (?:\w+ ){{0,4}}(?:issued|distributed|posted|available|website|this morning|yesterday|published)
        accompanying (?:slides?|presentation|materials?|deck)
        (?:slides?|presentation|deck|materials?) (?:that |which )?(?:\w+ )?accompan(?:y|ies|ying)
        """,
    ),
    _group(
        "opening",
        "Who speaks, who sits beside them, what the call is.",
        True,
        "welcome joining joined join call moderator host hosting name hosted operator conference instructions with "
        "participants attending agenda prepared remarks presenting today gentlemen introduce introduction",
        rf"""
        welcome (?:\w+ ){{0,5}}to (?:\S+ ){{0,12}}(?:call|conference|webcast|results|earnings|presentation|session|meeting|update|webinar|teleconference)
        (?:joining|join) (?:me|us) (?:\w+ ){{0,5}}(?:are|is|will be|on|for|today|from)
        (?:joined|accompanied) (?:\w+ ){{0,4}}(?:by|with|on the|on today's)
        with (?:me|us|you) (?:\w+ ){{0,6}}(?:are|is|we have|i have)
        with (?:me|us) (?:today|here|in the room|on the call|on the line|this morning|this afternoon)
        (?:on|during|for|of|in|to|attending|joining|end|about|concludes?|start|starting|before) (?:the|today's|this|our|your|this morning's|this afternoon's) (?:\S+ ){{0,4}}(?:conference call|earnings call|results call|conference|webcast|teleconference|earnings conference)
        on (?:the|today's|our|this) (?:call|line) (?:today |with |from |this |we |here |are |is )+
        (?:i'll|i will|i am|i'm|be|is|are|as) (?:be )?(?:your|the|today's) (?:\w+ ){{0,2}}(?:host|moderator|operator|speakers?|coordinator|facilitator)
        (?:today's|our|the) (?:call|conference|speakers?|presenters?|hosts?) (?:\w+ )?(?:is|are|will be|today is|today are|being) (?:\w+ )*(?:hosted|mr|ms|conducted|led|presented|by)
        my name is
        at this time,? (?:i|all|we|for|if|the|participants)\b
        (?:all )?participants (?:are|have|will|in|may|can|on|to|today)
        conference (?:call )?(?:operator|instructions|specialist|is now|has now|is being|to)
        operator (?:instructions|assistance)
        (?:after|following|before|in|conclude|concludes|with|through|during|to) (?:\w+ ){{0,3}}(?:prepared|opening|introductory|brief|closing|concluding|final) (?:remarks|comments|presentation|statements?)
        """,
    ),
    _group(
        "closing",
        "How a call ends.",
        True,
        "concludes conclude concluded concluding ends end close closing disconnect forward bye goodbye day evening "
        "weekend afternoon rest hang participation participating attendance attention safe healthy",
        rf"""
        (?:this|that|which|it|call|conference|webcast|session|presentation|meeting) (?:now |then |also |will |does |today )*(?:concludes?|ends?|wraps|completes|brings)\b{_GAP}*\b(?:call|conference|session|remarks|presentation|webcast|program|meeting|questions?|today|event|q&a|comments|close|end)
        (?:conclude|concluding|ended|close|end|wrap up) (?:our|today's|the|this)\b{_GAP}{{0,40}}\b(?:call|conference|session|remarks|presentation|webcast|program|meeting)
        (?:has|have|is|been) (?:now )?(?:concluded|ended|come to an end)
        (?:end|close) of (?:our|the|today's|this) (?:\w+ ){{0,3}}(?:call|conference|session|q&a|questions?|presentation|meeting|webcast|remarks)
        disconnect(?: your| the)?(?: lines?)?
        (?:closing|concluding|final) (?:remarks|comments|statements?|thoughts)
        (?:look|looking|looks) forward to (?:\w+ ){{0,3}}(?:speaking|talking|seeing|updating|your|taking|catching|connecting|meeting|our next|answering|hearing|sharing|discussing|engaging|welcoming|keeping|interacting|further discuss\w+|questions|next|continuing (?:\w+ )?(?:dialogue|conversation))
        have a (?:very |really |good |safe |and )*(?:great|good|nice|wonderful|pleasant|lovely|fantastic|safe|happy|blessed)(?: and \w+)? (?:day|rest|afternoon|evening|weekend|one|night|week|holiday|summer)
        (?:bye|goodbye)
        (?:stay|be|keep|remain) (?:safe|healthy|well)(?: and (?:safe|healthy|well))?
        (?:your|for) (?:\w+ ){{0,3}}(?:participation|participating|attendance|attending)
        """,
    ),
    _group(
        "thanks and greetings",
        "Courtesy; it also opens answers, so it decides only where nothing else is said.",
        False,
        "thank thanks morning afternoon evening hello hi hey appreciate appreciated congrats congratulations "
        "congratulate welcome hope pleasure nice happy gentlemen grateful sorry",
        r"""
        (?:thank|thanks|thank you|thanks you)(?: you)?(?: so| very| all| again| both| guys| everyone| everybody)*(?: much| kindly| indeed)?(?: for [^,.;?!]{1,80}| to (?:everyone|everybody|all|you|our|the)[^,.;?!]{0,60})?(?! to)
        (?:very )?(?:good|happy) (?:morning|afternoon|evening|day)
        (?:hello|hi|hey)(?: there)?
        how are you(?: all| guys| both)?(?: doing)?
        (?:i |we |really |much |very |do |so )*appreciate(?:d)? (?:it|that|this|you|your|all|the (?:time|colou?r|questions?|help|answers?|details?|opportunity|comments?|support|update|insights?|thoughts?|response))[^,.;?!]{0,60}
        (?:much|really) appreciated
        congrat\w*(?: again| to| on| for)*(?: [^,.;?!]{1,80})?
        (?:i |we )?(?:do )?hope (?:that )?(?:you|everyone|everybody|all|your|the)[^.;?!]{0,80}\b(?:well|safe|healthy|good|fine)
        (?:it's |it is |it's a |it is a )?(?:good|great|nice|a pleasure|my pleasure|pleasure) to (?:speak|hear|be|see|talk|meet|have|chat|join)[^,.;?!]{0,40}
        (?:you're|you are) (?:very |most )?welcome
        welcome(?: everyone| all| back| everybody)?
        (?:ladies and )?gentlemen
        (?:i'm |i am |we're )?(?:so |very )?sorry(?: about that| for that)?
        """,
    ),
    _group(
        "question ritual",
        "Announcing, asking for and giving up a turn; the question itself is content.",
        False,
        "question questions follow-up followup follow-ups followups follow queue hear that's it's ask asking ahead "
        "operator yours please understood helpful",
        r"""
        (?:i |we |i've |just |had |have |got |wanted |to |ask |a |an |one |two |three |couple |of |few |maybe |my |the |our |your |so |first |second |third |next |last |final |quick |brief |short |little |other |another |more |additional |further |follow-?up |housekeeping |modeling |some |is |and |then |that |with |for |great |good |fair |very |excellent )*questions?(?: (?:from my side|from me|for me|for you|if i may|please|here|first))?
        (?:a |an |one |two |just |my |the |quick |couple |of |few |as |and |maybe |more )*follow[- ]?ups?(?: on that| question| here)?
        if i (?:may|might|could|can)
        (?:can|could|do|are|were) (?:you|we|everyone) (?:guys |all )?(?:able to )?hear (?:me|us|you)[^.;]{0,20}
        (?:i'll|i will|let me|i can|i'm going to) (?:\w+ )?(?:get|go|jump|hop|step|pass|leave|drop|turn|hand|fall|rejoin|return|queue|stop)\b[^.;?!]{0,25}(?:queue|there|on|line|here|back)
        (?:that's|that is|that was|that'll be|this is|it's|that does) (?:all|it)(?: the questions)?(?: i had| i have| for me| from me| for now| from my side| from us| on my side| from my end)*
        (?:please )?go(?:es)? ahead
        (?:operator,? )?(?:can we have |may we have |could we |we'll |let's )?(?:take |go to |move to )?(?:the |our )?(?:next|first) (?:question|caller|one)
        (?:that's |it's |this is |super |very |really |extremely |all |quite )*(?:helpful|understood)
        """,
    ),
    _group(
        "signposts",
        "Where the speaker is in the talk or the slides, not what is said there.",
        False,
        "slide slides page turn turning moving move start begin starting agenda overview walk financials today's "
        "highlights remarks presentation summary wrap",
        r"""
        (?:please |let's |let me |let us |i'll |i will |we'll |i'd |i would |like to |want to |now |so |if (?:we|you|i) |and |then )*(?:turn|turning|move|moving|go|going|skip|flip|look|looking|starting|start|begin|jump|switching)(?: now| on| over| back| forward| ahead)*(?: to| on| at| with| by)? (?:the )?(?:next )?(?:slides?|page)(?: number)?(?: \w+)?
        (?:as |you |can |see |we |on |in |at |this |is |shown |from |the )*(?:slides?|page)(?: number)?(?: \w+)?
        (?:let me |i'll |i will |i'd like to |i would like to |we'll |let's )(?:now )?(?:start|begin|open|wrap up|conclude|close|finish)(?: off| out| today| by| with)*(?: (?:the|a|our|my|some|brief|quick|few|an|overview|of|summary|recap|review|highlights?|comments|remarks|thoughts|key|financials?|agenda|results))*
        (?:in|during|for|on) (?:today's|my|our) (?:presentation|remarks|agenda)
        """,
    ),
)

# May stand beside a courtesy phrase without being content: people addressed, the call, time of day, praise.
COURTESY_WORDS: frozenset[str] = frozenset(
    """
    everyone everybody ladies gentlemen guys sir madam ma'am folks team operator moderator colleagues friends
    analyst analysts investors investor shareholders shareholder call conference question questions answer answers
    time today today's tonight day morning afternoon evening minute moment second great good nice excellent perfect
    fantastic wonderful super fine sure absolutely course right correct okay ok understood helpful useful clear
    clearly detail details detailed color colour comment comments answer answering answers taking help appreciate
    interest interesting kind welcome please mr mrs ms dr sir line open ahead hear speak speaking talk bye joining
    patience attention support update slide slides page hope well quick brief short following follow opportunity
    congratulations congrats thank thanks hello hi hey sorry ask asking caller speaker presentation next
    """.split()
)
