"""Compose one earnings call: who speaks, in what order, and what each sentence is.

A planted theme is spread as in life: about half of it is said in the prepared remarks, the rest
answers an analyst's question. Around it stand results, procedure and filler, all labelled.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bank_reader import BANK, Block, Dice, Firm, figures, fill, sections, variant

# What a chief financial officer, rather than the chief executive, speaks about.
CFO_THEMES = {
    "energy_cost",
    "foreign_exchange",
    "interest_rates",
    "inventory_destocking",
    "share_repurchase",
}
PRESENTATION = "Presenter Speech"


@dataclass(frozen=True)
class Sentence:
    text: str
    kind: str  # subject | reporting | procedure | filler
    theme: str


@dataclass
class Turn:
    speaker: str
    speaker_type: str
    component: str
    sentences: list[Sentence] = field(default_factory=list)


class LeadIns:
    """Spoken openings and endings, dealt like cards so that a call seldom repeats one."""

    def __init__(self, dice: Dice, lower: set[str]) -> None:
        self._bank, self._dice, self._lower = sections(BANK / "lead_ins.txt"), dice, lower
        self._decks: dict[str, list[str]] = {pile: [] for pile in self._bank}

    def _deal(self, pile: str) -> str:
        if not self._decks[pile]:
            self._decks[pile] = self._dice.shuffled(self._bank[pile])
        return self._decks[pile].pop()

    def dress(self, text: str, pile: str, share: float) -> str:
        """Put an opening before a share of the statements, and an ending after some."""
        first = text.split()[0]
        if self._dice.chance(0.16):
            text = f"{text[:-1]}, {self._deal('tail')}{text[-1]}"
        if not self._dice.chance(share) or first[0].lower() + first[1:] not in self._lower:
            return text
        return f"{self._deal(pile)} {text[0].lower()}{text[1:]}"


class CallWriter:
    """Writes the call of one firm; `turns` is the result."""

    def __init__(self, firm: Firm, dice: Dice, lower: set[str]) -> None:
        self.firm, self.dice, self.leads = firm, dice, LeadIns(dice, lower)
        self.turns: list[Turn] = []
        self._procedure = sections(BANK / "procedure.txt")
        self._reporting = self._decks("reporting.txt")
        self._filler = self._decks("filler.txt")
        people = sections(BANK / "people.txt")
        # The shorter list ends the pairing: no broker sends two analysts to one call.
        self._analysts = list(
            zip(dice.shuffled(people["analysts"]), dice.shuffled(people["banks"]), strict=False)
        )
        self._slide = 4
        self._revenue, self._currency = float(firm["revenue"]), firm.profile.get("currency", "$")
        third, self._third_title = firm["third"].split(", ", 1)
        self._people = {"ceo": firm["ceo"], "cfo": firm["cfo"], "third": third, "ir": firm["ir"]}
        self._values = figures(firm, dice) | {
            "firm": firm["name"],
            "short": firm["short"],
            "honorific": firm["honorific"],
            "ceo_last": firm["ceo"].split()[-1],
        }
        for role, name in self._people.items():
            self._values |= {role: name, f"{role}_first": first_name(name)}
        self._values["third"] = firm["third"]

    def write(self) -> list[Turn]:
        blocks = self.dice.shuffled(self.firm.blocks)
        prepared = {block.theme: self._prepared_share(block) for block in blocks}
        self._opening()
        self._ceo_remarks([b for b in blocks if b.theme not in CFO_THEMES], prepared)
        self._cfo_remarks([b for b in blocks if b.theme in CFO_THEMES], prepared)
        self._questions(blocks, prepared)
        self._closing()
        return self.turns

    def _decks(self, name: str) -> dict[str, list[str]]:
        return {key: self.dice.shuffled(lines) for key, lines in sections(BANK / name).items()}

    def _prepared_share(self, block: Block) -> int:
        half = len(block.statements) // 2
        return self.dice.integer(half - 1, half + 1)

    def _turn(self, role: str, component: str = PRESENTATION) -> None:
        self.turns.append(Turn(self._people.get(role, role), "Executives", component))

    def _operator(self, component: str) -> None:
        self.turns.append(Turn("Operator", "Operator", component))

    def _add(self, text: str, kind: str, theme: str | None = None) -> None:
        filled = fill(text, self._values, self._revenue, self._currency, self.dice)
        self.turns[-1].sentences.append(Sentence(filled, kind, theme or kind))

    def _say(self, *names: str, share: float = 1.0) -> None:
        """Procedural lines: of each group (`---` parts them) of each named section, one.

        A share below 1 leaves some groups out, as some companies do.
        """
        for name in names:
            groups: list[list[str]] = [[]]
            for line in self._procedure[name]:
                if line == "---":
                    groups.append([])
                else:
                    groups[-1].append(line)
            for group in groups:
                if self.dice.chance(share):
                    self._add(self.dice.pick(group), "procedure")

    def _hedge(self, pile: str, count: int = 1) -> None:
        for _ in range(count):
            text = self._filler[pile].pop()
            if pile in ("prepared", "answer_close"):
                text = self.leads.dress(text, pile.removesuffix("_close"), 0.25)
            self._add(text, "filler")

    def _report(self, pile: str, count: int) -> None:
        while count and self._reporting[pile]:
            text = variant(self._reporting[pile].pop(), self.firm["model"], self.dice)
            if text and pile != "question":
                text = self.leads.dress(text, "answer" if pile == "answer" else "prepared", 0.18)
            if text:
                self._add(text, "reporting")
                count -= 1

    def _subject(self, block: Block, statements: list[str], pile: str) -> None:
        share = 0.5 if pile == "prepared" else 0.65
        for text in statements:
            self._add(self.leads.dress(text, pile, share), "subject", block.theme)

    def _opening(self) -> None:
        self._operator("Presentation Operator Message")
        self._say("operator_open", share=0.9)
        self._turn("ir")
        self._say("ir_open", "safe_harbor", share=0.8)
        self._say("ir_handover")

    def _remarks(self, blocks: list[Block], prepared: dict[str, int]) -> None:
        for block in blocks:
            if self.dice.chance(0.35):
                self._slide += 1
                self._values["slide"] = str(self._slide)
                self._say("transition")
            elif self.dice.chance(0.4):
                self._hedge("prepared")
            self._subject(block, block.statements[: prepared[block.theme]], "prepared")

    def _ceo_remarks(self, blocks: list[Block], prepared: dict[str, int]) -> None:
        self._turn("ceo")
        self._say("ceo_open")
        self._report("headline", 5)
        self._hedge("prepared")
        self._remarks(blocks, prepared)
        self._hedge("prepared", 2)
        self._say("to_cfo")

    def _cfo_remarks(self, blocks: list[Block], prepared: dict[str, int]) -> None:
        self._turn("cfo")
        self._say("cfo_open")
        for text in self.firm.reporting:
            self._add(text, "reporting")
        self._report("results", 11)
        self._remarks(blocks, prepared)
        self._report("cash", 4)
        self._report("guidance", 6)
        self._hedge("prepared")
        self._say("to_qa")

    def _questions(self, blocks: list[Block], prepared: dict[str, int]) -> None:
        self._operator("Question and Answer Operator Message")
        self._say("qa_open", share=0.75)
        # None: a question about the results.
        queue = self.dice.shuffled([*blocks, None, None])
        callers = iter(self._analysts)
        opening = "next_first"
        while queue:
            analyst, bank = next(callers)
            self._values |= {"analyst": analyst, "analyst_first": first_name(analyst), "bank": bank}
            if opening == "next":
                self._operator("Question and Answer Operator Message")
            self._say(opening)
            if "," not in self.turns[-1].sentences[-1].text:  # the line does not say it already
                self._say("go_ahead", share=0.7)
            opening = "next"
            count = self.dice.integer(1, 3)
            for turn, block in enumerate(queue[:count]):
                self._ask(analyst, block, follow_up=turn > 0)
                self._answer(analyst, block, prepared)
            del queue[:count]
            if self.dice.chance(0.7):
                self.turns.append(Turn(analyst, "Analysts", "Question"))
                self._say("analyst_thanks")

    def _ask(self, analyst: str, block: Block | None, follow_up: bool) -> None:
        self.turns.append(Turn(analyst, "Analysts", "Question"))
        self._say("analyst_follow" if follow_up else "analyst_greet", share=0.75)
        if self.dice.chance(0.25):
            self._hedge("analyst")
        if block is None:
            self._report("question", 1)
        else:
            self._add(block.questions[0], "subject", block.theme)

    def _answer(self, analyst: str, block: Block | None, prepared: dict[str, int]) -> None:
        in_finance = block is None or block.theme in CFO_THEMES
        role = "cfo" if in_finance else self.dice.pick(["ceo", "ceo", "third"])
        self._values["speaker_first"] = self._values[f"{role}_first"]
        if role != "ceo" and self.dice.chance(0.3):
            self._turn("ceo", "Answer")
            self._say("exec_pass")
        self._turn(role, "Answer")
        self._say("exec_greet", share=0.5)
        if self.dice.chance(0.55):
            self._hedge("answer_open")
        if block is None:
            self._report("answer", 3)
            self._hedge("answer_close")
            return
        left = block.statements[prepared[block.theme] :]
        more = block.questions[1:]
        cut = len(left) - 2 if more or (len(left) >= 5 and self.dice.chance(0.6)) else len(left)
        self._subject(block, left[:cut], "answer")
        if self.dice.chance(0.35):
            self._hedge("answer_close")
        if not left[cut:]:
            return
        self.turns.append(Turn(analyst, "Analysts", "Question"))
        if more:
            self._add(more[0], "subject", block.theme)
        else:
            self._hedge("analyst_follow")
        self._turn(role, "Answer")
        self._subject(block, left[cut:], "answer")

    def _closing(self) -> None:
        self._operator("Question and Answer Operator Message")
        self._say("qa_close")
        self._turn("ceo")
        self._say("ceo_close")
        self._operator("Presentation Operator Message")
        self._say("operator_close")


def first_name(name: str) -> str:
    return name.removeprefix("Dr. ").split()[0]
