"""Locked packages against known vulnerabilities: by pip-audit's live service, and by advisories stored here.

security/advisories.json holds advisories in the OSV format (https://ossf.github.io/osv-schema/) of the packages that
are locked, and says which packages were looked up and how new they are. `make advisories` renews it where OSV answers.
"""

import io
import json
import re
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version

STORED = "security/advisories.json"
# All of PyPI's advisories, as OSV exports them (https://google.github.io/osv.dev/data/).
OSV = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"
LOCKS = (
    "envs/workflow.txt",
    "envs/cloud.txt",
    "envs/lda.txt",
    "envs/dev.txt",
    "envs/compare.txt",
    "envs/notebook.txt",
    "containers/theme-aggregator/requirements.txt",
)
# torch is installed after the lock, because its builds differ by index.
_TORCH = re.compile(r"^ARG TORCH=(torch)==(\S+)$", flags=re.MULTILINE)
_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", flags=re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Compared:
    """Whether packages were compared with advisories at all, what to say of that, and one line per vulnerability."""

    checked: bool
    said: str
    findings: tuple[str, ...] = ()


def locked(root: Path) -> dict[str, set[str]]:
    """Return the versions of every package that is locked, by its normalised name."""
    found: dict[str, set[str]] = {}
    patterns = [(root / name, _PIN) for name in LOCKS]
    patterns.append((root / "containers/firm-topic-processor/Dockerfile", _TORCH))
    for path, pattern in patterns:
        for name, version in pattern.findall(path.read_text(encoding="utf-8")) if path.exists() else ():
            found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def live(run: "Callable[..., subprocess.CompletedProcess[str]]", root: Path) -> Compared:
    """Ask the service that pip-audit asks. run: starts a program of the audit's environment."""
    done = run(
        "pip-audit", "--disable-pip", "--no-deps", "--progress-spinner", "off", "--format", "json",
        *(word for name in LOCKS if (root / name).exists() for word in ("--requirement", name)),
    )  # fmt: skip
    try:
        answers = json.loads(done.stdout)["dependencies"]
    except ValueError:
        lines = done.stderr.strip().splitlines() or ["no answer"]
        return Compared(False, f"NOT CHECKED ({lines[-1][:200]})")
    answered = [answer for answer in answers if "vulns" in answer]
    if not answered:
        return Compared(False, f"NOT CHECKED ({answers[0]['skip_reason']})" if answers else "NOT CHECKED")
    findings = tuple(
        f"{answer['name']} {answer['version']}: {vulnerability['id']}, "
        f"fixed in {', '.join(vulnerability['fix_versions']) or 'no version'}"
        for answer in answered
        for vulnerability in answer["vulns"]
    )
    return Compared(True, f"{len(answered)} of {len(answers)} answered", findings)


def stored(root: Path, packages: dict[str, set[str]]) -> Compared:
    """Compare with the stored advisories."""
    path = root / STORED
    if not path.exists():
        return Compared(False, f"NOT CHECKED ({STORED} is not there)")
    known = json.loads(path.read_text(encoding="utf-8"))
    looked_up = set(known["packages"]) & set(packages)
    findings = tuple(
        f"{name} {version}: {advisory['id']} ({', '.join(advisory.get('aliases', ()))})"
        for advisory in known["advisories"]
        for affected in advisory["affected"]
        for name in [canonicalize_name(affected["package"]["name"])]
        for version in sorted(packages.get(name, ()))
        if _affects(affected, Version(version))
    )
    said = f"advisories of {known['newest'][:10]} and before on {len(looked_up)} of the packages"
    return Compared(bool(looked_up), said, findings)


def _affects(affected: dict[str, Any], version: Version) -> bool:
    """Return whether a version is one that an advisory names or within its ranges (OSV schema, "Evaluation")."""
    if str(version) in affected.get("versions", ()):
        return True
    for bounds in affected.get("ranges", ()):
        if bounds["type"] != "ECOSYSTEM":
            continue  # of commits, which a release has none of
        vulnerable = False
        for event in sorted(bounds["events"], key=_at):
            (kind, value), *_ = event.items()
            if kind == "introduced":
                vulnerable = vulnerable or version >= Version(value)
            elif version > Version(value) or (kind == "fixed" and version == Version(value)):
                vulnerable = False
        if vulnerable:
            return True
    return False


def _at(event: dict[str, str]) -> Version:
    return Version(next(iter(event.values())))


def renew(root: Path, address: str = OSV) -> int:
    """Download OSV's advisories, keep those of locked packages, and return how many. Raises URLError."""
    names = set(locked(root))
    with urllib.request.urlopen(address, timeout=60) as answer:  # nosec B310  # an address of ours, always https
        archive = zipfile.ZipFile(io.BytesIO(answer.read()))
    every = (json.loads(archive.read(name)) for name in archive.namelist())
    kept = sorted(_kept(every, names), key=lambda advisory: str(advisory["id"]))
    store(root, sorted(names), kept, "OSV's export for PyPI, https://osv.dev")
    return len(kept)


def _kept(every: Iterable[dict[str, Any]], names: set[str]) -> Iterable[dict[str, Any]]:
    for advisory in every:
        affected = [
            {key: part[key] for key in ("package", "ranges", "versions") if key in part}
            for part in advisory.get("affected", ())
            if canonicalize_name(part.get("package", {}).get("name", "")) in names
        ]
        if affected and "withdrawn" not in advisory:
            kept = {key: advisory[key] for key in ("id", "aliases", "modified", "summary") if key in advisory}
            yield kept | {"affected": affected}


def store(root: Path, packages: list[str], advisories: list[dict[str, Any]], source: str) -> None:
    """Write the stored advisories; `newest` is when the latest of them was changed."""
    newest = max((advisory["modified"] for advisory in advisories), default="")
    content = {"source": source, "newest": newest, "packages": packages, "advisories": advisories}
    (root / STORED).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    print(f"{renew(Path(__file__).parents[1])} advisories in {STORED}")
    sys.exit()
