"""Requires: transcripts.parquet, firms.tsv, embeddings/{shard}.parquet. Gives: topics/{firm}.json."""


rule topics:
    input:
        transcripts=in_place("transcripts.parquet"),
        firms=in_place("firms.tsv"),
        embeddings=EMBEDDINGS,
        settings=made_with_settings("topics"),
    output:
        f"{RUN}/topics/{{firm}}.json",
    log:
        f"{LOGS}/topics/{{firm}}.log",
    benchmark:
        f"{BENCHMARKS}/topics/{{firm}}.tsv"
    # Too little text is a result, not a failure; what fails here is the machine, and may pass.
    retries: 1
    conda:
        "../envs/workflow.yaml"
    container:
        CONTAINER
    threads: 1
    resources:
        mem_mb=1000,
    params:
        run=config["run"],
        topics=config["topics"],
        seed=config["seed"],
        version=__version__,
    message:
        "Finding the topics of firm {wildcards.firm}"
    script:
        "../scripts/topics.py"


if IN_S3:
    # It would be two requests a firm, to write and for the report's table of times; a directive can't be left out.
    workflow.get_rule("topics")._benchmark = None
