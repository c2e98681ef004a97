"""A name means one thing in the package: who looks for it finds one place."""

import ast
from collections import defaultdict

from tests.conftest import REPO


def test_no_public_name_is_defined_twice() -> None:
    places = defaultdict(list)
    for path in sorted((REPO / "src").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(f"{path.relative_to(REPO)}:{node.lineno}")
    assert len(places) > 500
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
