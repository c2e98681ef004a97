"""A quarter on a real SLURM of one node, on this machine's loopback: `make test-slurm`. Linux, as root, outside CI.

munged, slurmctld and slurmd of Debian are started in a new folder and ended with it. Three calls of the workflow with the
slurm profile: a quarter in which one firm fails; the same again, mended, which runs that firm alone and what is after it;
and a third, which has nothing to do.
"""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import REPO
from tests.longer.faults import prepared
from tests.workflow.conftest import SETTINGS

CONFIGURATION = """
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
MinJobAge=3600
# The profile asks for more cores than a small machine has.
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory={memory} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def free_ports(n: int) -> list[int]:
    sockets = [socket.socket() for _ in range(n)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """Start a SLURM of one node, and end what was started."""
    folder.chmod(0o755)  # who is asked for the socket may be another user
    for name in ("state", "spool", "munge"):
        (folder / name).mkdir(mode=0o700)
    key = folder / "munge" / "key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    values = {"host": socket.gethostname().split(".")[0], "user": getpass.getuser(), "folder": folder,
              "ports": free_ports(2), "memory": memory * 9 // 10}  # fmt: skip
    (folder / "slurm.conf").write_text(CONFIGURATION.format(**values))
    os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
    # The executor hides SLURM's variables from its jobs, and a cluster of one's own has no file in /etc.
    (folder / "bin").mkdir()
    srun = folder / "bin" / "srun"
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {shutil.which("srun")} "$@"\n')
    srun.chmod(0o755)
    os.environ["PATH"] = f"{folder}/bin:{os.environ['PATH']}"
    munge = ["munged", "--foreground", f"--key-file={key}", f"--socket={folder}/munge.socket", "--force",
             f"--pid-file={folder}/munge/pid", f"--log-file={folder}/munge/log", f"--seed-file={folder}/munge/seed"]  # fmt: skip
    started = []
    try:
        for command in (munge, ["slurmctld", "-D", "-c"], ["slurmd", "-D"]):
            with (folder / f"{command[0]}.log").open("w") as log:
                started.append(subprocess.Popen(command, stdout=log, stderr=log))
            time.sleep(2)
        deadline = time.monotonic() + 60
        while "idle" not in said("sinfo", "--noheader", "--format=%T"):
            if time.monotonic() > deadline:
                sys.exit(f"The node did not become idle; {folder} has the logs.")
            time.sleep(1)
        yield
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()


def said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def snakemake(folder: Path) -> tuple[int, str]:
    """Call the workflow; return its exit status and what it printed."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(REPO), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(REPO / "Snakefile"), "--configfile", "my.yaml",
               "--profile", str(REPO / "config/profiles/slurm")]  # fmt: skip
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    print(done.stdout + done.stderr)
    for log in sorted((folder / ".snakemake" / "slurm_logs").rglob("*.log")):
        print(log, log.read_text(errors="replace"), sep="\n")
    return done.returncode, done.stdout + done.stderr


def main() -> None:
    """Run the three calls and say what was seen; exit status 1 where it is not what it should be."""
    for program in ("munged", "slurmctld", "slurmd", "sbatch"):
        if not shutil.which(program):
            sys.exit(f"{program} is not here: apt-get install slurmctld slurmd slurm-client munge")
    with tempfile.TemporaryDirectory(prefix="slurm-") as place, cluster(Path(place)):
        folder = prepared(Path(place) / "run")
        folder.configure(**SETTINGS, embedding={"model": "static", "cache": None})
        topics = folder.results() / "topics"
        (folder.path / "fail").touch()
        failed, _ = snakemake(folder.path)
        before = {file.name: file.stat().st_mtime_ns for file in topics.glob("*.json")}
        (folder.path / "fail").unlink()
        mended, _ = snakemake(folder.path)
        after = {name: (topics / name).stat().st_mtime_ns for name in before}
        report = (topics.parent / "report.html").exists()
        idle, text = snakemake(folder.path)
    seen = {
        "the first call fails": failed != 0,
        "and leaves the other firms": len(before) == 4,
        "the second ends well": mended == 0 and report,
        "and runs none of them again": before == after,
        "the third has nothing to do": idle == 0 and "Nothing to be done" in text,
    }
    for what, is_so in seen.items():
        print("yes" if is_so else "NO ", what)
    sys.exit(0 if all(seen.values()) else 1)


if __name__ == "__main__":
    main()
