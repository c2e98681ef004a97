"""Builds both images and runs them for real: `make test-containers`. Prints their sizes, and what each run took.

    make test-containers IMAGES=theme-aggregator       # one of them

It is not part of `make test`, because the first build takes minutes. Results go to folders that the image's user
may write to, or to the offline AWS.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from earnings_themes.cloud.sagemaker import reduce_on_sagemaker
from earnings_themes.errors import ReduceError
from earnings_themes.results.artifacts import parse_firm_topics, parse_themes, read_firm_topics, read_themes
from earnings_themes.stores.dynamodb import DynamoDBThemeStore
from earnings_themes.system.job import WORKFLOW_CODE, code_version
from tests import images
from tests.cloud.batch_costs import some_firms
from tests.cloud.batch_scenarios import ALONE, firms_done, prepared
from tests.cloud.cloud_run import IMAGE, PROFILES, note_first_line, put_source
from tests.cloud.test_batch_run import SETTINGS
from tests.conftest import REPO, call, write_csv
from tests.dynamodb import create_table
from tests.offline_aws import OfflineAWS
from tests.small_run import RUN, make_run

SAMPLE = "data/sample_calls.csv"  # the copy in the image
FIRMS = ("0047190", "118827")  # two of its firms
BUCKET = "earnings-themes-dev"


@pytest.fixture(scope="session")
def processor() -> str:
    return built("firm-topic-processor")


@pytest.fixture(scope="session")
def aggregator() -> str:
    return built("theme-aggregator")


@cache
def built(name: str) -> str:
    if name not in os.environ.get("IMAGES", name):
        pytest.skip(f"{name} is not one of IMAGES")
    try:
        image = images.build(name)
    except images.UnavailableError as error:
        pytest.skip(str(error))
    print(f"\n{image}: {images.size_mb(image):.0f} MB")
    return image


@pytest.fixture
def aws() -> Iterator[OfflineAWS]:
    with OfflineAWS() as server:
        server.client("s3").create_bucket(Bucket=BUCKET)
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that the images' user may write to."""
    path = tmp_path / "shared"
    path.mkdir()
    path.chmod(0o777)
    tmp_path.chmod(0o755)
    return path


def run(image: str, *words: str, **given: object) -> images.Finished:
    done = images.run(image, *words, **given)  # type: ignore[arg-type]
    print(
        f"{image}: exit {done.code}, {done.seconds:.1f} s, peak memory {done.peak_memory_mb:.0f} MB: {words[:9]}"
    )
    return done


def firm(source: str, firm_id: str, *output: str) -> list[str]:
    words = ["firm-topic-processor", "--firm-id", firm_id, "--data-source", source]
    return [*words, "--output-bucket", output[0], "--output-prefix", output[1]]


def test_one_firm_of_the_sample_to_a_local_folder(processor: str, folder: Path) -> None:
    done = run(processor, *firm(SAMPLE, FIRMS[0], str(folder), "results/sample"), folders=[folder])
    assert done.code == 0, done.text
    topics = read_firm_topics(folder / f"results/sample/topics/{FIRMS[0]}.json")
    assert topics.status == "ok" and topics.n_topics > 3
    assert done.peak_memory_mb < 8000 and done.seconds < 300, "what the map may take for a firm"


def test_one_firm_to_s3_and_the_aggregator_from_there(
    processor: str, aggregator: str, aws: OfflineAWS, folder: Path
) -> None:
    for firm_id in FIRMS:
        done = run(processor, *firm(SAMPLE, firm_id, BUCKET, "results/sample"), environment=aws.environment)
        assert done.code == 0, done.text
    s3 = aws.client("s3")
    for firm_id in FIRMS:
        name = f"results/sample/topics/{firm_id}.json"
        assert parse_firm_topics(s3.get_object(Bucket=BUCKET, Key=name)["Body"].read(), name).n_topics > 3

    columns = "firm_id\tfirm_name\tn_calls\tn_sentences\trow_group\tdigest\n"
    lines = "".join(f"{firm_id}\tFirm\t1\t200\t{n}\t0\n" for n, firm_id in enumerate(FIRMS))
    s3.put_object(Bucket=BUCKET, Key="results/sample/firms.tsv", Body=(columns + lines).encode())
    where = ["--input-bucket", BUCKET, "--input-prefix", "results/sample"]
    done = run(
        aggregator, *where, "--output", f"s3://{BUCKET}/results/sample/reduce/1", environment=aws.environment
    )
    assert done.code == 0, done.text
    name = "results/sample/reduce/1/themes.json"
    themes = parse_themes(s3.get_object(Bucket=BUCKET, Key=name)["Body"].read(), name)
    assert themes.n_themes > 0


