"""Requires: the source. Gives: transcripts.parquet, source_calls.parquet, firms.tsv, ingest.json; embeddings/{shard}.parquet."""


rule ingest:
    input:
        get_source,
        settings=made_with_settings("ingest"),
    output:
        transcripts=f"{RUN}/transcripts.parquet",
        firms=f"{RUN}/firms.tsv",
        report=f"{RUN}/ingest.json",
        calls=f"{RUN}/source_calls.parquet",
    log:
        f"{LOGS}/ingest.log",
    benchmark:
        f"{BENCHMARKS}/ingest.tsv"
    # What fails here is the input, and stays wrong.
    retries: 0
    conda:
        "../envs/workflow.yaml"
    # One process per core splits sentences while one reads; more than 8 wait for the reader.
    threads: 8
    resources:
        mem_mb=1500,
    params:
        source=config["source"],
        source_version=get_source_version,
        version=__version__,
    message:
        "Reading and splitting the transcripts"
    script:
        "../scripts/ingest.py"


rule embed:
    input:
        transcripts=in_place("transcripts.parquet"),
        firms=rules.ingest.output.firms,
        # A subject space of one's own that was learned anew makes other vectors, under the same name.
        space=[local(path) for path in [CONFIG.embedding.space] if path and not IN_S3],
        settings=made_with_settings("embed"),
    output:
        f"{RUN}/embeddings/{{shard}}.parquet",
    log:
        f"{LOGS}/embed/{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/embed/{{shard}}.tsv"
    retries: 1
    conda:
        "../envs/workflow.yaml"
    # The encoder is what costs time: it gets the whole machine, up to where torch stops gaining. Without it a shard is a
    # core's work, and several are made at a time.
    threads: 1 if CONFIG.embedding.model == "static" else 16
    resources:
        mem_mb=2000,
    params:
        embedding=config["embedding"],
        keep_procedural=config["topics"]["keep_procedural"],
        version=__version__,
    message:
        "Encoding the sentences of shard {wildcards.shard}"
    script:
        "../scripts/embed.py"
