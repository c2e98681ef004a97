"""Requires: everything before. Gives: exposures.parquet/.csv, quality.json, report.html, figures/."""


rule report:
    input:
        topics=get_topics,
        transcripts=rules.ingest.output.transcripts,
        firms=rules.ingest.output.firms,
        ingest=rules.ingest.output.report,
        themes=rules.themes.output,
        published=rules.publish.output,
    output:
        html=f"{RUN}/report.html",
        exposures=multiext(f"{RUN}/exposures", ".parquet", ".csv"),
        quality=f"{RUN}/quality.json",
        figures=directory(f"{RUN}/figures"),
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
        version=__version__,
    message:
        "Measuring the run and drawing its report"
    script:
        "../scripts/report.py"
