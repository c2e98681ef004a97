"""The picture of the house, drawn from the code: which room stands on which, and how long each is.

`python -m docs.generate lines` prints the rooms; `make lint` calls it, so that growth is seen where it happens.
"""

from collections import defaultdict
from pathlib import Path

import grimp

SOURCE = Path(__file__).parents[2] / "src" / "earnings_themes"
_PACKAGE = "earnings_themes"


def arrows() -> dict[str, list[str]]:
    """Return, for each room, the rooms that a module of it imports by itself."""
    graph = grimp.build_graph(_PACKAGE)
    found: dict[str, set[str]] = defaultdict(set)
    for module in graph.modules:
        for other in graph.find_modules_directly_imported_by(module):
            one, two = (name.split(".")[1:2] for name in (module, other))
            if one and two and one != two:
                found[one[0]].add(two[0])
    return {room: sorted(found[room]) for room in sorted(found)}


def picture() -> str:
    """The arrows that follow from no others. What every room imports is left out; .importlinter forbids circles."""
    everywhere = {"errors", "abstractions", "config", "system"}
    below = {room: set(others) - everywhere for room, others in arrows().items() if room not in everywhere}

    def reached(room: str) -> set[str]:
        return below.get(room, set()).union(*(reached(other) for other in below.get(room, ())))

    lines = ["```mermaid", "flowchart TD"]
    for room, others in below.items():
        follows: set[str] = set().union(*(reached(other) for other in others))
        lines += [f"  {room} --> {other}" for other in sorted(others - follows)]
    return "\n".join([*lines, "```"])


def lines() -> str:
    """Lines of Python a room, largest first, and all of src."""
    rooms: dict[str, int] = defaultdict(int)
    for path in SOURCE.rglob("*.py"):
        place = path.relative_to(SOURCE).parts
        rooms[place[0] if len(place) > 1 else "(root)"] += len(path.read_text(encoding="utf-8").splitlines())
    counted = [*sorted(rooms.items(), key=lambda room: (-room[1], room[0])), ("src", sum(rooms.values()))]
    return "\n".join(f"{n:7,}  {room}" for room, n in counted)
