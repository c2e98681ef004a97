"""Starts a real PostgreSQL server on loopback and fills it as WRDS is filled, for a login with few rights.

PostgreSQL refuses to run as root: then the server runs as a user without rights, `nobody` where nobody made one.
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

TABLES = """
CREATE SCHEMA ciq; CREATE SCHEMA ciq_transcripts; CREATE SCHEMA ciq_common; CREATE SCHEMA crsp; CREATE SCHEMA comp;
CREATE TABLE ciq.wrds_transcript_detail (companyid double precision, companyname text, keydevid double precision,
    transcriptid double precision, headline text, mostimportantdateutc date, mostimportanttimeutc time,
    keydeveventtypeid double precision, transcriptcollectiontypename text,
    transcriptpresentationtypeid double precision,
    transcriptcreationdate_utc date, transcriptcreationtime_utc time);
CREATE TABLE ciq.wrds_transcript_person (transcriptid double precision, transcriptcomponentid double precision,
    componentorder double precision, transcriptcomponenttypename text, speakertypename text, transcriptpersonname text,
    componenttextpreview text);
CREATE TABLE ciq.ciqtranscriptcomponent (transcriptcomponentid double precision, transcriptid double precision,
    componentorder double precision, transcriptcomponenttypeid double precision, componenttext text);
CREATE TABLE ciq_common.wrds_gvkey (companyid double precision, gvkey text, startdate date, enddate date);
CREATE TABLE crsp.ccmxpf_lnkhist (gvkey text, lpermno double precision, linktype text, linkprim text, linkdt date,
    linkenddt date);
CREATE TABLE comp.company (gvkey text, sic text, gsector text);
CREATE VIEW ciq_transcripts.wrds_transcript_detail AS SELECT * FROM ciq.wrds_transcript_detail;
CREATE VIEW ciq_transcripts.wrds_transcript_person AS SELECT * FROM ciq.wrds_transcript_person;
CREATE VIEW ciq_transcripts.ciqtranscriptcomponent AS SELECT * FROM ciq.ciqtranscriptcomponent;
CREATE ROLE faculty LOGIN PASSWORD 'a word'; CREATE ROLE student LOGIN PASSWORD 'a word';
GRANT USAGE ON SCHEMA ciq, ciq_transcripts, ciq_common, crsp, comp TO faculty;
GRANT SELECT ON ALL TABLES IN SCHEMA ciq_transcripts, ciq_common, crsp TO faculty;
GRANT USAGE ON SCHEMA ciq, ciq_transcripts TO student;
GRANT SELECT ON ciq_transcripts.wrds_transcript_detail TO student;
"""


def bin_dir() -> Path | None:
    """Return where PostgreSQL's programs are; Debian keeps them out of PATH."""
    found = shutil.which("initdb")
    places = (
        [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    )
    return next((place for place in places if (place / "initdb").exists()), None)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; admin connects as its owner."""

    port: int

    def admin(self) -> psycopg.Connection:
        """Return a connection that may do everything."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, dbname="wrds", user="owner", password="owner", autocommit=True
        )

    def fill(self, table: str, rows: Sequence[Sequence[object]]) -> None:
        """Copy rows into a table."""
        with self.admin() as connection, connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Give a server with WRDS's empty tables, and remove it with all that it wrote."""
    programs = bin_dir()
    assert programs is not None
    user = "nobody" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    (folder / "password").write_text("owner\n")
    if user:
        about = pwd.getpwnam(user)
        for path in (folder, folder / "password"):
            os.chown(path, about.pw_uid, about.pw_gid)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    as_user = {"user": user, "group": about.pw_gid, "extra_groups": []} if user else {}
    usual = {
        "cwd": folder,
        "stdout": subprocess.DEVNULL,
        **as_user,
        "env": {"LC_ALL": "C", "PATH": os.environ["PATH"]},
    }
    data = folder / "data"
    subprocess.run(
        [programs / "initdb", "-D", data, "-A", "scram-sha-256", "-U", "owner", "--pwfile", folder / "password",
         "--encoding", "UTF8", "--no-sync"], check=True, **usual,
    )  # fmt: skip
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, "-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1",
         "-c", "fsync=off"], stderr=subprocess.DEVNULL, **usual,
    )  # fmt: skip
    try:
        for _ in range(300):
            try:
                with psycopg.connect(
                    host="127.0.0.1",
                    port=port,
                    dbname="postgres",
                    user="owner",
                    password="owner",
                    autocommit=True,
                ) as connection:
                    connection.execute("CREATE DATABASE wrds")
                break
            except psycopg.OperationalError:
                time.sleep(0.1)
        found = Server(port)
        with found.admin() as connection:
            connection.execute(TABLES)
        yield found
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
