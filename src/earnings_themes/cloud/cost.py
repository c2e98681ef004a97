"""Estimates what a run costs in the cloud, and what the deployment costs while idle.

measured.json (what a firm takes) and prices.json (AWS's list prices) hold every number with its source;
assumptions are marked. This module is arithmetic.
"""

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from earnings_themes.config import Config

HOURS_A_MONTH: Final = 730
_GB: Final = 1e9
# Those of terraform/variables.tf and environments/prod.tfvars.
MAP_VCPUS: Final = 64
HEAD_VCPUS: Final = 2
HEAD_GB: Final = 8
ENDPOINTS: Final = 24  # eight services in three zones
VOLUME_GB: Final = 50
_FIRMS_A_SHARD: Final = 50
_FIRMS_A_JOB: Final = 20
_MACHINE_GB: Final = 16  # ml.m5.xlarge; each larger one has twice the memory at twice the price


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is paid for, in dollars, and how the figure came about."""

    name: str
    usd: float
    how: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run costs, and how many minutes it takes."""

    n_firms: int
    lines: tuple[Line, ...]
    minutes: float

    @property
    def total(self) -> float:
        """Dollars for the run, its first month of storage included."""
        return round(sum(line.usd for line in self.lines), 4)


@cache
def cost_table(name: str) -> Any:
    """Return prices.json or measured.json as it is."""
    return json.loads((files("earnings_themes.cloud") / name).read_text(encoding="utf-8"))


def price(name: str) -> float:
    """Return a list price in dollars; the names and units are those of prices.json."""
    return float(cost_table("prices.json")["prices"][name]["usd"])


def measured(name: str) -> float:
    """Return what one firm takes, in the names and units of measured.json."""
    return float(cost_table("measured.json")[name]["value"])


