"""What part a word can play in a phrase that names a topic.

A tagger would need a model for every job to load. A dictionary and a few endings are enough here, because
a wrong guess costs a keyword and never a sentence: each word is looked up in word_classes.txt (from the
SPECIALIST lexicon), and in the lists below, which were written from the words that most firms of two real
quarters share.
"""

from functools import cache
from importlib.resources import files
from typing import Final, Literal

from earnings_themes.text.words import is_stop_word

# break: in no term. generic: no term by itself ("market"), but part of one ("market share"). part: the same, but
# its phrases say enough ("supply chain"). modifier: an
# adjective or participle, never alone and never last. adjective: one that says enough alone ("solar").
Role = Literal["break", "generic", "part", "modifier", "adjective", "noun"]

# Words that can name nothing, whatever stands beside them: numbers and units, calendar, and speech about
# speech.
_NEVER: Final = frozenset(
    """
    million millions billion billions trillion thousand thousands hundred hundreds dozen crore crores lakh lakhs
    eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty
    seventy eighty ninety
    percent percentage bps dollar dollars cent cents euro euros pound pounds ruble rubles rouble roubles peso pesos
    rupee rupees yen yuan renminbi usd eur gbp mn bn mm half twice double triple couple
    quarter quarters quarterly half-year first-half second-half year years yearly full-year year-on-year
    year-over-year year-to-date year-end month months monthly week weeks weekly day days daily hour hours minute
    minutes decade today tomorrow yesterday tonight morning afternoon evening night fiscal annual annually
    first-quarter second-quarter third-quarter fourth-quarter quarter-on-quarter quarter-over-quarter period periods
    january february march april june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday
    question questions answer answers call calls comment comments remark remarks slide slides thanks thank morning
    afternoon gentleman gentlemen lady ladies guy guys everybody congrats congratulations welcome hello bye sir
    moderator operator speaker analyst analysts webcast transcript color colour commentary clarification
    bit lot lots kind sort stuff thing things way ways wanna gonna gotta kinda whatnot etc et cetera okay fact matter
    sense course example instance reason reasons idea ideas thought thoughts guess hope view views word words
    terms regard regards respect perspective standpoint viewpoint context moment time times point points side
    end start beginning middle top bottom rest remainder part parts piece pieces portion majority lack
    look looks hand hands mind head eye fingers heart guys folks name names detail details fair truth
    right wrong sure exact exactly correct true yes yeah maybe hopefully obviously honestly basically
    elaborate honest sounds ball ballpark mistake mistakes apology apologies hey cool worry worries decent valid
    granular underway visible latter former equal sum plenty cause remain remains far slight conservative helpful
    mindful excuse closer easier harder greater regardless albeit apart underneath foremost alone inside cross pre
    post pro sub super ex felt left found fell came gave went held kept made paid meant straight backward halfway
    catch hold hit push stop repeat sell buy read show shows sound save lean squeeze match wish read pick comes fits
    ton tons tonne tonnes annum barrel barrels megawatt megawatts gigawatt gigawatts watt watts
    lotta graph graphs chart charts overview introduction background section instructions instruction uses follow-up
    follow-ups instant face floor stance announcement announcements backdrop anticipation falls lies helps holds find
    monitoring differential differentials eligible preliminary calendar gist clarity granularity
    equation speculation passage follow-on opinion opinions worst crazy absolute confirmation aggregate
    consecutive slower faster sooner instances math intent honor pleasure privilege gratitude awareness incredible
    due driven forward ahead earlier past fourth fifth latest despite hard multi rise rises despite non vs plus minus
    able good better best great nice fine well bad worse happy glad proud pleased sorry excited exciting encouraged
    encouraging confident comfortable optimistic cautious satisfied interesting important curious interested
    different same other certain various several many much more most less least few enough such own very
    lovely excellent fantastic wonderful tremendous terrific amazing awesome impressive exceptional extraordinary
    outstanding solid strong stronger strongest robust weak weaker weakest big bigger biggest large larger largest
    huge small smaller smallest high higher highest low lower lowest long longer longest short shorter
    new newer newest old older next last first second third final previous prior recent current upcoming
    possible potential potentially likely real actual general overall particular specific single whole full total
    major main key significant substantial considerable meaningful material additional extra further incremental
    similar normal usual typical positive negative ready aware available
    mentioned described discussed said noted outlined indicated highlighted touched alluded
    say talk speak mention note ask tell feel think believe know see hear expect anticipate assume wonder
    thats im ive dont didnt doesnt youre theyre weve wasnt cant wont isnt lets
    """.split()
)

