"""What an image holds: exactly what its Dockerfile copies, so that a job finds no file here that it lacks in AWS."""

import re
import shutil
from fnmatch import fnmatch
from pathlib import Path

REPO = Path(__file__).parents[2]
MAP = REPO / "containers/firm-topic-processor/Dockerfile"


def copied(dockerfile: Path = MAP) -> list[tuple[str, str]]:
    """Return what the last stage copies from the project, and to where: ("rules", "rules")."""
    last = re.split(r"^FROM ", dockerfile.read_text(encoding="utf-8"), flags=re.MULTILINE)[-1]
    found = []
    for words in re.findall(r"^COPY (?!.*--from=)(?:--\S+ )*(.+)$", last, re.MULTILINE):
        *sources, to = words.split()
        found += [(source, source if to == "./" else to) for source in sources]
    return found


def left_out(path: str) -> bool:
    """Return whether .dockerignore keeps a file from the build: the last line that fits decides."""
    out = False
    for line in (REPO / ".dockerignore").read_text(encoding="utf-8").splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!").strip("/")
        # A line is about a file, and about all that is below it.
        fits = any(
            fnmatch(part, pattern.removeprefix("**/"))
            for part in ([*_parents(path), path] if not pattern.startswith("**/") else Path(path).parts)
        )
        if fits:
            out = not line.startswith("!")
    return out


def _parents(path: str) -> list[str]:
    return [str(parent) for parent in Path(path).parents if str(parent) != "."]


def build(folder: Path, project: Path = REPO, dockerfile: Path = MAP) -> Path:
    """Fill a folder with what the image has as its working folder, taken from a project's folder, and return it."""
    for source, to in copied(dockerfile):
        if to.startswith("/"):
            continue  # a command, which is on the PATH of the tests as well
        start = project / source if (project / source).exists() else REPO / source
        for path in (
            [start] if start.is_file() else sorted(each for each in start.rglob("*") if each.is_file())
        ):
            name = path.relative_to(start.parent if start.is_file() else start)
            if not left_out(str(Path(source) / name) if start.is_dir() else source):
                target = folder / to if start.is_file() else folder / to / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
    return folder
