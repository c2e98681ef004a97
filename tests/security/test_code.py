"""What the project's own code never does: read a pickle, run a model's code, load YAML objects, import by data."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPO

FOLDERS = ("src", "scripts", "containers", "terraform", "benchmarks", "security")
FILES = sorted(
    path for folder in FOLDERS for path in (REPO / folder).rglob("*.py") if "tests" not in path.parts
)
# Each of these reads objects, that is code, from a file.
PICKLES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
# The modules that import by a name: the registry and the panel by the user's config, the warm process by our own scripts.
BY_NAME = {
    "src/earnings_themes/implementations.py",
    "src/earnings_themes/panel/words.py",
    "src/earnings_themes/topics/warm.py",
}


def faults(tree: ast.AST, name: str) -> Iterator[str]:
    """Yield what is forbidden in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
            )
            yield from (f"imports {module}" for module in modules if module.split(".")[0] in PICKLES)
        if (
            isinstance(node, ast.keyword)
            and node.arg in {"allow_pickle", "trust_remote_code"}
            and ast.unparse(node.value) != "False"
        ):
            yield f"gives {node.arg}"
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called in {
            "eval",
            "exec",
            "compile",
            "torch.load",
            "pd.read_pickle",
            "pandas.read_pickle",
            "__import__",
        }:
            yield f"calls {called}"
        if called.startswith("yaml.") and called not in {"yaml.safe_load", "yaml.safe_dump"}:
            yield f"calls {called}"
        literal = node.args and isinstance(node.args[0], ast.Constant)
        if called.endswith("import_module") and not literal and name not in BY_NAME:
            yield "imports a module by a name that is not written here"
        no_tls = [
            k for k in node.keywords if k.arg in {"verify", "use_ssl"} and ast.unparse(k.value) == "False"
        ]
        if no_tls or "_create_unverified_context" in called:
            yield "talks without checking certificates, or without TLS"


def test_nothing_forbidden_is_in_the_code() -> None:
    assert len(FILES) > 100
    found = []
    for path in FILES:
        name = str(path.relative_to(REPO))
        found += [f"{name} {fault}" for fault in faults(ast.parse(path.read_text(encoding="utf-8")), name)]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle", "from joblib import load", "import numpy as np\nnp.load(f, allow_pickle=True)",
        "torch.load(path)", "AutoModel.from_pretrained(name, trust_remote_code=True)", "yaml.load(text, Loader)",
        "yaml.full_load(text)", "eval(text)", "importlib.import_module(row['model'])",
        "boto3.client('dynamodb', use_ssl=False)", "requests.get(url, verify=False)",
    ],
)  # fmt: skip
def test_what_is_forbidden_would_be_found(code: str) -> None:
    assert list(faults(ast.parse(code), "src/earnings_themes/new.py"))


def test_the_workflow_s_own_files_have_none_of_it_either() -> None:
    for path in [REPO / "Snakefile", *sorted((REPO / "rules").glob("*.smk"))]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(pickle|joblib|eval\(|exec\(|yaml\.load|trust_remote_code)", text), path


def test_account_ids_are_those_of_aws_s_documentation() -> None:
    documentation = {"123456789012", "111122223333", "444455556666", "000000000000", "999999999999"}
    folders = (
        "src",
        "config",
        "docs",
        "terraform",
        "containers",
        "rules",
        "scripts",
        "README.md",
        "SECURITY.md",
    )
    found = set()
    for folder in folders:
        top = REPO / folder
        for path in [top] if top.is_file() else top.rglob("*"):
            if not path.is_file() or {".terraform", "__pycache__"} & set(path.parts) or path.suffix == ".png":
                continue
            text = path.read_text(encoding="utf-8", errors="ignore")
            ids = re.findall(r"(?::|\b(?=\d{12}\.dkr))(\d{12})(?=[:.])", text)
            found |= {(str(Path(path).relative_to(REPO)), i) for i in ids if i not in documentation}
    assert not found