# Business words that every firm uses: a topic is not named by one of them alone.
_GENERIC: Final = frozenset(
    """
    ability acceleration access account accounts achievement action actions activity activities addition adjustment
    adjustments advantage advantages agenda aggressive agreement agreements aim allocation amount amounts
    analysis answer application applications approach area areas aspect aspects asset assets assumption assumptions
    attention attribute average balance base basis behavior benefit benefits board body bottom breakdown bridge budget
    building business businesses capability capabilities capacity care case cases category categories challenge
    challenges change changes channel channels choice circumstances clarity class colleague colleagues combination
    commercial commitment commitments communication community companies company comparison competition competitors
    completion component components concern concerns conclusion condition conditions confidence connection
    consideration consistency consumer consumers content contract contracts contribution contributions control
    conversation conversations cost costs counterpart country countries coverage cover criteria customer customers
    cycle data date dates deal deals decision decisions decline declines decrease decreases degree delivery demand
    department deployment design development developments difference differences digit digits direction director
    directors discipline discussion discussions distribution division divisions double-digit downside drive driver
    drivers drop dynamic dynamics economics effect effects efficiency efficiencies effort efforts element elements
    employee employees environment estimate estimates evaluation event events evolution execution executive
    expansion expectation expectations experience expertise exposure extension extent facility facilities factor
    factors feedback feeling field figure figures fit flat flexibility flow flows focus force forecast forecasts
    form foundation framework front fundamentals future gain gains gap goal goals going-forward grade group groups
    growth guidance guide headwind headwinds health help highlight highlights history house impact impacts
    implementation implication implications improvement improvements increase increases indication indicator
    indicators individual industry influence information initiative initiatives input inputs insight integration
    intention interest investment investments investor investors issue issues item items job journey key lag
    landscape launch launches layer lead leader leaders leadership learning legacy level levels leverage light limit
    line lines list load location locations long-term loss losses magnitude management manager managers margin
    margins market marketplace markets materials matters measure measures mechanism media medium medium-term member
    members message metric metrics mid mix model models momentum money move movement movements moves multiple nature
    need needs network news number numbers objective objectives offer offering offerings opening operating operation
    operations opportunities opportunity option options order orders organization origin outcome outlook output
    pace package page panel partner partners partnership partnerships party path pattern patterns payment payments
    peak peer peers people percentage performance person phase picture pipeline place places plan plans platform
    platforms play player players pocket point policy policies position positions power practice practices prepared
    presence presentation press pressure pressures price prices pricing principle principles priority priorities
    problem problems procedure process processes product production productivity products profile program programs
    progress project projection projections projects proportion proposition prospect prospects purchase purchases
    purpose quality quantity range rate rates ratio reaction reality recognition record recovery reduction reference
    region regions relation relations relationship relationships release report reports requirement requirements
    resource resources respect response responsibility result results return returns revenue revenues review reward
    risk risks road role room run sale sales scale scenario scenarios schedule scheme scope season seasonality sector
    sectors segment segments sentiment series service services session set shape share shareholder shareholders
    shift show signal signs site sites situation situations size solution solutions source sources space speed spend
    spending spot spread stability staff stage stages stake standard standards state statement states status step
    steps story strategic strategy strategies strength stress strong structure structures studies study style subject
    success summary supplier suppliers supply support surprise synergies synergy system systems table tailwind
    tailwinds target targets task team teams technologies technology tendency term test testing theme
    things threat timeframe timeline timing title tool tools topic track traction trajectory transaction transactions
    transformation transition trend trends turn type types uncertainties uncertainty understanding unit units update
    updates upside usage use user users utilization value values variability variables variation variety venture
    version versus visibility vision volatility volume volumes wave win wins work world year-ago
    capital cash financials gross net portfolio exchange ambition ambitions achievement achievements
    bullet block cadence chart comp component conversation couple decision flavor flux footing guardrails handful
    headline inflection line-of-sight nuance optionality parameter parameters percentage playbook proof puts takes
    rationale runway step-up takeaway tranche upswing walk wheelhouse
    global local regional national international domestic internal external public private corporate financial
    operational commercial economic industrial social technical physical professional personal individual
    long-term short-term mid-term medium-term near-term ongoing existing related based broader broad
    active adjusted appropriate attractive basic clear close committed common comparable competitive complete complex
    comprehensive consistent constructive core critical difficult direct easy effective efficient entire essential
    eventual evident exceptional expected extended extensive fast faster favorable flexible forward-looking
    fundamental healthy historical historic ideal identical immediate impacted important inclusive initial intense
    late later leading limited live mature minimal minor modest natural necessary numerous obvious official
    open optimal ordinary original outside partial peculiar perfect permanent powerful practical premium
    pretty primary proactive proper quick rapid reasonable relative relevant reliable remarkable responsible rest
    right-sized rising robust safe same secondary selective sensitive separate serious sharp simple slow
    slower smart smooth soft special stable standard steady strict subsequent successful sufficient suitable superior
    sustainable temporary tight top tough tremendous true typical ultimate unable uncertain underlying unique
    unusual upper useful valuable variable vast viable volatile wide willing worldwide worth year-round
    center centers central channel core east north south west northern southern eastern western
    analyst cfo ceo coo president chairman officer team office head
    """.split()
)

