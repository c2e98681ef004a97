"""The phrases of call procedure, in groups, each with its reason. Edit this file to teach the detector.

Three strengths. A *decisive* phrase makes its sentence procedural whatever else it holds: nobody says
"your line is now open" about a product. *Courtesy* ("thank you", "good morning") also opens sentences
full of content, so it counts only where next to nothing but names is left once it is taken away. A
*ritual* ("my second question is on", "on slide five") announces content, so it counts only where nothing
is left at all: "my second question is on pricing" is about pricing.

``triggers`` are for speed alone: a group is tried only on sentences that hold one of these words, and most
sentences hold none. A phrase can match only if one of its group's triggers is in the sentence.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Strength = Literal["decisive", "courtesy", "ritual"]


class PhraseGroup(NamedTuple):
    """Phrases that are procedural for one reason."""

    name: str
    why: str
    strength: Strength
    triggers: frozenset[str]
    pattern: re.Pattern[str]


def _group(name: str, why: str, strength: Strength, triggers: str, phrases: str) -> PhraseGroup:
    """``phrases``: regular expressions for lower-case text, one a line; a blank stands for white space.

    A line that begins with "+" goes on with the line above. "~" stands for up to sixty characters of
    the same clause, "{n}" behind "words" for up to n words in between.
    """
    lines: list[str] = []
    for line in phrases.strip().splitlines():
        line = line.strip()
        if line.startswith("+"):
            lines[-1] += line[1:]
        else:
            lines.append(line)
    pattern = "|".join(lines)
    pattern = re.sub(r"words\{(\d)\}", r"(?:[^\\s.;?!]+ ){0,\1}", pattern)
    pattern = pattern.replace("~", r"[^.;?!]{0,60}").replace(" ?", r"\s*").replace(" ", r"\s+")
    compiled = re.compile(rf"(?<!\w)(?:{pattern})(?!\w)")
    return PhraseGroup(name, why, strength, frozenset(triggers.split()), compiled)


GROUPS: tuple[PhraseGroup, ...] = (
    _group(
        "queue",
        "The operator runs the queue of questions in the same words on every call.",
        "decisive",
        """
        question questions line lines queue press pressing star keypad keypads listen-only listen mute
        unmute floor answer answers muted polling poll q q&a qna asterisk dial hash * speakerphone handset
        phone hand caller person participant analyst hang standby stand standing registered connected
        connection next moving closing question-and-answer q-and-a session time lead type submit
        """,
        r"""
        (?:next|first|last|final|following|another|second
        +|third) words{1}questions?,? [^.;?!]{0,25}\bfrom(?! (?:me|my|our|us)\b)
        questions? (?:that |which |and |it )*(?:is |are )?(?:now |next )?(?:comes?|coming|will come)
        + words{3}from
        questions? (?:today |here )?(?:is|are|will be) (?:coming )?(?:from (?:the line|mr|ms|mrs))
        (?:from|open|to|take) the (?:phone |telephone |\w+ )?line of
        (?:your|his|her|all|the|phone|their) (?:phone |audio )?lines? (?:is|are|has been|will be
        +|have been|may be)
        + words{1}(?:open|live|unmuted|opened|placed|muted|in|on)
        (?:press|pressing|dial|hit) (?:the )?(?:star|asterisk|\*|hash|pound|number|zero|one|two|\d)
        star,? ?(?:key|then|one|two|zero|followed|and|\d)
        \* ?(?:and|then|followed by)? ?(?:one|two|zero|\d)
        (?:telephone|phone|touch-?tone|your) ?(?:key ?pads?|touch ?phones?)
        listen[- ]only
        (?:remove|withdraw|cancel|retract)\w* (?:yourself|your|a|the|from) (?:name|question|request|queue
        +|the queue)
        (?:in|into|to|for|of) (?:the )?(?:question )?queue
        queue (?:up )?for (?:a )?questions?
        (?:no|are there|are there any|there's no|any) (?:more |further |other |additional
        + |remaining )questions?
        there are no (?:more |further |other |additional |remaining )*questions?
        (?:if you|those who|anyone|who|if anyone|if there) (?:\w+ )?(?:have|has|wish|would like|want
        +|wishes|like|are)
        +(?: to (?:ask|make))?(?: an?| any| further| more| your| another| additional| follow-?up
        +| follow up)* questions?
        ask (?:a|your|any|another|the|his|her) questions?
        (?:repeat|restate|restating|rephrase|repeating) ~ questions?
        question[- ]and[- ]answers?,? (?:session|portion|period|segment|part|time|round)
        questions? (?:and|an) answers?(?: (?:session|portion|period|part))?
        q ?(?:&|and|n|-|\$) ?a
        qna
        open (?:up )?(?:the |it |this |our |for |up )*(?:call|lines?|floor|phones?|queue|conference
        +|session|q|to|for)?
        + ?(?:up )?(?:now )?(?:to|for)? ?(?:your |any |the |some |live )*(?:questions?|q&a)
        (?:take|taking|answer|answering|accept|welcome|address|receive) (?:your|any|some|all|all of your
        +|a few|few)
        + words{1}questions
        (?:ready|time|over|open|pause|wait|available) ~(?:for|with|to) (?:your |any |the |some
        + |more )*questions
        (?:happy|ready|glad|pleased) to (?:take|answer) (?:\w+ )*questions
        (?:poll|polling|compile) words{2}(?:questions?|roster|participants)
        limit words{3}(?:questions?|to one)
        (?:the )?floor is (?:now )?(?:open|yours)
        (?:you|you're|line|i was|i'm) (?:are |may be |is |still |were )?(?:on mute|muted)
        (?:we'll|we will|let's|we can|we|i'll|and|can we|move|now|okay,?) words{3}(?:go|move|take
        +|turn)(?: on)?
        + (?:next |now )?(?:to |our |the )*(?:next|first|last|final) (?:question|caller|person
        +|participant|one|analyst)
        (?:we'll|we will|let's) (?:now )?(?:go|move) next to
        next question,? please
        lead (?:us|you) through ~(?:results|presentation|slides|numbers|please)
        moving next to
        closing (?:all |of |the )+lines
        session (?:is|will be|has been) (?:resumed|over|closed)
        (?:it is|it's) (?:now )?time to (?:start|begin|take|open)
        may now (?:dis)?connect
        (?:pick up your|replace your) (?:handset|receiver)
        speaker ?phone
        hang up
        (?:type|submit|enter|send) (?:in )?(?:your|a|any) (?:\w+ )?questions?
        questions? words{3}(?:coming|come|comes|came) in(?: now)?
        questions will be answered
        answer(?:ing)? (?:some|any|all|as many) (?:of )?(?:the |your )?questions
        to the next (?:speaker|caller|person|analyst|participant)
        raise (?:your )?hand
        please stand ?by
        stand(?:ing)? ?by,? (?:for|while|we|we're|as|and|until|your|the conference)
        (?:for|be) standing by
        (?:hold|holding) the line
        open (?:up )?the lines?
        (?:we've|we have|we) lost (?:you|him|her|the line|your line|connection|the connection)
        connection (?:has been|is|was) (?:re-?established|lost|dropped|back)
        """,
    ),
    _group(
        "hand-over",
        "One speaker gives the word to the next.",
        "decisive",
        """
        over turn turning hand handing pass passing floor back go ahead proceed begin invite toss give send
        don't like want wanna ask let have request me i'll take
        """,
        r"""
        (?:turn|hand|pass|transfer|throw|switch|flip|toss|give|send)(?:ing|ed)?
        + (?:it|(?:the|a) (?:call|conference|floor|line|meeting|mic\w*|time|presentation|word|program)
        +|(?:today's|this|our)
        + (?:call|conference|presentation|meeting)|you|things|that|this|over)
        +(?: now| back| right| straight)*(?: over)?(?: back)? to
        (?:turn|hand|pass|give|leave) (?:now |over |back )*(?:the )?(?:floor|word|call|mic\w*) (?:now
        + |over |back )*to
        hand(?:ing)? (?:back |over |now |it )+to
        (?:turn|hand|pass)(?:ing)? (?:it|the call|things|this) (?:back|over)
        (?<!get\x20)(?:over|over back|back over|back) to (?:you|our speaker|the speakers?|the operator
        +|management|the company)
        (?:please|you may|you can|may|can) (?:now )?(?:go ahead|proceed|begin)
        go ahead,? (?:please|sir|ma'am|madam|with your question)
        why don't you (?:go|take|start|answer|add|comment|address|jump|kick|handle|begin|talk|give)
        (?:would|do) you (?:like|want|wanna) to (?:take|answer|add|comment on|start|address|handle
        +|speak to|respond to|go)
        + ?(?:this|that|it|one|something|anything|ahead|first|the (?:first|second|last) (?:one|part
        +|question))?(?: one)?(?=\W*$)
        (?:i'll|i will|let me|i'd|i would|i can|i) (?:\w+ )?(?:ask|let|have|invite
        +|request) \S+ (?:\S+ )?(?:to )?(?:answer|take|respond|address|comment on|handle|add)
        +(?: to)? (?:this|that|it|those|one|your question|the question)
        (?:let me|i'll|i will|i can|i could) (?:\w+ )?(?:take|answer|handle|address|start with) (?:this
        +|that|those|these|the (?:first|second|last|third)) ?(?:two|one|ones|question|questions
        +|part)?(?=\W*(?:$|and|then|,))
        (?:invite|invites|call upon|call on) (?:\S+ ){1,7}to (?:present|deliver|take|start|open|speak
        +|begin|walk|answer|add|make|give)
        """,
    ),
    _group(
        "legal",
        "Safe-harbour text is read out, nearly word for word, by every firm.",
        "decisive",
        """
        forward-looking forward foreword-looking looking safe actual results litigation risks risk undertake
        undertakes obligation duty sec securities filings filing filed form non-gaap gaap non-gap non-ifrs
        non-ifrss non factors unless reflects reconciliation reconciliations disclaimer disclaimers
        cautionary cautioned ifrs reconciled statement statements responsibility uncertainties 10-k 10-q 10k
        10q 20-f 8-k 20f uncertain reliance assumptions date represents views belief
        """,
        r"""
        fore?wo?a?rd[- ]look\w*,? (?:in )?words{2}(?:statements?|information|comments?|remarks?|nature
        +|expectations?
        +|disclosures?|disclaimer|states)
        (?:are|be|is|considered|of a|includes?|contains?|make|made) (?:\w+ )?forward[- ]looking
        safe[- ]harbou?r
        (?:results|performance|outcomes?) ~\b(?:differ|defer|vary|differing) (?:materially|material
        +|significantly|from (?:those|the|these|such|what)|substantially)
        (?:differ|vary|defer|different|impact) words{2}materially
        results ~\bmaterially,? (?:are |be )?(?:differ|different)
        private securities
        (?:subject to|involv\w+|inherent|various|such|these|known|other|certain|number of|discussion of
        +|business) words{4}risks?,?
        +(?: and|,| or) (?:other )?uncertaint(?:y|ies)
        risks? (?:and|or) (?:other )?uncertaint(?:y|ies) ~\b(?:described|discussed|cause|could|filings?
        +|differ|heading|outlined|forth)
        factors (?:that|which) (?:could|may|might|can) (?:cause|affect|impact) ~\bresults
        (?:heading|headed|section|entitled|titled) words{2}risks?
        risk factors?
        (?:undertakes?|assumes?|disclaims?|have|has|under) (?:no|any|not) (?:obligation|duty|responsibility)
        (?:obligations?|duty|intention) to words{3}(?:update|revise)
        (?:our|recent|latest|annual|quarterly|reports?|on|in|of|and) (?:\w+ )?(?:forms? )?(?:10-?[kq]
        +|20-?f|40-?f|8-?k|6-?k)s?
        (?:filings?|filed|furnished|reports?|documents?) words{3}(?:with|to) (?:the )?(?:\w+ )?
        +(?:sec|securities|regulators?|sedar|cvm|amf|fcc)
        (?:sec|securities|public) filings?
        securities and exchange commission
        reconciliations? (?:of|to|between|for|from|and|are|is|can|tables?|with) ~\b(?:gaap|non- ?gaap
        +|measures?|ifrs
        +|available|website|release|appendix|found|tables?|provided|included|presentation|measurements?)
        non- ?ga+p (?:financial |accounting |performance )*(?:measures?|metrics|information|terms|figures
        +|numbers|measurements?)
        + ~\b(?:reconcil\w+|comparable|substitutes?|isolation|supplement\w*|release|website|defin\w+
        +|refer\w*|discuss\w*)
        (?:results|basis) words{4}(?:adjusted|non- ?ga+p),? non- ?ga+p basis
        (?:refer|discuss|discussing|discussion|reference|use|using|include|includes|present|mention|cover
        +|reporting|certain)
        + words{4}non- ?(?:ga+p|ifrss?) (?:financial |accounting |performance )*(?:measures?|metrics
        +|information|measurements?)
        comparable gaap and reconcil\w+
        (?:read|review|our|the|refer|following|usual|legal|this|standard|same
        +|about) (?:\w+ )?(?:disclaimers?|cautionary)
        cautionary (?:statements?|language|note|factors)
        undue reliance
        unless (?:otherwise (?:noted|stated|specified|indicated|mentioned)|(?:i|we) (?:\w+ )?(?:say|state
        +|note|indicate|specify|mention))
        (?:reflects?|represents?) (?:management's?|our) (?:current )?(?:views?|beliefs?|expectations
        +|estimates|opinions?) (?:only )?as of
        as of (?:today's date|the date of this)
        (?:these|such|those|this|each|any|the|certain
        +|some of the) (?:such )?statements? (?:\w+ )?(?:speaks?|typically|contain
        +|involves?|are based|is based|are made|are not|are subject|is subject|reflects?|that we make
        +|made|on this call|include)
        no (?:predictions|assurances?|guarantees?) ~(?:statements?|performance|future|results)
        not (?:historical|statements of historical) facts?
        subject to (?:\w+ )?(?:risks?|future events)
        """,
    ),
    _group(
        "housekeeping",
        "Replay, webcast, slides, release: where to find them, whom to call.",
        "decisive",
        """
        webcast webcasted replay recorded recording dial-in toll-free passcode website site web slides slide
        page pages presentation release broadcast deck transcript posted materials material www homepage
        contact call assistance results relations translation interpretation ir session email minutes
        headset
        """,
        r"""
        (?:call|conference|webcast|meeting|event|session|program|presentation) words{5}(?:recorded
        +|webcast(?:ed)?|transcribed|broadcast(?:ed)?)
        (?:being|is|are|be|live) (?:\w+ )?(?:webcast(?:ed)?|broadcast(?:ed)?)
        this is being recorded
        (?:results|financials|release) words{8}(?:released|published|issued) ~\b(?:today|yesterday
        +|morning|online)
        technical difficult(?:y|ies)
        technical (?:issues?|problems?) ~\b(?:line|call|operator|audio|connection|system)
        (?:replay|recording|transcript|archive|audio|webcast) words{3}(?:of (?:the|this|today's|our)|will
        +|is|are|version|can|available|for)
        dial[- ]?in (?:number|details|information|numbers)
        toll[- ]free
        passcode
        (?:web ?sites?|web ?page|home ?page|internet site) (?:at|as|under)
        (?:section|part|page|area|portion|copy) of (?:our|the|its) ~\bweb ?(?:site|page)
        www\.
        (?:download\w*|posted|find|found|available|visit|see|access\w*|refer|published) ~\b(?:web ?sites?
        +|home ?page)
        (?:slides?|presentation|deck|materials?|release|documents?|transcript|information|copy|details
        +|results) words{6}
        +(?:posted|available|uploaded|downloaded?|accessible|found|distributed|circulated|issued
        +|published)\b ~
        +\b(?:website|site|web|online|webcast|page|morning|today|yesterday|night|evening|afternoon|market
        +|earlier|wire)
        (?:issued|released|published|posted|distributed|circulated|put out
        +|announced) words{3}(?:press release|earnings release
        +|news release|slides|presentation|results release|financial results)
        (?:press|earnings|news) release words{4}(?:issued|distributed|posted|available|website
        +|this morning|yesterday|published)
        accompanying (?:slides?|presentation|materials?|deck)
        (?:slides?|presentation|deck|materials?) (?:that |which )?(?:\w+ )?accompan(?:y|ies|ying)
        (?:contact|call|reach|email) words{4}(?:investor relations?|ir (?:team|department)
        +|relations (?:team|department))
        investor relations? (?:section|page|website|site|portion|tab|team|department|web)
        ir (?:section|page|website|site|team|department)
        (?:require|need|like|needs|for|further) (?:any )?(?:\w+ )?assistance
        please (?:see|refer to|visit|contact|consult|find|take notice of|take a look at) ~
        +(?:slides?|pages?|appendix|release|website|presentation|materials?|investor|department|team|note
        +|disclosures?|statement)
        (?:simultaneous|consecutive) (?:translation|interpretation)
        (?:this|the|today's) (?:call|session|meeting|presentation|conference) (?:is|will
        +|should) ~\b(?:minutes|hour|recorded|translated)
        """,
    ),
    _group(
        "opening",
        "Who speaks, who sits beside them, what the call is.",
        "decisive",
        """
        welcome joining joined join call moderator host hosting name hosted operator conference instructions
        with participants attending agenda remarks presenting today introduce introduction speakers speaker
        presenters comments webcast presentation head ceo cfo chief i'm am attendees topics ceremony led
        present here kick thank thanks glad pleased happy appreciate grateful gratitude before through he'll
        she'll who he she i'll i will relations ir
        """,
        r"""
        (?:thank|thanks|welcome|glad|pleased|happy|appreciate|grateful|gratitude) ~\b(?:joining
        +|join(?:ed)? (?:us|this|the|today)|participating|participation|listening
        +|attending|attendance|attention|dial+ing|watching|standing by|being (?:with|here)|interest in
        +|continued interest|patience)
        welcome to (?:everyone|everybody|all of you|those|you all)
        before (?:we|i) (?:start|begin|get started|proceed|conclude|close|open|finish|wrap up
        +|move (?:in)?to|turn to|hand
        +|get into|dive into|discuss)(?! (?:production|construction|drilling|operations?|commercial))
        (?<!can\x20)(?:walk|take|run|guide|bring) (?:you|everyone) (?:all |briefly |quickly )?through
        (?:will|to|who'll|who will) (?:then |now )?(?:walk|take|run|guide|bring) us (?:all )?through
        (?:start|begin|open) with (?:an?|the|some|a few) (?:brief |short |quick |few )*(?:overview
        +|summary|recap|review|comments|remarks|words)
        hear (?:from )?(?:our|the) (?:ceo|cfo|chief|president|speakers?)
        (?:he|she|who|i)(?: will|'ll| would like to| want to|'d like to| am going to) words{2}(?:review
        +|cover|discuss|present|provide
        +|give|go over|go through|elaborate|comment|update you|share|start|begin|explain) ~\b(?:details?
        +|overview|update|highlights
        +|results|summary|performance|remarks|presentation|comments|topics)
        welcome words{5}to (?:\S+ ){0,12}(?:call|conference|webcast|results|earnings|presentation|session
        +|meeting|update|webinar
        +|teleconference)
        (?:joining|join|joins) (?:me|us) words{5}(?:are|is|will be|on (?:the|today's|our)|today|from
        +|we have)
        (?:am|i'm|we're|are|is|be|been|being) (?:\w+ )?(?:joined|accompanied) words{5}(?:by|with)
        with (?:me|us) words{6}(?:are|is|we have|i have)
        with (?:me|us) (?:today|here|in the room|on the call|on the line|this morning|this afternoon)
        (?:we|i) (?:also )?(?:have|are) words{3}with (?:us|me)
        (?:on|during|for|of|in|to|attending|joining|end|about|concludes?|start|starting|before|our
        +|hold) words{1}
        +(?:the|today's|this|our|your|this morning's|this afternoon's
        +|first) (?:\S+ ){0,4}(?:conference call|earnings call|results call
        +|conference|webcast|teleconference|earnings conference|first call)
        (?:on|for|during|of) (?:today's|this) call,? (?:are|is|will|includes?|may|with|we will|we'll
        +|we may|management|which)
        on (?:the|our) (?:call|line) (?:today |with |from |this |here |are |is )+
        (?:there|here) (?:with us )?on the (?:call|line)
        (?:i'll|i will|i am|i'm|be|is|are|as|serving) (?:be )?(?:as )?(?:your|today's
        +|the conference) words{2}(?:host|moderator|operator|speakers?
        +|coordinator|facilitator|presenters?)
        (?:today's|our) (?:speakers?|presenters?|hosts?|participants) (?:\w+ )*(?:is|are|will be|today)
        (?:today's|our|the) (?:call|conference) (?:\w+ )?(?:is|are|will be|today is
        +|being) words{2}(?:hosted|conducted|led|presented|by)
        (?:call|conference|presentation) will be (?:\w+ )?(?:led|hosted|conducted|chaired|presented|given
        +|delivered)
        (?:here|in the room) with (?:me|us)
        kick off (?:the|our|today's) (?:call|presentation|conference|q&a|questions?|session|webcast)
        (?:like|want|pleased|proud|going|by) (?:to )?introduc(?:e|ing),? words{1}(?:you|ms|mr|mrs|dr
        +|our (?:ceo|cfo|speakers?|president|chief)|today's)
        (?:head|director|vice[- ]president|vp|manager) of (?:ir\b|investor relations)
        master of ceremon(?:y|ies)
        (?:presenting|speaking|presenters?|participants) (?:\S+ ){0,4}(?:today|call|this morning) (?:are
        +|is|will|include)
        my name is
        (?:i am|i'm|this is) (?:[^\s.]+ ){0,4}(?:,? )?(?:head of|vice[- ]president|director of
        +|investor relations|your host|ceo|cfo
        +|the cfo|the ceo|chief (?:executive|financial|operating))
        (?:we have|i'm here|here with|here|today|introduce|are|is|from|by|and|our) (?:[^\s.]+ ){0,6}
        +(?:chief executive officer|chief financial officer|chief operating officer|president and ceo
        +|head of investor relations
        +|head of ir|director of investor relations|vice president of investor relations)
        (?:introduce|introducing) (?:\w+ )?(?:attendees|speakers|participants|members|presenters
        +|management|today's)
        at this time,? (?:i'd|i would|i will|i'll|all|we will|for|if|the|participants|ladies)
        (?:all )?participants (?:are|have|will|in|may|can|on|to|today)
        conference (?:call )?(?:operator|instructions|specialist|is now|has now|is being|to)
        operator (?:instructions|assistance)
        (?:after|following|before|conclude|concludes|concluded|with|end of|through) words{3}(?:prepared
        +|opening|introductory|brief
        +|closing|concluding|final|formal|compared) (?:remarks|comments|presentation|statements?)
        (?:begin|start|present|deliver|delivering|commence) words{4}(?:results|earnings|release
        +|business) (?:\w+ )?presentation
        (?:that is|that's) the (?:conclusion|end) of
        (?:cover|discuss|talk about) the following (?:main |key )?(?:topics|items|points|areas)
        (?:today's|the|our) agenda(?: for)?(?: today)?
        """,
    ),
    _group(
        "closing",
        "How a call ends.",
        "decisive",
        """
        concludes conclude concluded concluding ends end close closing disconnect forward bye goodbye day
        evening weekend afternoon rest participation participating attendance attending safe healthy bye-bye
        touch tuned thank thanks final wish year adjourned complete completes wraps brings bring see happy
        hope
        """,
        r"""
        (?:this|that|which|it|call|conference|webcast|session|presentation|meeting) (?:now |then |also
        + |will |does |today )*
        +(?:concludes?|ends?|wraps|completes|brings)\b ~\b(?:call|conference|session|remarks|presentation
        +|webcast|program|meeting
        +|questions?|today's|event|q&a|comments|qna)
        (?:conclude|concluding|ended|close|end|wrap up|finish) (?:our|today's|the|this)\b ~\b(?:call
        +|conference|session|remarks
        +|presentation|webcast|program|meeting)
        (?:call|conference|session|presentation|meeting|webcast) (?:has|have|is
        +|been) (?:now )?(?:concluded|ended|adjourned|over)
        (?:end|close) of (?:our|the|today's|this) words{3}(?:call|conference|session|q&a|questions?
        +|presentation|meeting|webcast
        +|remarks)
        bring words{6}(?:call|conference|session|meeting) to (?:an end|a close)
        (?:may|can|now|please|all|to) (?:now |all |please )*disconnect(?! the)
        disconnect(?:ing)? (?:your|the|all) (?:phone )?(?:lines?|phones?)
        (?:closing|concluding|final) (?:additional )?(?:remarks?|comments?|statements?|thoughts)
        please look forward to
        (?:look|looking|looks) forward to (?:seeing you|hearing from|your|speaking|talking (?:to|with)
        +|our next (?:call|conversation|update)|our call)
        (?:look|looking|looks) forward to words{3}(?:speaking|updating|taking your|catching|connecting
        +|meeting|answering|hearing
        +|seeing|sharing|engaging|welcoming|interacting) words{3}(?:you|with you|our|soon|again|next
        +|progress|questions)
        have a (?:very |really |good |safe |and )*(?:great|good|nice|wonderful|pleasant|lovely|fantastic
        +|safe|happy|blessed)
        +(?: and \w+)?(?: rest of (?:your|the))? (?:day|rest|afternoon|evening|weekend|one|night|week
        +|holiday|summer)
        (?:bye|goodbye|bye-bye)
        (?:stay|be|keep|remain) (?:safe|tuned|in touch)(?: and (?:safe|healthy|well))?
        (?:your|for) words{3}(?:participation|participating|attendance|attending)
        (?:i|we) (?:'d|would|want|wanna|wish)? ?(?:also |again |once |like |to |just |all )*thank (?:you
        +|everyone|everybody|all|our|my|the|each|every)
        (?:i'd|we'd|i would|we would|i|we) (?:also |again |once |like to |want to |just )*thank (?:you
        +|everyone|everybody|all|our|my|the|each|every)
        (?:wish|wishing) (?:you|everyone|everybody|all)
        hope to (?:see|meet|have|welcome) (?:you|all|everyone)
        see (?:you|all of you|everyone) (?:all |again |soon |there |in |at |on |next )+
        """,
    ),
    _group(
        "thanks and greetings",
        "Courtesy; it also opens answers, so it decides only where nothing but names is left.",
        "courtesy",
        """
        thank thanks thank-you morning afternoon evening hello hi hey appreciate appreciated congrats
        congratulations day congratulate welcome hope pleasure nice happy gentlemen grateful sorry greetings
        there hear great good congratulation luck pass stay care talk speak see keep that's that'll it's all
        ahead
        """,
        r"""
        (?:thank|thanks|thank[- ]you|thanks you)(?: you)?(?: so| very| a| all| again| both| guys
        +| everyone| everybody| once)*
        +(?: much| kindly| indeed| lot)?(?:,? for [^,.;?!]{1,80}|,? to (?:everyone|everybody|all of you
        +|you all)[^,.;?!]{0,60})?(?! to)
        (?:very )?good (?:morning|afternoon|evening|day|to see|to hear from)
        (?<!this\x20)(?<!tomorrow\x20)(?<!the\x20)(?<!of\x20)(?:morning|afternoon|evening),?(?= (?!on|of
        +|to|by|when|and we)|[,.!]|$)
        (?:hello|hi|hey|greetings|hallo)(?: there)?
        (?:best of|good) luck(?: to you| with that| with everything| for the rest of the year
        +| going forward)?
        (?:i'll |i will |we'll |we will )?pass (?:it|that|them|this) (?:on|along)(?: to the team)?
        (?:stay|be|keep) (?:well|healthy|safe)
        take care
        (?:we'll |we will |i'll )?(?:talk|speak|see) (?:to |with )?you(?: all| guys)? (?:soon|later|again
        +|next|then|there)[^,.;?!]{0,20}
        how are you(?: all| guys| both)?(?: doing)?
        (?:i |we |really |much |very |do |so )*appreciate(?:d)? (?:it(?! if)|that|this|you|your|all
        +|the (?:time|colou?r|questions?|help
        +|answers?|details?|opportunity|comments?|support|update|insights?|thoughts?
        +|response))[^,.;?!]{0,60}
        (?:much|really|greatly) appreciated
        congrat\w*(?: again| to| on| for| with)*(?: [^,.;?!]{1,80})?
        (?:i |we )?(?:do )?hope (?:that )?(?:you|everyone|everybody|all|your)\b[^.;?!]{0,80}\b(?:well
        +|safe|healthy|good|fine|sound)
        (?:it's |it is |it's a |it is a )?(?:good|great|nice|a (?:\w+ )?pleasure|my pleasure|pleasure
        +|happy) to (?:speak (?:to|with)|hear (?:from|your)
        +|be (?:here|with|on|back)|see you|talk (?:to|with)|meet you|chat|join)[^,.;?!]{0,40}
        (?:you're|you are) (?:very |most )?welcome
        welcome(?: everyone| all| back| everybody)?
        (?:ladies and |lady and )?gentlemen
        (?:i'm |i am |we're )?(?:so |very )?sorry(?: about that| for that| to interrupt)?
        (?:that's|that is|that was|that'll be|this is|it's|that does) (?:all(?! \w+ing)|it
        +|my questions?)(?: the questions)?(?: i had| i have
        +| for me| from me| for now| from my side| from us| on my side| from my end)*
        (?:please )?go(?:es)? ahead
        (?:are|is) (?:you|he|she|anyone|anybody) (?:still )?(?:there|with us|on the line|online)
        (?:great|good|nice|fantastic) (?:job|work|day)
        (?<!\w\x20)(?:a )?(?:very )?(?:great|nice|good|solid|strong|fantastic) (?:quarter|results|numbers
        +|set of results)
        """,
    ),
    _group(
        "question ritual",
        "Announcing, asking for and giving up a turn; what is asked is content.",
        "ritual",
        """
        question questions follow-up followup follow-ups followups follow queue hear it's ask asking please
        understood helpful heard audible one two couple back turn second first last may
        """,
        r"""
        (?:i |we |i've |just |had |have |got |wanted |to |ask |a |an |one |two |three |couple |of |few
        + |maybe |my |the |our |your |so
        +|first |second |third |next |last |final |quick |brief |short |little |other |another |more
        + |additional |further |follow-?up
        +|housekeeping |modeling |some |is |and |then |that |with |for |great |good |fair |very
        + |excellent |parts |long |two-part |some |new |also |i'm |that's |it's |this |in )*
        +questions?(?: (?:from my side|from me|for me|for you|if i may|please|here|first|from my end))?
        (?:a |an |one |two |just |my |the |quick |couple |of |few |as |and |maybe
        + |more )*follow[- ]?ups?(?: on that| question| here)?
        if i (?:may|might|could|can)
        (?:can|could|do|are|were) (?:you|we|everyone) (?:guys |all |still )?(?:able to )?hear (?:me|us
        +|you)[^.;]{0,20}
        (?:i'll|i will|let me|i can|i'm going to) (?:\w+ )?(?:get|go|jump|hop|step|pass|leave|drop|turn
        +|hand|fall|rejoin|return|queue
        +|stop)\b[^.;?!]{0,25}(?:queue|there|on|line|here|back)
        am i (?:being )?(?:heard|audible|on)
        (?:second|first|last|final|third|next) (?:one|part|point|thing)
        one (?:last|more|final|quick) (?:one|thing|question|clarification|point)?
        before i (?:pass|hand|turn|give|jump|go|get) ~
        (?:one|two|couple) (?:more |others? |quick )*(?:from|for) (?:me|my side|\w+)(?: here)?
        (?:that's |it's |this is |was |is |super |very |really |extremely |all |quite |so )*(?:helpful
        +|understood)
        """,
    ),
    _group(
        "signposts",
        "Where the speaker is in the talk or the slides, not what is said there.",
        "ritual",
        """
        slide slides page turn turning moving move start begin starting overview walk highlights
        presentation summary wrap close conclude comments gears gear topic topics subject item point note
        area matter
        """,
        r"""
        (?:please |let's |let me |let us |i'll |i will |we'll |i'd |i would |like to |want to |now |so
        + |if (?:we|you|i) |and |then |can we
        +|we )*(?:turn|turning|move|moving|go|going|skip|flip|look|looking|starting|start|begin|jump
        +|switching)(?: now| on| onto| over
        +| back| forward| ahead| me)*(?: to| on| at| with| by)? (?:the )?(?:next |last
        + |following )?(?:slides?|page)(?: number)?
        +(?: (?:number |\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen
        +|fourteen|fifteen|please))*
        (?:as |you |can |see |we |on |in |at |this |is |shown |from |the |next |last )*(?:slides?
        +|page)(?: number)?
        +(?: (?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen
        +|fifteen))?
        (?:let me|i'll|i will|i want to|i'd like to|i would like to) (?:close|conclude|finish
        +|wrap up|end|start|begin|open) (?:off )?by \w+ing
        + (?:a |some |few |two |three |several |couple of )*(?:things|points|items|areas|messages|comments|remarks)
        (?:let me |i'll |i will |i'd like to |i would like to |we'll |we will |we
        + |let's )(?:now )?(?:start|begin|open|wrap up|conclude
        +|close|finish)(?: off| out| today| by| with)*(?: (?:the|a|our|my|some|brief|quick|few|an
        +|overview|of|summary|recap|review
        +|highlights?|comments|remarks|thoughts|key|financials?|agenda|results|presentation|main))*
        (?:shift|switch|change|shifting|switching|changing) (?:gears?|topics?|subjects?|the (?:topic
        +|subject))
        (?:on |to |a |one |an |my |the |with |say |few |words |about |touch |some |just |brings? |that
        + |me )*(?:different|another|separate|one more
        +|next|other|new) (?:topic|subject|item|point|note|matter|area)
        (?:before )?(?:i |we |let's |let me )?(?:move|moving) on
        (?:so |now )?,? ?to (?:close|conclude|wrap up|summari[sz]e|finish)
        (?:in|during|for|on) (?:today's|my|our) (?:presentation|remarks|agenda)
        """,
    ),
)

# May stand beside a courtesy phrase without being content: people addressed, the call, time of day, praise.
COURTESY_WORDS: frozenset[str] = frozenset(
    """
    everyone everybody ladies gentlemen guys sir madam ma'am folks team operator moderator colleagues
    friends analyst analysts investors investor shareholders shareholder call conference question
    questions answer answers time today today's tonight day morning afternoon evening minute moment second
    great good nice excellent perfect fantastic wonderful super fine sure absolutely course right correct
    ok okay understood helpful useful clear clearly detail details detailed color colour comment comments
    answering taking help appreciate interest interesting kind welcome please mr mrs ms dr sir line open
    ahead hear speak speaking talk bye joining patience attention support slide slides page hope well
    quick brief short following follow opportunity congratulations congrats thank thanks hello hi hey
    sorry ask asking caller speaker presentation next maybe fair part parts
    """.split()
)
