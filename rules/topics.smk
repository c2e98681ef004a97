"""Requires: transcripts.parquet, firms.tsv, embeddings/{shard}.parquet. Gives: topics/{firm}.json."""


rule topics:
    input:
        transcripts=in_place("transcripts.parquet"),
        firms=in_place("firms.tsv"),
        # Where one file holds them all it is a plain input: a function is called, and its answer checked, once a firm.
        embeddings=get_vectors if len(VECTORS) > 1 else VECTORS[0],
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
    threads: 1
    resources:
        mem_mb=1000,
    params:
        # From a function: a parameter that is text is searched for wildcards in braces.
        settings=lambda wildcards: FIRM_SETTINGS,
        version=__version__,
    message:
        "Finding the topics of firm {wildcards.firm}"
    shell:
        "python -m earnings_themes.topics {params.settings:q} {wildcards.firm:q} {input.firms:q} {input.transcripts:q} "
        "{input.embeddings:q} {output:q} {log:q}"


if IN_S3:
    # It would be two requests a firm, to write and for the report's table of times; a directive can't be left out.
    workflow.get_rule("topics")._benchmark = None
