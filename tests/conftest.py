"""What several tests share: a small quarter of calls, and vectors that are made, not encoded."""

import csv
import datetime as dt
import hashlib
import os
import random
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from earnings_themes.embedding.encoders import PACKAGED_SHA256

REPO = Path(__file__).parents[1]


@contextmanager
def small_disk_at(folder: Path, size: str) -> Iterator[Path]:
    """Put a disk of a size such as 200k in a folder's place; skip the test where nothing can be mounted."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.getuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk, and not everywhere")
    yield folder
    # Lazily: a process of the run may end a moment later than its call.
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


# No deadline: a shared machine stalls. Derandomised: the same examples in every run of the tests.
settings.register_profile(
    "shared machine", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared machine")

# Four subjects of twelve sentences: enough for a topic each, small enough to encode in a second.
SUBJECTS = {
    "freight": [
        "Ocean freight from the eastern ports took three weeks longer than planned.",
        "We moved containers by air because the harbour was congested.",
        "Port congestion delayed our spring shipments.",
        "Our suppliers could not find trucks or drivers for inbound parts.",
        "Shipping lanes reopened slowly after the canal was blocked.",
        "Container rates fell back toward what we paid before the crisis.",
        "We added a second freight forwarder to reduce delivery delays.",
        "Late components kept forty finished machines in the yard.",
        "Logistics bottlenecks eased at the western terminals.",
        "The carriers cancelled sailings and our goods waited at the dock.",
        "We rerouted cargo through the southern ports to avoid the backlog.",
        "Lead times for shipped parts remain twice as long as usual.",
    ],
    "hiring": [
        "Hiring nurses and technicians became easier during the spring.",
        "Wage increases of five percent took effect for hourly workers.",
        "Turnover among warehouse employees fell to the lowest rate in years.",
        "We opened an apprenticeship school to train our own welders.",
        "Overtime dropped because the vacancies were filled.",
        "The labor market for engineers is still tight in our cities.",
        "Sign-on bonuses were no longer needed to attract drivers.",
        "Staff retention improved after we changed the shift schedule.",
        "Union negotiations ended with a three year wage agreement.",
        "We recruited two hundred sales people for the new region.",
        "Temporary workers now make up a tenth of the workforce.",
        "Employee absences returned to a normal level.",
    ],
    "carbon": [
        "Solar panels on the roofs supply a third of our electricity.",
        "We cut carbon emissions from the furnaces by a fifth.",
        "The wind farm agreement covers our renewable power needs.",
        "Green hydrogen will replace natural gas in the kiln.",
        "Our emission targets were validated by an independent body.",
        "Heat pumps lowered the fuel that our buildings burn.",
        "Carbon credits paid for the reforestation project.",
        "Customers ask for steel with a smaller carbon footprint.",
        "The battery storage site helps us use renewable energy at night.",
        "We retired the last coal boiler and reduced greenhouse gases.",
        "Recycling the waste heat saves energy and emissions.",
        "Electric vehicles replaced half of the diesel delivery fleet.",
    ],
    "software": [
        "Cloud subscriptions grew as customers moved off old servers.",
        "Our artificial intelligence assistant answers support tickets.",
        "Developers shipped the new release of the data platform.",
        "Cybersecurity modules were attached to most new contracts.",
        "The migration to the cloud lowered our hosting cost.",
        "Machine learning finds fraud before a payment is made.",
        "Software engineers rebuilt the mobile application.",
        "Customers adopted the analytics dashboard quickly.",
        "We automated invoice processing with intelligent software.",
        "The application programming interface connects partner systems.",
        "Hackers failed to get past the new login protection.",
        "Data centers were upgraded for generative models.",
    ],
}

COLUMNS = ["companyid", "companyname", "transcriptid", "mostimportantdateutc", "componentorder",
           "componenttext", "speakertypename", "componenttypename", "transcriptpersonname", "headline"]  # fmt: skip


def write_csv(path: Path, rows: Sequence[dict[str, object]], columns: Sequence[str] = COLUMNS) -> Path:
    """Write turns as a transcript CSV; a column that a row lacks is empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def call(firm: str, name: str, subjects: Sequence[str], date: str = "2023-05-02") -> list[dict[str, object]]:
    """Return the turns of a call: an operator's welcome, then a turn a subject, then thanks."""
    turns = [("Operator", "Operator", "Good morning, and welcome to the conference call. Please go ahead.")]
    turns += [("Executives", "Dana Doyle", " ".join(SUBJECTS[subject])) for subject in subjects]
    turns += [("Operator", "Operator", "Thank you for joining us today. You may now disconnect.")]
    return [
        {
            "companyid": firm, "companyname": name, "transcriptid": f"9{firm}", "mostimportantdateutc": date,
            "componentorder": order, "componenttext": text, "speakertypename": speaker,
            "componenttypename": "Presenter Speech", "transcriptpersonname": person,
        }
        for order, (speaker, person, text) in enumerate(turns)
    ]  # fmt: skip


def write_quarter(path: Path, n_firms: int, chance: random.Random) -> Path:
    """Write calls of two subjects each, two days apart: the same words a day apart are one call under two firms."""
    rows = []
    for number in range(n_firms):
        firm, day = f"{1000 + number:06d}", dt.date(1990, 1, 1) + dt.timedelta(2 * number)
        rows += call(firm, f"Firm {firm} Inc.", sorted(chance.sample(sorted(SUBJECTS), 2)), day.isoformat())
    return write_csv(path, rows)


@pytest.fixture(scope="session")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quarter of five firms: four that share subjects, and one that says next to nothing."""
    rows = [
        *call("0012", "Ashgrove Freight Inc.", ["freight", "hiring", "carbon"]),
        *call("23", "Belltower Systems", ["software", "hiring", "freight"]),
        *call("34", "Corvid Power", ["carbon", "software", "hiring"]),
        *call("45", "Dunmore Mills", ["freight", "carbon", "software"]),
        *call("56", "Elder Quiet", [])[:1],
    ]
    return write_csv(tmp_path_factory.mktemp("quarter") / "calls.csv", rows)


def made_vector(text: str, dim: int = 32) -> np.ndarray:
    """Return a unit vector that is near those of the same subject's sentences, and always the same."""
    seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")
    # As long at any dimension, so that sentences of one subject are as near.
    noise = np.random.default_rng(seed).normal(scale=0.04 * (32 / dim) ** 0.5, size=dim)
    number = next((n for n, said in enumerate(SUBJECTS.values()) if text in said), dim - 1)
    vector = noise + np.eye(dim)[number]
    return (vector / np.linalg.norm(vector)).astype(np.float32)


class MadeEncoder:
    """Stands where the packaged encoder would, and counts what it is asked for."""

    name = "made"
    sha256 = PACKAGED_SHA256
    key = "made"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str], progress: Callable[[int], object] | None = None) -> np.ndarray:
        self.asked += texts
        return np.stack([made_vector(text, 384) for text in texts])
