"""Requires: topics/{firm}.json of every firm, firms.tsv, transcripts.parquet, embeddings/{shard}.parquet.

Gives: themes.json, sentences.parquet, and the receipt reduce.json.
"""

# With `reduce.backend: sagemaker` the job only waits for another machine, and belongs where it can be stopped.
ON_SAGEMAKER = CONFIG.reduce.backend == "sagemaker"


rule themes:
    input:
        topics=get_topics,
        transcripts=in_place("transcripts.parquet"),
        firms=rules.ingest.output.firms,
        embeddings=VECTORS,
        settings=made_with_settings("themes"),
    output:
        f"{RUN}/themes.json",
        f"{RUN}/reduce.json",
        f"{RUN}/sentences.parquet",
    log:
        f"{LOGS}/themes.log",
    benchmark:
        f"{BENCHMARKS}/themes.tsv"
    retries: 0
    localrule: ON_SAGEMAKER
    conda:
        "../envs/workflow.yaml"
    # Processes read the files and repeat the clustering; more than 8 wait for the one that collects.
    threads: 1 if ON_SAGEMAKER else 8
    resources:
        mem_mb=500 if ON_SAGEMAKER else 8000,
    params:
        run=config["run"],
        folder=get_folder,
        # Questions of the user's own change the panel alone.
        themes={k: v for k, v in config["themes"].items() if k != "seeds"},
        registry=get_registry,
        min_firm_coverage=config["reduce"]["min_firm_coverage"],
        seed=config["seed"],
        version=__version__,
    message:
        "Finding the themes of all firms and settling every sentence"
    script:
        "../scripts/themes.py"
