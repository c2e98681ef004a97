"""Requires: transcripts.parquet, source_calls.parquet, sentences.parquet, themes.json. Gives: panel.parquet, calls.parquet, exchanges.parquet, codebook.md.

Beside them, undeclared because a large panel has none: panel.csv and panel.dta.
"""


rule panel:
    input:
        transcripts=in_place("transcripts.parquet"),
        calls=in_place("source_calls.parquet"),
        sentences=in_place("sentences.parquet"),
        themes=in_place("themes.json"),
        words=list(CONFIG.panel.words.values()),
    output:
        panel=f"{RUN}/panel.parquet",
        calls=f"{RUN}/calls.parquet",
        exchanges=f"{RUN}/exchanges.parquet",
        codebook=report(
            f"{RUN}/codebook.md",
            caption="captions/panel.rst",
            category="Data",
            labels={"file": "Codebook of the panel"},
        ),
    log:
        f"{LOGS}/panel.log",
    benchmark:
        f"{BENCHMARKS}/panel.tsv"
    retries: 0
    # Word lists are files of the machine that calls; in the cloud a worker does not see them.
    localrule: IN_S3
    conda:
        "../envs/workflow.yaml"
    container:
        CONTAINER
    threads: 1
    resources:
        mem_mb=4000,
    params:
        folder=get_folder,
        panel=config["panel"],
        version=__version__,
    message:
        "Counting sentences by call and theme"
    script:
        "../scripts/panel.py"
