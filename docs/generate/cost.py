"""docs/operating/cost.md: what a run and an idle month cost, with every number that the estimate is made of."""

from typing import Final

from docs.generate.markdown import table
from earnings_themes.cloud import cost

SIZES: Final = (1000, 10000)


def page() -> str:
    """Return the whole page."""
    prices, facts = cost.cost_table("prices.json"), cost.cost_table("measured.json")
    estimates = [cost.estimate(n) for n in SIZES]
    rows = [
        [one.name, *(f"{e.lines[number].usd:,.3f}" for e in estimates)]
        for number, one in enumerate(estimates[0].lines)
    ]
    rows.append(["**together**", *(f"**{e.total:,.2f}**" for e in estimates)])
    rows.append(["minutes, all in all", *(f"{e.minutes:,.0f}" for e in estimates)])
    months = {egress: cost.idle_month(egress, 4000) for egress in ("public", "nat", "endpoints")}
    idle = [
        [f"`{egress}`", lines[0].how, f"{sum(line.usd for line in lines):,.2f}"]
        for egress, lines in months.items()
    ]
    _, images, results = months["public"]
    idle_usd = sum(line.usd for line in months["public"])
    static = cost.estimate(1000, static=True)
    reduce_how = estimates[1].lines[1].how.partition(" of")[0]
    doubtful = [f"`{name}`" for name, entry in prices["prices"].items() if not entry["seen"]]
    assumed = [k for k, v in facts.items() if k != "note" and v["how"].startswith("assumed")]
    return "\n".join(
        [
            "# Cost",
            "",
            "Summary. An estimate, ± 50 %, not a bill: nothing here was run in an AWS account. `earnings-themes cost --firms N` makes",
            f"it for your settings. 1,000 firms cost {estimates[0].total:,.2f} dollars with the packaged encoder (MiniLM),",
            f"{static.total:,.2f} with the static one; a month without a run costs {idle_usd:,.2f}. One machine of 8 vCPUs does",
            f"1,000 firms {_told(one_machine(1000, static=False))}, or, with the static encoder, {_told(one_machine(1000))}.",
            "Batch is not faster than such a machine, but needs none of yours. The reduce of 10,000 firms",
            f"takes {reduce_how} with the machine's start, and {cost.reduce_memory(10000):,.0f} GB.",
            "",
            "## A run, in dollars",
            "",
            table(["packaged encoder", *(f">{n:,} firms" for n in SIZES)], rows),
            "",
            f"Region {prices['region']}, list prices as of {prices['as_of']}. Counted are the first month of storage, and 64 vCPUs of",
            "the map at once (prod), a ninth of them on demand, with their disks and ten idle minutes. The head's requests take",
            "20 ms, one after the other. Waiting for spot machines is not counted. Publishing 1,000 firms again costs",
            f"{_again(1000):,.2f} more.",
            "",
            "More than 16 vCPUs are dearer, because each machine starts and idles (static encoder):",
            "",
            table(["vCPUs at once", *(f"{n:,} firms" for n in SIZES)], _by_size()),
            "",
            "## A month without a run, in dollars",
            "",
            f"The images cost {images.usd:,.2f}, the results of four quarters of 1,000 firms {results.usd:,.2f}.",
            "The network adds to these what the variable [`egress`](terraform.md#variables) chooses:",
            "",
            table(["egress", "the network is", ">together"], idle),
            "",
            "## Sources",
            "",
            "`src/earnings_themes/cloud/measured.json` has what one firm takes, `prices.json` each price, with their sources.",
            f"Of the first, {len(assumed)} entries are assumed, not measured, and say so. Prices from memory, to be looked up",
            f"before anybody relies on them: {', '.join(doubtful)}.",
            "",
        ]
    )


def _by_size() -> list[list[str]]:
    """Return dollars and minutes by how many vCPUs the map has, and of one machine without Batch."""
    rows = []
    for vcpus in (4, 16, 64, 256):
        told = [cost.estimate(n, vcpus=vcpus, static=True) for n in SIZES]
        rows.append([str(vcpus), *(f"${one.total:,.2f}, {one.minutes:,.0f} min" for one in told)])
    alone = [one_machine(n, 8 if n < 5000 else 32) for n in SIZES]
    last = "one machine of 8; of 32 for 10,000"
    return [*rows, [last, *(f"${usd:,.2f}, {minutes:,.0f} min" for usd, minutes in alone)]]


def _told(one: tuple[float, float]) -> str:
    """Return the dollars and minutes of one machine as a part of a sentence."""
    return f"in {one[1]:,.0f} minutes for {one[0]:,.2f} dollars"


def _again(n_firms: int) -> float:
    """Return what a second publish costs more than a first."""
    return cost.estimate(n_firms, again=True).total - cost.estimate(n_firms).total


def one_machine(n_firms: int, vcpus: int = 8, static: bool = True) -> tuple[float, float]:
    """Return dollars and minutes of the whole run on one machine on demand, without Batch, S3 and DynamoDB.

    What has one process per core is divided by the vCPUs; the reduce, panel and report by none of them.
    """
    encoding = cost.measured("static_cpu_seconds_a_firm" if static else "embed_cpu_seconds_a_firm")
    shared = n_firms * (
        cost.measured("ingest_cpu_seconds_a_firm") + encoding + cost.measured("local_topics_cpu_seconds_a_firm")
    )  # fmt: skip
    alone = cost.measured("reduce_cpu_seconds") + n_firms * (
        cost.measured("reduce_cpu_seconds_a_firm") + cost.measured("head_seconds_a_firm")
    )
    seconds = (
        cost.measured("machine_start_seconds") + shared / vcpus + alone + cost.measured("report_seconds")
    )
    return seconds / 3600 * vcpus * cost.price("ec2_vcpu_hour"), seconds / 60
