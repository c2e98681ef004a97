"""Requires: transcripts.parquet, source_calls.parquet, sentences.parquet, themes.json; with `themes.seeds` also embeddings/{shard}.parquet.

Gives: panel.parquet, calls.parquet, exchanges.parquet, codebook.md; with `themes.seeds` also seeds.json and seeds.parquet;
dossier/ as far as it costs little (`earnings-themes dossier` makes it whole). Beside them, undeclared because a large panel has none:
panel.csv and panel.dta.
"""

# Made only where a question is asked.
SEED_FILES = (
    [f"{RUN}/seeds.json", f"{RUN}/seeds.parquet"] if CONFIG.themes.seeds else []
)


rule panel:
    input:
        transcripts=in_place("transcripts.parquet"),
        calls=in_place("source_calls.parquet"),
        sentences=in_place("sentences.parquet"),
        themes=in_place("themes.json"),
        # Of this machine, also where everything else lies in S3.
        words=[local(path) for path in CONFIG.panel.words.values()],
        # Questions of the user's own are put to the vectors; without one, they are not needed.
        vectors=VECTORS if CONFIG.themes.seeds else [],
        settings=made_with_settings("panel"),
    output:
        panel=f"{RUN}/panel.parquet",
        calls=f"{RUN}/calls.parquet",
        exchanges=f"{RUN}/exchanges.parquet",
        seeds=SEED_FILES,
        dossier=expand(
            f"{RUN}/dossier/{{name}}",
            name=["index.md", "stability.csv", "curve.csv", "made_with.json"],
        ),
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
    threads: 1
    resources:
        mem_mb=4000,
    params:
        folder=get_folder,
        panel=config["panel"],
        seeds=config["themes"]["seeds"],
        version=__version__,
    message:
        "Counting sentences by call and theme"
    script:
        "../scripts/panel.py"
