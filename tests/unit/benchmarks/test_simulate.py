"""The simulated queue: what must hold of any run on it, and the group size that the cloud's profiles take from it."""

from pathlib import Path

import pytest
import yaml

from benchmarks.simulate import PIECES, best_group, simulate

PROFILES = Path(__file__).parents[3] / "config/profiles"
GROUPS = [1, 5, 20, 50, 100]
FIRM_SECONDS = 300  # what the profiles let a firm's topics take


def value(name: str) -> float:
    return PIECES[name][0]


@pytest.mark.parametrize("interrupted", [0.0, 0.05, 0.2, 0.9])
@pytest.mark.parametrize(("firms", "group"), [(1, 20), (7, 3), (1000, 1), (1000, 20), (1000, 100)])
def test_every_firm_is_encoded_and_modelled_once_within_the_limits(
    firms: int, group: int, interrupted: float
) -> None:
    run = simulate(firms, group, interrupted)
    assert run.done == 2 * firms
    assert run.submitted == -(-firms // value("firms_a_shard")) + -(-firms // group)
    assert run.most_vcpus <= value("vcpus")
    assert run.most_jobs <= value("jobs_at_once")
    if not interrupted:
        assert run.attempts == run.submitted and run.taken == 0
    assert simulate(firms, group, interrupted) == run


def test_no_run_beats_its_work_its_submissions_and_the_first_machine() -> None:
    run = simulate(10_000, 1, 0.0)
    work = 10_000 * (value("encoding_seconds") + value("firm_seconds")) / value("vcpus")
    assert run.seconds > work + value("machine_seconds")
    assert run.parts["topics"] >= 10_000 / value("submits_a_second")
    assert run.vcpu_hours * 3600 > 10_000 * (value("encoding_seconds") + value("firm_seconds")) * 0.9


def test_taken_machines_repeat_jobs_and_large_groups_repeat_more() -> None:
    calm, rough = simulate(10_000, 20, 0.0), simulate(10_000, 20, 0.5)
    assert rough.taken > 0 and rough.attempts > calm.attempts
    assert rough.seconds > calm.seconds and rough.dollars > calm.dollars

    def lost(group: int) -> int:
        run = simulate(10_000, group, 0.5)
        return (run.attempts - run.submitted) * group

    assert lost(100) > lost(1)


def test_what_is_slower_makes_the_run_slower() -> None:
    run = simulate(2000, 20, 0.0)
    for name in ("machine_seconds", "job_seconds", "seconds_between_looks", "firm_seconds", "dag_seconds"):
        assert simulate(2000, 20, 0.0, **{name: 3 * value(name)}).seconds > run.seconds, name
    assert simulate(2000, 20, 0.0, vcpus=16).seconds > run.seconds


def test_nonsense_is_refused() -> None:
    for given in ((0, 1, 0.0), (1, 0, 0.0), (1, 1, 1.0)):
        with pytest.raises(ValueError, match="expected"):
            simulate(*given)


@pytest.mark.parametrize("profile", ["aws-batch", "aws-basic-batch"])
def test_the_profiles_group_as_many_firms_as_the_simulation_says_of_what_fits_a_jobs_time(
    profile: str,
) -> None:
    settings = yaml.safe_load((PROFILES / profile / "config.yaml").read_text(encoding="utf-8"))
    seconds = settings[f"{profile}-task-timeout"]
    fits = [firms for firms in GROUPS if firms * FIRM_SECONDS / settings["cores"] <= seconds]
    assert settings["group-components"]["firms"] == best_group(1000, 0.05, fits)
