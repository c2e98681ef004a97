"""Parts of docs/operating/terraform.md: what terraform/ holds, read from its files.

`terraform fmt` fixes where a block begins and ends (in the first column), so lines are enough and no parser of HCL
is needed; tests/terraform keeps the files formatted.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from docs.generate.markdown import table

ROOT = Path(__file__).parents[2] / "terraform"
# Above a variable that the page leaves to its file.
SELDOM = "Seldom changed."
_BEGIN = re.compile(r'^(variable|output|resource|data) "([^"]+)"(?: "([^"]+)")? \{$')


@dataclass(frozen=True)
class Block:
    """A block of a file: its kind and names, the comment before it, and its lines."""

    kind: str
    name: str
    comment: str
    lines: tuple[str, ...]

    def value(self, key: str) -> str:
        """Return what stands behind `key =`, as it is written; empty where the key is not there."""
        for number, line in enumerate(self.lines):
            if match := re.match(rf"^  {key} += (.*)$", line):
                text = match[1]
                # A value of several lines ends where the indentation is the key's again.
                if text.endswith(("{", "[", "(")):
                    rest = self.lines[number + 1 :]
                    end = next(n for n, later in enumerate(rest) if re.match(r"^  \S", later))
                    text = " ".join([text, *(later.strip() for later in rest[: end + 1])])
                return text
        return ""


def blocks(path: Path) -> list[Block]:
    """Return a file's blocks in their order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = []
    for number, line in enumerate(lines):
        if match := _BEGIN.match(line):
            end = lines.index("}", number)
            above = number
            while above and lines[above - 1].startswith("# "):
                above -= 1
            comment = " ".join(text.removeprefix("# ") for text in lines[above:number])
            name = ".".join(part for part in match.groups()[1:] if part)
            found.append(Block(match[1], name, comment, tuple(lines[number + 1 : end])))
    return found


def variables() -> str:
    """Return the variables that a deployment may want to change, each with the first sentence that its file has on it."""
    rows = []
    for block in blocks(ROOT / "variables.tf"):
        if SELDOM in block.comment:
            continue
        default = block.value("default").split(" # ")[0]
        said = re.split(r"(?<=\.) (?=[A-Z])", _text(block))[0]
        rows.append([f"`{block.name}`", f"`{default}`" if default else "**needed**", said])
    return table(["variable", "default", "what it is"], rows)


def _text(block: Block) -> str:
    return block.value("description").strip('"').replace('\\"', '"')
