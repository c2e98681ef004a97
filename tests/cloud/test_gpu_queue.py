"""Encoding on a GPU by one setting of Terraform's: what is asked of Batch, and who refuses to. It needs no GPU."""

from pathlib import Path

from tests.cloud.cloud_run import BUCKET, IMAGE, MAP, CloudRun, put_sentences, put_source
from tests.cloud.test_batch_run import SETTINGS
from tests.offline_aws import OfflineAWS
from tests.offline_aws.batch import log_of

VECTORS = "embeddings/0000.parquet"


def prepared(aws: OfflineAWS, folder: Path, quarter: Path, profile: str) -> CloudRun:
    for name in ("head", "made/embeddings"):
        (folder / name).mkdir(parents=True)
    put_source(aws, quarter)
    run = CloudRun(aws, folder / "head", profile, gpu_queue=aws.batch.make_queue("gpu"))
    run.prepare()
    run.configure(**SETTINGS)
    put_sentences(run, folder / "made")
    aws.client("s3").delete_object(Bucket=BUCKET, Key=f"{run.run}/{VECTORS}")
    return run


def test_encoding_asks_for_a_gpu_of_the_gpu_queue_and_nothing_else_does(
    aws: OfflineAWS, tmp_path: Path, quarter: Path
) -> None:
    run = prepared(aws, tmp_path, quarter, "aws-basic-batch")
    aws.judge.forget()  # the page of rights is of a deployment without a GPU queue
    wanted_files = (f"results/tiny/{VECTORS}", "results/tiny/topics/23.json")
    assert run.snakemake(*wanted_files).status != 0
    job = run.batch_jobs()[0]
    # The worker has the setting, and its machine has no GPU.
    assert "embedding.device is 'cuda', but torch" in log_of(aws, job)
    wanted = {item["type"]: item["value"] for item in job["container"]["resourceRequirements"]}
    assert wanted == {"VCPU": "4", "MEMORY": "7168", "GPU": "1"}
    assert job["jobQueue"] == run.gpu_queue

    # Only what is asked for is looked at: the job itself ends at once.
    aws.images[IMAGE] = ["false"]
    put_sentences(run, tmp_path / "made")
    before = len(run.batch_jobs())
    assert run.snakemake("results/tiny/topics/23.json").status != 0
    other = run.batch_jobs()[before]
    assert "GPU" not in {item["type"] for item in other["container"]["resourceRequirements"]}
    assert other["jobQueue"].endswith(f"/{MAP}")


def test_an_executor_with_one_queue_refuses_before_it_begins(
    aws: OfflineAWS, tmp_path: Path, quarter: Path
) -> None:
    run = prepared(aws, tmp_path, quarter, "aws-batch")
    ended = run.snakemake()
    assert ended.status != 0
    assert "there is a GPU queue" in ended.text
    assert "aws-basic-batch" in ended.text
    assert run.batch_jobs() == []
