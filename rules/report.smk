"""Requires: everything before, the firms' files with themes.json. Gives: quality.json, report.html, figures/."""


rule report:
    input:
        transcripts=in_place("transcripts.parquet"),
        firms=rules.ingest.output.firms,
        ingest=rules.ingest.output.report,
        themes=rules.themes.output,
        panel=rules.panel.output.panel,
        published=rules.publish.output,
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
        themes=report(
            f"{RUN}/figures/themes.svg",
            caption="captions/themes.rst",
            category="Figures",
            labels={"file": "Themes, ranked"},
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
            labels={"file": "Map of topics"},
        ),
        figures=expand(
            f"{RUN}/figures/{{name}}.{{kind}}",
            name=["themes", "heatmap", "map"],
            kind=["png", "txt"],
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
    # The quality is measured in one process, the figures are drawn in another.
    threads: 2
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