def estimate(
    n_firms: int,
    config: Config | None = None,
    vcpus: int = MAP_VCPUS,
    egress: str = "public",
    again: bool = False,
    static: bool = False,
) -> Estimate:
    """Return what a run of so many firms costs, at one call a firm; half as much or half as much again may be true.

    config: its reduce.backend, embedding.model and embedding.shards count; None: the cloud's defaults, with the static
    encoder if `static`. vcpus: how many the map may have at once; more are faster, and cost the same but for starting
    them. egress: as in terraform/variables.tf. again: the run is published over an earlier one, whose items are deleted.
    """
    if n_firms < 1:
        raise ValueError(f"n_firms is {n_firms}; expected at least 1")
    is_static = static if config is None else config.embedding.model == "static"
    encoding = measured("static_cpu_seconds_a_firm" if is_static else "embed_cpu_seconds_a_firm")
    shards = config.embedding.shards if config else 20
    shards = shards if is_static else max(shards, math.ceil(n_firms / _FIRMS_A_SHARD))
    work = n_firms * (
        measured("ingest_cpu_seconds_a_firm") + encoding + measured("topics_cpu_seconds_a_firm")
    )
    # Groups of firms, shards, ingest, report, and the themes job, which is counted even where SageMaker does it.
    jobs = math.ceil(n_firms / _FIRMS_A_JOB) + shards + 3
    busy = work + jobs * measured("job_overhead_seconds") + measured("report_seconds")
    busy += n_firms * measured("firm_overhead_seconds")
    used = min(vcpus, n_firms)
    start = measured("machine_start_seconds")
    paid = busy * (1 + measured("idle_share")) + start * used
    # What stays when the last job has gone.
    machines = math.ceil(used / measured("machine_vcpus"))
    paid += machines * measured("machine_vcpus") * 60 * measured("machine_idle_minutes")
    dear = measured("on_demand_share")
    spot = price("ec2_vcpu_hour") * (price("ec2_spot_share") * (1 - dear) + dear)
    machine_hours = paid / 3600 / measured("machine_vcpus")
    map_usd = paid / 3600 * spot + machine_hours * VOLUME_GB * price("gp3_gb_month") / HOURS_A_MONTH
    map_how = (
        f"{paid / 3600:.2f} vCPU hours in {jobs} jobs, a ninth of them on demand, with the machines' disks"
    )

    reduce_seconds = measured("reduce_cpu_seconds") + n_firms * measured("reduce_cpu_seconds_a_firm")
    reduce_gb = reduce_memory(n_firms)
    if config and config.reduce.backend == "local":
        # A worker with two vCPUs instead of a machine of SageMaker's.
        reduce_usd = 2 * reduce_seconds / 3600 * spot
        reduce_how = f"{reduce_seconds:.0f} s on 2 vCPU of the map's machines, {reduce_gb:.0f} GB"
    else:
        reduce_seconds += measured("reduce_start_seconds")
        size = 2 ** max(0, math.ceil(math.log2(reduce_gb / _MACHINE_GB)))
        reduce_usd = reduce_seconds / 3600 * price("sagemaker_hour") * size
        reduce_how = f"{reduce_seconds:.0f} s of a Processing job, a machine of {_MACHINE_GB * size} GB"

    # Embedding first, then topics: in each wave every vCPU works, and the head looks at one file after the other.
    looking = n_firms * measured("head_requests_a_firm") * measured("request_seconds")
    writing = n_firms * measured("dynamodb_writes_a_firm") / measured("publish_units_a_second")
    wall = 2 * start + busy * (1 + measured("idle_share")) / used + reduce_seconds + looking + writing
    wall += n_firms * measured("head_seconds_a_firm")
    head_hour = HEAD_VCPUS * price("fargate_vcpu_hour") + HEAD_GB * price("fargate_gb_hour")
    head_how = f"{wall / 60:.0f} min on Fargate, {HEAD_VCPUS} vCPU, {HEAD_GB} GB"

    requests = n_firms * (
        measured("s3_writes_a_firm") * price("s3_thousand_writes")
        + measured("s3_reads_a_firm") * price("s3_thousand_reads")
    )
    gb, table_gb = _stored(n_firms)
    s3_usd = gb * price("s3_gb_month") + requests / 1000
    # A deleted item is paid for like a written one.
    writes = n_firms * measured("dynamodb_writes_a_firm") * (2 if again else 1)
    units_usd = writes * price("dynamodb_million_writes")
    units_usd += n_firms * measured("dynamodb_reads_a_firm") * price("dynamodb_million_reads")
    table_how = f"{writes:.0f} write units, {table_gb:.2f} GB for a month with its backup"

    nat_gb = n_firms * measured("nat_bytes_a_firm") / _GB if egress == "nat" else 0.0
    home_gb = n_firms * measured("downloaded_bytes_a_firm") / _GB
    log_gb = n_firms * measured("log_bytes_a_firm") / _GB
    # The head has an address too, as long as it works.
    addresses = (machine_hours + wall / 3600) * price("public_address_hour") if egress == "public" else 0.0
    out_usd = (
        nat_gb * price("nat_gb") + addresses + home_gb * price("internet_gb") + log_gb * price("logs_gb")
    )
    out_how = (
        f"{nat_gb:.2f} GB through NAT, public addresses, {home_gb:.2f} GB downloaded, {log_gb:.2f} GB of logs"
    )
    lines = (
        Line("map", map_usd, map_how),
        Line("reduce", reduce_usd, reduce_how),
        Line("head", wall / 3600 * head_hour, head_how),
        Line("storage", s3_usd, f"{gb:.2f} GB for a month, and its requests"),
        Line("DynamoDB", units_usd / 1e6 + table_gb * _table_gb_month(), table_how),
        Line("transfer and logs", out_usd, out_how),
    )
    return Estimate(n_firms, lines, wall / 60)


def reduce_memory(n_firms: int) -> float:
    """Return the GB of a reduce of so many firms, measured up to 10,000."""
    return measured("reduce_gb") + n_firms * measured("reduce_gb_a_firm")


def idle_month(egress: str, n_firms: int = 0) -> tuple[Line, ...]:
    """Return the cost of a month without a run. egress: as in terraform/variables.tf. n_firms: whose results are stored."""
    nat_hour = price("nat_hour") + price("public_address_hour")
    network, how = {
        "public": (0.0, "nothing while no job runs"),
        "nat": (HOURS_A_MONTH * nat_hour, "a NAT gateway and its address"),
        "endpoints": (HOURS_A_MONTH * ENDPOINTS * price("endpoint_hour"), f"{ENDPOINTS} interface endpoints"),
    }[egress]
    gb, table_gb = _stored(n_firms)
    results_usd = gb * price("s3_gb_month") + table_gb * _table_gb_month()
    return (
        Line("network", network, how),
        Line("images", measured("image_gb") * price("ecr_gb_month"), f"{measured('image_gb'):g} GB in ECR"),
        Line("results", results_usd, f"{gb:.2f} GB in S3, {table_gb:.2f} in DynamoDB"),
    )


def _stored(n_firms: int) -> tuple[float, float]:
    """Return the GB of so many firms' results in S3 and in DynamoDB."""
    return n_firms * measured("s3_bytes_a_firm") / _GB, n_firms * measured("dynamodb_bytes_a_firm") / _GB


def _table_gb_month() -> float:
    return price("dynamodb_gb_month") + price("dynamodb_backup_gb_month")
