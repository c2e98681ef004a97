"""Requires: everything before, the firms' files with themes.json. Gives: quality.json, report.html, figures/.

Beside them, undeclared because their number is known at the end: report/, with the sentences that the page has no room for.
"""

FIGURES = {
    "quarters": "Themes over quarters",
    "lines": "Largest themes over quarters",
    "themes": "Themes, ranked",
    "groups": "Themes by kept column",
    "sides": "Parts of the call",
    "heatmap": "Firms and themes",
    "map": "Map of themes",
    "curve": "Precision against coverage",
}


rule report:
    input:
        transcripts=in_place("transcripts.parquet"),
        firms=rules.ingest.output.firms,
        ingest=rules.ingest.output.report,
        themes=rules.themes.output,
        panel=in_place("panel.parquet"),
        calls=in_place("calls.parquet"),
        settings=made_with_settings("report"),
    output:
        html=in_report("report.html", "Run", "Report"),
        quality=in_report("quality.json", "Data", "Quality"),
        pictures=[
            in_report(f"figures/{name}.svg", "Figures", title)
            for name, title in FIGURES.items()
        ],
        figures=expand(
            f"{RUN}/figures/{{name}}.{{kind}}",
            name=FIGURES,
            kind=["png", "csv", "txt"],
        ),
    log:
        f"{LOGS}/report.log",
    benchmark:
        f"{BENCHMARKS}/report.tsv"
    retries: 0
    conda:
        "../envs/workflow.yaml"
    # Two more processes draw the charts for some seconds. Were they counted, on two cores the report would wait for the store.
    threads: 1
    resources:
        mem_mb=4000,
    params:
        labels=config["report"]["labels"],
        folder=get_folder,
        version=__version__,
    message:
        "Measuring the run and drawing its report"
    script:
        "../scripts/report.py"
