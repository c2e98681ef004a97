"""Requires: topics/{firm}.json, themes.json. Gives: the run in the store, and its receipt published.json."""


rule publish:
    input:
        topics=get_topics,
        themes=rules.themes.output,
    output:
        f"{RUN}/published.json",
    log:
        f"{LOGS}/publish.log",
    benchmark:
        f"{BENCHMARKS}/publish.tsv"
    retries: 1
    # In the cloud it runs on the head: a worker has no right to the table.
    localrule: IN_S3
    conda:
        "../envs/workflow.yaml"
    container:
        CONTAINER
    threads: 1
    resources:
        mem_mb=1000,
    params:
        run=config["run"],
        publish=config["publish"],
    message:
        "Publishing the run to the theme store"
    script:
        "../scripts/publish.py"
