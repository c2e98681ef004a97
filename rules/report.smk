"""Requires: everything before, the firms' files with themes.json. Gives: quality.json, report.html, figures/.

Beside them, undeclared because their number is known at the end: report/, with the sentences that the page has no room for.
"""


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
        # What report() marks is collected by `snakemake --report FILE.zip`, with its caption.
        html=report(
            f"{RUN}/report.html",
            caption="captions/report.rst",
            category="Run",
            labels={"file": "Report"},
        ),
        quality=report(
            f"{RUN}/quality.json",
            caption="captions/quality.rst",
            category="Data",
            labels={"file": "Quality"},
        ),
        quarters=report(
            f"{RUN}/figures/quarters.svg",
            caption="captions/quarters.rst",
            category="Figures",
            labels={"file": "Themes over quarters"},
        ),
        lines=report(
            f"{RUN}/figures/lines.svg",
            caption="captions/lines.rst",
            category="Figures",
            labels={"file": "Largest themes over quarters"},
        ),
        themes=report(
            f"{RUN}/figures/themes.svg",
            caption="captions/themes.rst",
            category="Figures",
            labels={"file": "Themes, ranked"},
        ),
        groups=report(
            f"{RUN}/figures/groups.svg",
            caption="captions/groups.rst",
            category="Figures",
            labels={"file": "Themes by kept column"},
        ),
        sides=report(
            f"{RUN}/figures/sides.svg",
            caption="captions/sides.rst",
            category="Figures",
            labels={"file": "Parts of the call"},
        ),
        heatmap=report(
            f"{RUN}/figures/heatmap.svg",
            caption="captions/heatmap.rst",
            category="Figures",
            labels={"file": "Firms and themes"},
        ),
        map=report(
            f"{RUN}/figures/map.svg",
            caption="captions/map.rst",
            category="Figures",
            labels={"file": "Map of themes"},
        ),
        curve=report(
            f"{RUN}/figures/curve.svg",
            caption="captions/curve.rst",
            category="Figures",
            labels={"file": "Precision against coverage"},
        ),
        figures=expand(
            f"{RUN}/figures/{{name}}.{{kind}}",
            name=[
                *["quarters", "lines", "themes", "groups"],
                *["sides", "heatmap", "map", "curve"],
            ],
            kind=["png", "csv", "txt"],
        ),
    log:
        f"{LOGS}/report.log",
    benchmark:
        f"{BENCHMARKS}/report.tsv"
    retries: 0
    conda:
        "../envs/workflow.yaml"
    container:
        CONTAINER
    threads: 1
    resources:
        mem_mb=4000,
    params:
        labels=config["report"]["labels"],
        folder=FOLDER,
        version=__version__,
    message:
        "Measuring the run and drawing its report"
    script:
        "../scripts/report.py"
