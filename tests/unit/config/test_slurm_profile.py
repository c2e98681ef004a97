"""The profile for clusters with SLURM: every option is one, and every rule it names is there.

`make test-slurm` runs it on a real SLURM; here the executor plugin need not be installed.
"""

import re
from importlib.util import find_spec

import yaml
from snakemake.cli import get_argument_parser

from tests.conftest import REPO

PROFILE = yaml.safe_load((REPO / "config/profiles/slurm/config.yaml").read_text(encoding="utf-8"))
# What evaluates the file before Snakemake reads it (YTE).
PROFILE = {key: value for key, value in PROFILE.items() if not key.startswith("__")}


def test_every_option_is_one_of_snakemakes_or_of_the_executors() -> None:
    known = {
        name.removeprefix("--") for action in get_argument_parser()._actions for name in action.option_strings
    }
    is_here = find_spec("snakemake_executor_plugin_slurm") is not None
    assert {key for key in PROFILE if key not in known and (is_here or not key.startswith("slurm-"))} == set()


def test_it_groups_firms_and_keeps_on_like_the_profile_of_one_machine() -> None:
    rules = {
        found
        for file in (REPO / "rules").glob("*.smk")
        for found in re.findall(r"^rule (\w+):", file.read_text(), re.M)
    }
    assert set(PROFILE["groups"]) <= rules
    assert set(PROFILE["groups"].values()) == set(PROFILE["group-components"])
    default = yaml.safe_load((REPO / "config/profiles/default/config.yaml").read_text(encoding="utf-8"))
    assert {key: PROFILE[key] for key in default if key != "cores"} == {
        k: v for k, v in default.items() if k != "cores"
    }
