"""The estimate: it grows with what is used, follows the settings, and its page is what the code says today."""

import dataclasses

import pytest

from docs.generate.cost import one_machine
from earnings_themes.cloud import cost
from earnings_themes.config import SageMaker, read_config
from tests.conftest import REPO


def usd(estimate: cost.Estimate, name: str) -> float:
    return next(line.usd for line in estimate.lines if line.name == name)


def test_ten_times_the_firms_cost_more_and_no_part_costs_less() -> None:
    small, large = cost.estimate(1000), cost.estimate(10000)
    for line in small.lines:
        assert usd(large, line.name) > line.usd > 0
    assert large.total == pytest.approx(sum(line.usd for line in large.lines), abs=1e-4)


def test_a_table_of_a_thousand_firms_is_priced_by_its_write_units() -> None:
    by_hand = 1000 * (419 * 0.625 + 20 * 0.125) / 1e6 + 1000 * 129752 / 1e9 * (0.25 + 0.2)
    assert usd(cost.estimate(1000), "DynamoDB") == pytest.approx(by_hand)


def test_the_settings_count() -> None:
    local = read_config(REPO / "config/config.yaml")
    assert local.reduce.backend == "local"
    assert usd(cost.estimate(1000, local), "reduce") != usd(cost.estimate(1000), "reduce")


def test_fewer_machines_are_slower_and_not_dearer() -> None:
    few, many = cost.estimate(1000, vcpus=16), cost.estimate(1000, vcpus=256)
    assert few.minutes > many.minutes
    assert usd(few, "map") < usd(many, "map")


def test_the_static_encoder_is_cheaper_and_faster_and_the_config_says_which_it_is() -> None:
    packaged, static = cost.estimate(1000), cost.estimate(1000, static=True)
    assert usd(static, "map") < usd(packaged, "map")
    assert static.minutes < packaged.minutes
    local = read_config(REPO / "config/config.yaml")
    config = dataclasses.replace(local, embedding=dataclasses.replace(local.embedding, model="static"))
    assert usd(cost.estimate(1000, config), "map") < usd(cost.estimate(1000, local), "map")


def test_a_reduce_that_does_not_fit_a_machine_is_priced_on_a_larger_one() -> None:
    assert "a machine of 16 GB" in cost.estimate(1000).lines[1].how
    assert "a machine of 32 GB" in cost.estimate(100000).lines[1].how
    assert cost.reduce_memory(100000) > 16


def test_a_reduce_of_ten_thousand_firms_and_its_publish_end_before_its_time_does() -> None:
    """By then the map has been paid for; a new table takes 4,000 write units a second, which is most of the time."""
    firms = 10_000
    seconds = cost.measured("reduce_start_seconds") + cost.measured("reduce_cpu_seconds")
    seconds += firms * cost.measured("reduce_cpu_seconds_a_firm")
    seconds += firms * cost.measured("dynamodb_writes_a_firm") / cost.measured("publish_units_a_second")
    assert seconds < 60 * SageMaker().timeout_minutes


def test_one_machine_costs_by_the_hour_and_more_vcpus_shorten_what_can_be_shared() -> None:
    few, many = one_machine(1000, 4), one_machine(1000, 16)
    assert many[1] < few[1]
    assert few[0] == pytest.approx(few[1] / 60 * 4 * cost.price("ec2_vcpu_hour"))


def test_without_a_way_out_the_network_costs_nothing() -> None:
    network = {egress: cost.idle_month(egress)[0].usd for egress in ("public", "nat", "endpoints")}
    assert network["public"] == 0 < network["nat"] < network["endpoints"]


def test_an_idle_month_with_what_terraform_makes_by_default_costs_under_two_dollars() -> None:
    assert sum(line.usd for line in cost.idle_month("public", 4000)) < 2


def test_a_run_that_is_published_again_pays_for_what_it_deletes() -> None:
    first, again = cost.estimate(1000), cost.estimate(1000, again=True)
    assert usd(again, "DynamoDB") - usd(first, "DynamoDB") == pytest.approx(1000 * 419 * 0.625 / 1e6)


def test_the_way_out_is_paid_for_in_one_way() -> None:
    assert "0.50 GB through NAT" in cost.estimate(1000, egress="nat").lines[-1].how
    assert "0.00 GB through NAT" in cost.estimate(1000).lines[-1].how


def test_every_price_names_its_page_and_where_it_was_rechecked() -> None:
    for entry in cost.cost_table("prices.json")["prices"].values():
        assert entry["page"].startswith("https://aws.amazon.com/")
        seen = entry["seen"]  # the key is there: a price that nobody rechecked says so
        assert seen is None or (seen["page"].startswith("https://") and seen["date"])


def test_no_price_is_listed_that_nothing_is_reckoned_with() -> None:
    code = (REPO / "src/earnings_themes/cloud/cost.py").read_text(encoding="utf-8")
    assert [name for name in cost.cost_table("prices.json")["prices"] if f'price("{name}")' not in code] == []


def test_every_measure_names_its_source() -> None:
    for name, entry in cost.cost_table("measured.json").items():
        assert name == "note" or entry["how"]


def test_no_firm_is_no_run() -> None:
    with pytest.raises(ValueError, match="expected at least 1"):
        cost.estimate(0)
