"""Requires: firms.tsv, themes.json, and with it every topics/{firm}.json. Gives: the run in the store, published.json.

The firms' files are no input here: themes.json is newer than any of them, and a list of 10,000 files costs the DAG
more than the rest of the rule.
"""


rule publish:
    input:
        firms=in_place("firms.tsv"),
        # As rule panel names them: of two local jobs that begin together, Snakemake copies a file from S3 as one of them asks.
        themes=in_place("themes.json"),
        reduced=in_place("reduce.json"),
        sentences=in_place("sentences.parquet"),
        settings=made_with_settings("publish"),
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
    threads: 1
    resources:
        mem_mb=1000,
    params:
        run=config["run"],
        folder=get_folder,
        publish=config["publish"],
    message:
        "Publishing the run to the theme store"
    script:
        "../scripts/publish.py"