# Words in -ing that are the name of an activity, where most are a form of a verb.
_ACTIVITIES: Final = frozenset(
    """
    accounting advertising banking bidding billing borrowing branding broadcasting building buying cleaning clothing
    coating computing construction consulting contracting cooling crossing dining dosing drilling drawing earning
    engineering farming feeding financing fishing flaring flooring footing forestry fracking funding gaming gathering
    grazing handling heating hedging hiring holding housing imaging insourcing investing labeling landing lending
    licensing lighting liquefying listing logging machining manufacturing marketing merchandising mining modeling
    molding monitoring mining networking nearshoring offering offshoring onboarding onshoring opening outsourcing
    packaging painting parking permitting planning plumbing pricing printing processing provisioning publishing
    rebranding recruiting recycling refining refinancing rerouting reshoring restocking restructuring retailing
    retrofitting reskilling roaming roofing routing sampling sanctioning savings screening sequencing servicing
    shipping shopping siding smelting sourcing spending staffing stocking streaming swimming taxing testing
    ticketing tooling tracking trading training transporting traveling travelling trucking underwriting upskilling
    vaccinating warehousing wellbeing well-being wiring writing destocking de-stocking outage pre-selling cross-selling
    upselling up-selling rightsizing decommissioning staffing
    """.split()
)

# Words that end like a verb or an adverb and are none.
_NOUNS_BY_SHAPE: Final = frozenset(
    """
    supply family anomaly assembly poly july italy monopoly bed breed feed seed weed need speed shed shred sled red
    king ring spring string wing thing ceiling evening morning being ping sibling sterling bing beijing boeing
    """.split()
)
# Adjectives that name a subject by themselves.
_TELLING_ADJECTIVES: Final = frozenset(
    """
    cardiovascular cashless climatic digital electric electrical geopolitical geothermal macroeconomic
    nuclear offshore oncological online onshore orthopedic paediatric pediatric pharmaceutical photovoltaic
    regulatory solar wireless wireline
    """.split()
)
# Nouns that name nothing without the word before them.
_PARTS: Final = frozenset("chain sheet station venture ware yard rata equivalent maturity".split())
# Two letters are mostly what is left of a stutter; these are not.
_SHORT: Final = frozenset(
    "ai ar ev hr ip ml pc pe pv tv uk eu uv vr oz oil gas 5g 4g 3g 6g b2b b2c co2".split()
)

# After these a word that is noun and verb alike is a noun.
NOUN_LEADS: Final = frozenset(
    """
    a an the this that these those our your their its his her my of in on at by for from with about into over under
    between against through during without across per and or some any no more less much many most every each
    all both such other another several lower higher new good strong big first second third last next what which
    whose than as towards toward within around behind beyond via vs
    """.split()
)
# After these it is a verb.
VERB_LEADS: Final = frozenset(
    """
    i you we they he she it that which who will would can could should may might must to not
    i'll we'll you'll they'll it'll that'll i'd we'd they'd you'd can't won't don't doesn't didn't couldn't wouldn't
    also really just always still continue help helps helped let let's
    """.split()
)


@cache
def _classes() -> dict[str, frozenset[str]]:
    classes: dict[str, frozenset[str]] = {}
    name = ""
    text = (files("earnings_themes.labels") / "word_classes.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("["):
            name = line.strip("[]")
            classes[name] = frozenset()
        elif line and not line.startswith("#"):
            classes[name] |= frozenset(line.split())
    return classes


@cache
def fold(word: str) -> str:
    """Return one form for a noun's singular and plural, so that "price" and "prices" count as one."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is", "ics", "ws")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 5 else word[:-1]
    if word.endswith(("sses", "ches", "shes", "xes")):
        return word[:-2]
    return word[:-1]


# A firm says some 3,000 different words; all firms together far more, and most of them once.
@cache
def word_role(word: str) -> Role:
    """Return what a lower-case word can be in a term; a word of another language is a noun."""
    classes = _classes()
    if word in _SHORT:
        return "noun"
    if len(word) < 3 or is_stop_word(word) or word in _NEVER or any(map(str.isdigit, word)):
        return "break"
    if "-" in word and _of_parts(word) == "break":
        return "break"
    if word in _ACTIVITIES:
        return "generic" if word in _GENERIC else "noun"
    if word in _GENERIC or fold(word) in _GENERIC:
        return "generic"
    if fold(word) in _PARTS:
        return "part"
    if word in _NOUNS_BY_SHAPE:
        return "noun"
    if word in classes["verb"]:
        return "break"
    if word.endswith("ly") or (word.endswith("ing") and "-" not in word):
        return "break"
    if word.endswith("ed"):
        return "modifier"
    if word in _TELLING_ADJECTIVES:
        return "adjective"
    return "modifier" if word in classes["modifier"] else "noun"


def _of_parts(word: str) -> Role:
    # "right-hand", "two-thirds", "year-long": nothing is left of it without its empty parts.
    parts = [part for part in word.split("-") if part]
    return "break" if all(is_stop_word(part) or part in _NEVER or len(part) < 2 for part in parts) else "noun"


def can_be_verb(word: str) -> bool:
    """Return whether a lower-case word is a noun and a form of a verb alike ("drive", "costs")."""
    return word in _classes()["either"]