def test_an_empty_transcript_a_missing_firm_bad_input_and_a_refusal(
    processor: str, folder: Path, aws: OfflineAWS
) -> None:
    turns = [turn | {"componenttext": " "} for turn in call("7", "Empty", [])]
    empty = str(write_csv(folder / "empty.csv", turns))
    done = run(processor, *firm(empty, "7", str(folder), "out"), folders=[folder])
    assert done.code == 0, done.text
    assert read_firm_topics(folder / "out/topics/7.json").status == "no_transcript"

    done = run(processor, *firm(SAMPLE, "0047191", str(folder), "out"), folders=[folder])
    assert done.code == 3 and "Did you mean '0047190'?" in done.text, done.text
    done = run(processor, *firm("none.csv", "7", str(folder), "out"), folders=[folder])
    assert done.code == 2 and "none.csv: cannot be opened" in done.text, done.text
    aws.refuse("PUT /", "AccessDenied", "Access Denied", status=403)
    done = run(processor, *firm(SAMPLE, FIRMS[0], BUCKET, "out"), environment=aws.environment)
    assert done.code == 4 and "It needs s3:PutObject" in done.text, done.text
    other = {WORKFLOW_CODE: "0.0.9+0123456789ab"}
    done = run(processor, *firm(SAMPLE, FIRMS[0], str(folder), "out"), environment=other, folders=[folder])
    assert done.code == 2 and "the workflow that sent the job has 0.0.9" in done.text, done.text
    assert [path.name for path in (folder / "out/topics").iterdir()] == ["7.json"]


@pytest.mark.parametrize("name", images.NAMES)
def test_an_image_has_this_code_no_root_and_no_tools_of_development(name: str) -> None:
    ask = (
        "import importlib.util as u, os; from earnings_themes.system.job import code_version;"
        "print(os.getuid(), code_version(), [n for n in ('pytest', 'mypy', 'moto') if u.find_spec(n)])"
    )
    with images.container(built(name)) as made:
        said = images.buildah("run", "--isolation", "chroot", made, "--", "python", "-c", ask)
    assert said.split() == ["10001", code_version(), "[]"]


def test_the_whole_workflow_runs_in_the_workers_image(processor: str, folder: Path) -> None:
    (folder / "my.yaml").write_text(
        "run: small\nsource: {firms: ['0047190', '118827']}\nthemes: {stability_runs: 0}\nreport: {labels: null}\n"
    )
    words = ["snakemake", "--cores", "2", "--configfile", str(folder / "my.yaml"), "--until", "publish"]
    script = f"{' '.join(words)} && cp -r results/small {folder}"
    done = run(processor, "bash", "-c", script, folders=[folder])
    assert done.code == 0, done.text
    assert read_themes(folder / "small/themes.json").n_themes > 0


