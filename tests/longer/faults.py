"""Kills what works on a run, at random moments, again and again: `make faults KILLS=50 SEED=1`.

Each kill is a SIGKILL of snakemake itself, of a job, or of the warm process that the firms' jobs share. After a
killed snakemake the same command is called again, nothing else; when a run has ended, its results are compared
with those of a run that nothing disturbed, and the next run begins in an empty folder. Linux only.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.conftest import REPO, call, write_csv
from tests.workflow.conftest import SETTINGS, Folder, differences, make_folder

# A whole run of the small quarter takes 26 s on two idle cores, several times that on busy ones.
LONGEST_SECONDS = 20.0


def prepared(path: Path) -> Folder:
    folder = make_folder(path)
    rows = [
        *call("0012", "Ashgrove Freight Inc.", ["freight", "hiring", "carbon"]),
        *call("23", "Belltower Systems", ["software", "hiring", "freight"]),
        *call("34", "Corvid Power", ["carbon", "software", "hiring"]),
        *call("45", "Dunmore Mills", ["freight", "carbon", "software"]),
        *call("56", "Elder Quiet", [])[:1],
    ]
    write_csv(path / "calls.csv", rows)
    folder.configure(**SETTINGS)
    return folder


def start(folder: Folder) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(REPO / "Snakefile"), "--cores", "2",
               "--keep-going", "--configfile", "my.yaml"]  # fmt: skip
    env = os.environ | {"PYTHONPATH": str(REPO), "OMP_NUM_THREADS": "1"}
    with (folder.path / "said.log").open("ab") as log:
        return subprocess.Popen(command, cwd=folder.path, env=env, stdout=log, stderr=log)


def victims(head: int, folder: Path) -> dict[str, list[int]]:
    """Return the processes of a run by what they are: snakemake itself, its jobs, and the warm process."""
    found: dict[str, list[int]] = {"snakemake": [head], "job": [], "warm process": []}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) in (head, os.getpid()):
            continue
        try:
            if (entry / "cwd").resolve() != folder:
                continue
            words = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue  # it has ended, or is another user's
        if "earnings_themes.topics.warm" in words:
            found["warm process"].append(int(entry.name))
        elif "python" in words and (".snakemake/scripts" in words or "earnings_themes.topics\0" in words):
            found["job"].append(int(entry.name))
    return {what: pids for what, pids in found.items() if pids}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10_000)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    chance = random.Random(arguments.seed)
    kills: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        undisturbed = prepared(root / "undisturbed")
        if start(undisturbed).wait():
            sys.exit((undisturbed.path / "said.log").read_text())
        while sum(kills.values()) < arguments.kills:
            folder = prepared(root / f"run-{sum(outcomes.values())}")
            disturb(folder, chance, kills, arguments.kills)
            other = differences(folder, undisturbed)
            outcomes["identical" if not other else "different"] += 1
            print(
                f"run {sum(outcomes.values())} after {sum(kills.values())} kills: {other or 'identical'}",
                flush=True,
            )
    of_what = ", ".join(f"{n} {what}" for what, n in kills.items())
    print(f"seed {arguments.seed}: {sum(kills.values())} kills ({of_what}), runs: {dict(outcomes)}")
    sys.exit(bool(outcomes["different"]))


def disturb(folder: Folder, chance: random.Random, kills: Counter[str], most: int) -> None:
    """Kill at random moments until the run has ended by itself, or nothing is left to kill; then let it end."""
    failures = 0
    while True:
        head = start(folder)
        while sum(kills.values()) < most:
            try:
                head.wait(chance.uniform(0.2, LONGEST_SECONDS))
                break
            except subprocess.TimeoutExpired:
                of_kind = victims(head.pid, folder.path)
                what = chance.choice(sorted(of_kind))
                pid = chance.choice(of_kind[what])
                assert pid > 1
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                kills[what] += 1
                if what == "snakemake":
                    break
        status = head.wait()
        if status == 0:
            return
        # A job that is killed twice fails, and a killed snakemake ends: the next call goes on.
        failures += status > 0
        if failures > most:
            sys.exit(f"the run does not end:\n{(folder.path / 'said.log').read_text()[-5000:]}")


if __name__ == "__main__":
    main()
