"""`earnings-themes cost`: what a run costs in the cloud. See docs/operating/cost.md."""

from typing import Annotated

from typer import Option

from earnings_themes.cli.base import FormatOption, app, examples, print_data, print_table
from earnings_themes.cli.render import Cell, Column
from earnings_themes.cloud import cost
from earnings_themes.config import read_config


@app.command(name="cost", epilog=examples("cost --firms 1000 --config config/config.yaml"))
def cost_of_a_run(
    firms: Annotated[int, Option(metavar="N", min=1, help="Firms of the run, one call each.")],
    config: Annotated[
        str | None, Option(metavar="FILE", help="A whole config; its reduce and embedding settings count.")
    ] = None,
    format: FormatOption = None,
) -> None:
    """Estimate what a run costs in the cloud, and a month without one.

    From measured seconds and a table of list prices; docs/operating/cost.md shows both, and how old the prices are.
    """
    found = cost.estimate(firms, read_config(config) if config else None)
    rows: list[tuple[Cell, ...]] = [(line.name, round(line.usd, 4), line.how) for line in found.lines]
    rows.append(("together", found.total, f"at least {found.minutes:.0f} minutes"))
    for egress in ("public", "nat", "endpoints"):
        lines = cost.idle_month(egress, firms)
        rows.append((f"idle month, egress {egress}", round(sum(line.usd for line in lines), 2), lines[0].how))
    header = ("part", "usd", "how")
    if not print_data(format or "table", [dict(zip(header, row, strict=True)) for row in rows], header, rows):
        shown = [(part, f"{usd:,.4f}", how) for part, usd, how in rows]
        print_table(["part", "US dollars", Column("how", flexible=True)], shown)