def test_what_the_batch_executor_installs_at_a_jobs_start_comes_from_the_image(processor: str) -> None:
    # The first words of every job of snakemake-executor-plugin-aws-batch (snakemake/spawn_jobs.py).
    install = "pip install --target .snakemake/pip-deployments snakemake-storage-plugin-s3"
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0"}
    done = run(processor, "bash", "-c", f"{install} && ls .snakemake/pip-deployments", environment=nowhere)
    assert done.code == 0, done.text
    assert "snakemake_storage_plugin_s3" in done.text
    assert "boto3" not in done.text.split("Successfully installed")[1], (
        "its dependencies are in the image already"
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_the_workflows_batch_jobs_run_in_the_workers_image(
    processor: str, aws: OfflineAWS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    """The offline Batch starts the image for each job; prints the seconds until a job's script begins."""
    for key, value in aws.environment.items():
        monkeypatch.setenv(key, value)
    put_source(aws, some_firms(tmp_path / "calls.csv", 3))
    run = prepared(aws, tmp_path / "run", profile)
    run.configure(**SETTINGS | {"topics": {"min_sentences": 10}})
    run.markers.chmod(0o777)
    run.note_first_lines()
    aws.batch.slots["map"] = 1
    with images.container(processor) as made:
        # The workflow that a worker of aws-basic-batch finds in the image, with the files that the user names.
        work = Path(images.buildah("mount", made).strip(), "work")
        note_first_line(work / "scripts/topics.py", run.markers)
        shutil.copytree(run.path / "config/cloud", work / "config/cloud")
        shutil.copy(run.path / "my.yaml", work)
        # Each job has the image as it is, though all share a container.
        enter = ["bash", "-c", 'cd $(mktemp -d) && cp -r /work/. . && exec "$@"', "bash"]
        ours = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
        aws.images[IMAGE] = lambda env: images.command(
            made, enter, {key: value for key, value in env.items() if key not in ours}, [run.markers]
        )
        ended = run.snakemake(*ALONE, "--until", "topics")
        assert ended.status == 0, ended.text
    assert len(firms_done(run)) == 3
    seconds = run.overhead()
    print(
        f"\n{profile}: seconds from a job's start to its script's first line: {[round(n, 2) for n in seconds]}"
    )
    assert len(seconds) == 3


def test_the_aggregator_says_what_it_takes_and_what_is_missing(aggregator: str) -> None:
    assert "--input-bucket" in run(aggregator, "--help").text
    done = run(aggregator, "--input-bucket", "./none", "--input-prefix", "sample")
    assert done.code == 2 and "none/sample/firms.tsv: cannot be read" in done.text, done.text


def test_a_processing_job_runs_in_the_built_image(
    aggregator: str, aws: OfflineAWS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The offline SageMaker starts the image as SageMaker does; its user may write nothing below /opt/ml."""
    for key, value in aws.environment.items():
        monkeypatch.setenv(key, value)
    s3 = aws.client("s3")
    run_folder = make_run(tmp_path / "run", ["0012", "a/b", "東京"])
    for path in sorted(path for path in run_folder.rglob("*") if path.is_file()):
        s3.put_object(
            Bucket=BUCKET, Key=f"results/{RUN}/{path.relative_to(run_folder)}", Body=path.read_bytes()
        )
    store = DynamoDBThemeStore("themes")
    create_table(store)
    raw = yaml.safe_load((REPO / "config/config.yaml").read_text(encoding="utf-8"))
    raw["run"] = RUN
    raw["themes"]["stability_runs"] = 1
    raw["reduce"]["backend"] = "sagemaker"
    raw["reduce"]["sagemaker"] |= {
        "run_uri": f"s3://{BUCKET}/results/{{run}}",
        "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/theme-aggregator:1",
        "role": "arn:aws:iam::123456789012:role/theme-aggregator",
    }
    with images.container(aggregator) as made:
        entrypoint = images.entrypoint(aggregator)
        aws.images[raw["reduce"]["sagemaker"]["image"]] = lambda env: images.command(
            made, entrypoint, env, [Path(tempfile.gettempdir())]
        )
        output = tmp_path / "themes.json"
        reduce_on_sagemaker(raw, output, tmp_path / "reduce.json", "themes", poll_seconds=0.2)
        assert read_themes(output).themes[0].firms == ("0012", "a/b", "東京")
        assert store.theme(f"{RUN}-001").firms == ("0012", "a/b", "東京")
        s3.delete_object(Bucket=BUCKET, Key=f"results/{RUN}/topics/0012.json")
        s3.put_object(Bucket=BUCKET, Key=f"results/{RUN}/topics/0012.json", Body=b"{")
        with pytest.raises(ReduceError, match=r"exit code: 3(?s:.*)2 of 3 firms can be read"):
            reduce_on_sagemaker(raw, output, tmp_path / "reduce.json", "themes", poll_seconds=0.2)
