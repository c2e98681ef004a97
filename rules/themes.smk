"""Requires: topics/{firm}.json of every firm, firms.tsv. Gives: themes.json."""


rule themes:
    input:
        topics=get_topics,
        firms=rules.ingest.output.firms,
    output:
        f"{RUN}/themes.json",
    log:
        f"{LOGS}/themes.log",
    benchmark:
        f"{BENCHMARKS}/themes.tsv"
    retries: 0
    conda:
        "../envs/workflow.yaml"
    container:
        CONTAINER
    threads: 2
    resources:
        mem_mb=8000,
    params:
        run=config["run"],
        themes=config["themes"],
        min_firm_coverage=config["reduce"]["min_firm_coverage"],
        seed=config["seed"],
        version=__version__,
    message:
        "Clustering all firms' topics into themes"
    script:
        "../scripts/themes.py"
