"""What each command answers, in its three forms, and what it says when it cannot."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from earnings_themes import __version__
from earnings_themes.cli import main
from earnings_themes.results.artifacts import write_themes
from earnings_themes.stores.sqlite import SQLiteThemeStore
from tests.published import make_run
from tests.unit.cli.ended import Command

COMMANDS = (
    ("runs",),
    ("themes", "--run", "sample"),
    ("theme", "sample-001"),
    ("theme", "sample-001", "--sentences"),
    ("topic", "A1", "1", "--run", "sample"),
    ("firm", "A1", "--run", "sample"),
    ("search", "tariffs", "--run", "sample"),
)


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# --- tables ----------------------------------------------------------------------------------------


def test_themes_are_listed_by_rank(command: Command) -> None:
    ended = command("themes", "--run", "sample")
    lines = ended.out.splitlines()
    assert lines[0] == "Run sample: 2 themes"
    assert lines[2].split() == [
        "rank",
        "theme",
        "kind",
        "label",
        "firms",
        "topics",
        "sentences",
        "stability",
        "keywords",
    ]
    assert [line.split()[:3] for line in lines[3:]] == [
        ["1", "sample-001", "subject"],
        ["2", "sample-002", "subject"],
    ]
    assert "supply, chain, freight" in lines[3]
    assert (ended.code, ended.err) == (0, "")


def test_leaving_out_the_run_means_the_newest(command: Command) -> None:
    assert command("themes").out == command("themes", "--run", "late").out
    assert command("topic", "0012", "0").out == command("topic", "0012", "0", "--run", "late").out
    assert command("search", "tariffs").out == command("search", "tariffs", "--run", "late").out


def test_themes_of_one_kind_are_listed_alone(command: Command) -> None:
    assert (
        command("themes", "--kind", "subject", "--run", "sample").out.splitlines()[2:]
        == (command("themes", "--run", "sample").out.splitlines()[2:])
    )
    assert command("themes", "--kind", "filler").out == "Run late: 0 themes of kind filler\n"


@pytest.mark.parametrize("label", ["supply chain, freight", "SUPPLY chain", "freight"])
def test_a_theme_is_found_by_its_label_or_a_part_of_it(command: Command, label: str) -> None:
    assert command("theme", label, "--run", "sample").out == command("theme", "sample-001").out
    assert command("theme", label).out == command("theme", "late-001").out  # the newest run


def test_all_sentences_of_a_theme_are_listed_the_surest_first_under_one_name_each(command: Command) -> None:
    given = ("theme", "supply", "--run", "sample", "--sentences")
    records = json.loads(command(*given, "--format", "json").out)
    rows = read_csv(command(*given, "--format", "csv").out)
    # Three firms say three sentences each on it.
    assert len(records) == len(rows) == 9
    strengths = [record["strength"] for record in records]
    assert strengths == sorted(strengths, reverse=True) == [float(row["strength"]) for row in rows]
    assert {row["firm_name"] for row in rows} == {f"Firm {name} Inc." for name in ("0012", "A1", "B2")}
    lines = command(*given).out.splitlines()
    assert lines[0] == "sample-001  supply chain, freight: 9 sentences, 3 firms"
    assert lines[2].split() == ["strength", "firm", "sentence"] and len(lines) == 3 + 9


def test_broad_themes_are_read_from_the_runs_files(command: Command, tmp_path: Path) -> None:
    _, themes = make_run("sample", firm_ids=("0012", "A1"))
    broad = replace(
        themes.themes[0], theme_id="sample-B01", level=2, topics=(), label="shipping", centroid=(1.0,)
    )
    fine = tuple(replace(theme, centroid=(1.0,)) for theme in themes.themes)
    write_themes(
        tmp_path / "results/sample/themes.json",
        replace(themes, themes=fine, broad=(broad,), metadata={"timing": {}}),
    )
    assert "Run sample: 1 broad theme\n" in command("themes", "--run", "sample", "--level", "2").out
    rows = read_csv(command("themes", "--run", "sample", "--level", "2", "--format", "csv").out)
    assert [(row["theme_id"], row["label"]) for row in rows] == [("sample-B01", "shipping")]
    ended = command("themes", "--run", "late", "--level", "2")
    assert ended.code == 1 and "results/late/themes.json is missing" in ended.err and "--folder" in ended.err


@pytest.mark.parametrize(
    "command_line", [("themes", "--run", "sample"), ("search", "supply", "--run", "sample")]
)
def test_on_80_columns_a_label_is_whole_before_a_keyword_is_shown(
    store: SQLiteThemeStore, command_line: tuple[str, ...]
) -> None:
    lines = on_a_terminal(store.path.parent.parent, command_line, 80)
    assert any("supply chain, freight" in line for line in lines)


def test_firms_are_listed_with_those_that_have_no_topics(command: Command) -> None:
    lines = command("firms", "--run", "sample").out.splitlines()
    assert lines[0] == "Run sample: 4 firms"
    assert [line.split()[0] for line in lines[3:]] == ["0012", "A1", "B2", "Q"]
    assert "too few sentences" in lines[-1]
    assert read_csv(command("firms", "--format", "csv").out)[0]["firm_id"] == "0012"


def test_a_deleted_run_is_gone_and_the_other_stays(command: Command) -> None:
    assert command("delete", "late", "--yes").out == "removed late: 2 firms, 2 themes\n"
    assert [row["run"] for row in read_csv(command("runs", "--format", "csv").out)] == ["sample"]


def test_the_version_is_printed(command: Command) -> None:
    assert command("--version").out == f"earnings-themes {__version__}\n"


def test_a_theme_shows_keywords_firms_topics_and_sentences(command: Command) -> None:
    out = command("theme", "sample-001").out
    assert "sample-001  supply chain, freight" in out
    assert "subject: 3 firms, 3 topics, 9 sentences; cohesion 0.71" in out
    assert "keywords: supply, chain, freight" in out
    assert "0012  Firm 0012 Inc.      0  supply chain, freight" in out
    assert "Firm A1 Inc.        0  Our supply and chain improved, sentence 0." in out


def test_a_topic_shows_its_sentences_and_theme(command: Command) -> None:
    out = command("topic", "A1", "1", "--run", "sample").out
    assert "Firm A1 Inc. (A1), topic 1: tariffs, pricing" in out
    assert "run sample; subject; 3 sentences; theme sample-002" in out
    assert "0.99  Executives  Our tariffs and pricing improved, sentence 0." in out


def test_a_topic_in_no_theme_says_why(command: Command) -> None:
    assert "in no theme (too_few_firms)" in command("topic", "A1", "2", "--run", "sample").out


def test_a_firm_shows_shares_and_topics(command: Command) -> None:
    out = command("firm", "A1", "--run", "sample").out
    assert "Firm A1 Inc. (A1), run sample: 11 sentences" in out
    assert "sample-001  subject  supply chain, freight          3  27.3%" in out
    assert "too_few_firms" in out


def test_a_firm_without_a_run_is_shown_in_every_run(command: Command) -> None:
    out = command("firm", "0012").out
    assert out.index("run late") < out.index("run sample")


def test_a_firm_without_topics_says_why(command: Command) -> None:
    assert "no topics: too few sentences" in command("firm", "Q").out


def test_search_shows_themes_then_sentences(command: Command) -> None:
    out = command("search", "tariff", "improving", "--run", "sample", "--limit", "2").out
    assert "Run sample, 'tariff improving': 0 themes; 9 sentences, the best 2 below" in out
    assert out.count("Our tariffs and pricing improved") == 2
    assert "sample-002  subject  tariffs, pricing" in command("search", "tariff").out.replace(
        "late", "sample"
    )


def test_runs_are_listed_newest_first(command: Command) -> None:
    shown = command("runs").out.splitlines()
    assert [line.split()[0] for line in shown] == ["run", "late", "sample"]
    # Of its topics: a run has more sentences than these.
    assert "topics  their sentences" in shown[0]


def test_no_runs_and_no_themes_are_said_not_shown_as_an_empty_table(
    command: Command, store: SQLiteThemeStore
) -> None:
    store.publish("bare", [], make_run("bare", firm_ids=())[1].__class__(1, "bare", 0, (), (), (), {}))
    assert command("themes", "--run", "bare").out == "Run bare: 0 themes\n"
    for run in ("bare", "late", "sample"):
        store.delete(run)
    ended = command("runs")
    assert (ended.code, ended.out) == (
        0,
        "No run has been published to this store yet. `make run` publishes the sample.\n",
    )
    ended = command("themes")
    assert ended.code == 1
    assert "No run has been published" in ended.err


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("width", [72, 80, 120])
def test_tables_fit_the_terminal(store: SQLiteThemeStore, arguments: tuple[str, ...], width: int) -> None:
    long = " and so on" * 40
    store.publish("sample", *make_run("sample", firm_ids=("0012", "A1"), tag=long))
    lines = on_a_terminal(store.path.parent.parent, arguments, width)
    assert max(len(line) for line in lines) <= width
    if arguments[0] == "topic":
        assert (
            "".join(" ".join(line.split()) + " " for line in lines).count("and so on") == 120
        )  # folded, not cut


def on_a_terminal(folder: Path, arguments: tuple[str, ...], width: int) -> list[str]:
    """Run the command with a terminal of that width as its stdout, and return the lines it showed."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "earnings_themes.cli", *arguments],
        cwd=folder,
        stdout=theirs,
        env=os.environ | {"COLUMNS": str(width)},
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end was closed
                break
            if not part:
                break
            shown += part
    os.close(ours)
    assert process.returncode == 0
    return shown.decode().splitlines()


def test_in_a_pipe_nothing_is_cut_and_a_sentence_is_one_line(
    command: Command, store: SQLiteThemeStore
) -> None:
    store.publish("sample", *make_run("sample", tag=" and so on" * 40))
    lines = command("topic", "A", "0", "--run", "sample").out.splitlines()
    assert [line.endswith("sentence 0.") for line in lines if "Our supply" in line] == [True, False, False]


# --- json and csv ----------------------------------------------------------------------------------


def test_json_is_the_full_record(command: Command, store: SQLiteThemeStore) -> None:
    themes = json.loads(command("themes", "--run", "sample", "--format", "json").out)
    assert [theme["theme_id"] for theme in themes] == ["sample-001", "sample-002"]
    assert themes[1]["keywords"][2] == ["café", 0.5]
    assert "topics" not in themes[0]  # not read, and so not claimed to be empty

    theme = json.loads(command("theme", "sample-001", "--format", "json").out)
    assert theme["firms"] == ["0012", "A1", "B2"]
    assert theme["topics"][0] == {
        "firm_id": "0012",
        "topic_id": 0,
        "label": "supply chain, freight",
        "n_sentences": 3,
        "similarity": 0.9,
    }
    topic = json.loads(command("topic", "A1", "1", "--run", "sample", "--format", "json").out)
    assert [sentence["strength"] for sentence in topic["sentences"]] == [0.99, 0.9899, 0.9898]
    assert json.loads(command("firm", "A1", "--run", "sample", "--format", "json").out)["run"] == "sample"
    assert [view["run"] for view in json.loads(command("firm", "0012", "--format", "json").out)] == [
        "late",
        "sample",
    ]
    found = json.loads(command("search", "tariffs", "--run", "sample", "--format", "json").out)
    assert (len(found["themes"]), found["n_sentences"], len(found["sentences"])) == (1, 9, 9)
    assert json.loads(command("runs", "--format", "json").out)[0]["run"] == "late"


def test_csv_has_a_row_for_each_thing(command: Command) -> None:
    themes = read_csv(command("themes", "--run", "sample", "--format", "csv").out)
    assert [(row["theme_id"], row["n_firms"], row["keywords"]) for row in themes] == [
        ("sample-001", "3", "supply, chain, freight"),
        ("sample-002", "3", "tariffs, pricing, café"),
    ]
    topics = read_csv(command("theme", "sample-001", "--format", "csv").out)
    assert (topics[0]["firm_id"], topics[0]["firm_name"]) == ("0012", "Firm 0012 Inc.")
    sentences = read_csv(command("topic", "A1", "1", "--run", "sample", "--format", "csv").out)
    assert [row["strength"] for row in sentences] == ["0.99", "0.9899", "0.9898"]
    firm = read_csv(command("firm", "A1", "--run", "sample", "--format", "csv").out)
    assert [(row["topic_id"], row["theme_id"], row["unassigned_reason"]) for row in firm] == [
        ("0", "sample-001", ""),
        ("1", "sample-002", ""),
        ("2", "", "too_few_firms"),
    ]
    assert float(firm[0]["share"]) == pytest.approx(3 / 11)
    quiet = read_csv(command("firm", "Q", "--format", "csv").out)
    assert [(row["firm_id"], row["topic_id"], row["unassigned_reason"]) for row in quiet] == [
        ("Q", "", "too_few_sentences")
    ]
    found = read_csv(command("search", "tariffs", "--run", "sample", "--format", "csv").out)
    assert [row["found"] for row in found] == ["theme"] + ["sentence"] * 9
    assert [row["run"] for row in read_csv(command("runs", "--format", "csv").out)] == ["late", "sample"]


def test_options_stand_before_or_after_the_command(command: Command, store: SQLiteThemeStore) -> None:
    url = f"sqlite:{store.path}"
    after = command("themes", "--store", url, "--format", "csv")
    assert command("--store", url, "--format", "csv", "themes").out == after.out
    assert command("--format", "json", "themes", "--format", "csv").out == after.out  # the nearer one wins


def test_the_store_can_be_set_in_the_environment(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARNINGS_THEMES_STORE", "sqlite:elsewhere.sqlite")
    assert "elsewhere.sqlite" in command("runs").err
    assert command("runs", "--store", "sqlite:results/themes.sqlite").code == 0


def test_verbose_says_how_long_the_store_took_on_stderr(command: Command) -> None:
    quiet, verbose, before = command("themes"), command("themes", "-v"), command("-v", "themes")
    assert verbose.out == before.out == quiet.out
    assert verbose.err.startswith("earnings-themes: sqlite:results/themes.sqlite answered in 0.")
    assert before.err.startswith("earnings-themes: sqlite:results/themes.sqlite answered in 0.")


# --- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["A1", "a1", "Firm A1 Inc.", "firm a1 inc.", "A1 In"])
def test_a_firm_is_found_by_id_name_or_part_of_the_name(command: Command, name: str) -> None:
    assert "Firm A1 Inc. (A1)" in command("firm", name).out
    assert "Firm A1 Inc. (A1)" in command("firm", name, "--run", "sample").out
    assert "Firm A1 Inc. (A1)" in command("topic", name, "0", "--run", "sample").out


def test_a_name_that_fits_several_firms_lists_them(command: Command) -> None:
    ended = command("firm", "Firm", "--run", "sample")
    assert ended.code == 1
    assert "3 firms fit 'Firm': 0012 (Firm 0012 Inc.), A1 (Firm A1 Inc.), B2 (Firm B2 Inc.)" in ended.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ("themes", "--run", "sampel"),
            1,
            "no run 'sampel'. Did you mean 'sample'? Published: late, sample.",
        ),
        (("firm", "A1", "--run", "nope"), 1, "no run 'nope'. Published: late, sample."),
        (("topic", "A1", "0", "--run", "nope"), 1, "no run 'nope'. Published: late, sample."),
        (("search", "x", "--run", "nope"), 1, "no run 'nope'. Published: late, sample."),
        (("theme", "sample-010"), 1, "Did you mean 'sample-002'? Run 'sample' has sample-001 to sample-002."),
        (("theme", "sampel-001"), 1, "its run and rank, as in 'sample-001'. Published: late, sample."),
        (("theme", "nobody says this"), 1, "as in 'late-001'"),
        (("theme", "sample-1"), 1, "Did you mean 'sample-001'?"),
        (
            ("theme", "a", "--run", "sample"),
            1,
            "2 themes fit 'a': sample-001 (supply chain, freight), sample-002",
        ),
        (("delete", "sampel", "--yes"), 1, "no run 'sampel'. Did you mean 'sample'?"),
        (("delete", "sample"), 2, "nobody is there to be asked; give --yes."),
        (("search", "x", "--limit", "0"), 2, "'0' is too small; expected 1 or more."),
        (("topic", "A1", "7", "--run", "sample"), 1, "no topic 7 in run 'sample'; its topics are 0 to 2."),
        (("topic", "Q", "0", "--run", "sample"), 1, "it has no topics"),
        (("firm", "0013", "--run", "sample"), 1, "'0013' in run 'sample'. Did you mean '0012'?"),
        (("firm", "Quite Corp", "--run", "sample"), 1, "Did you mean 'Q' (Quiet Corp)?"),
        (("firm", "Quit", "--run", "sample"), 1, "Did you mean 'Q' (Quiet Corp)?"),
        (("firm", "xyzzy"), 1, "no firm with the id or name 'xyzzy' in any run."),
        (("runs", "--store", "sqlite:none.sqlite"), 1, "no store at none.sqlite yet. `make run`"),
        (("runs", "--store", "none.sqlite"), 2, "'none.sqlite' does not name a store. Expected "),
        (
            ("theems",),
            2,
            "No such command 'theems'. Did you mean 'themes', 'theme'? Try `earnings-themes --help`.",
        ),
        (("themes", "--rnu", "x"), 2, "No such option: --rnu"),
        (("topic", "A1"), 2, "Missing argument 'N'. Try `earnings-themes topic --help`."),
        (("topic", "A1", "one"), 2, "Invalid value for 'N': 'one' is no whole number."),
        (
            ("themes", "--format", "xml"),
            2,
            "Invalid value for '--format': 'xml' is not one of 'table', 'json', 'csv'.",
        ),
        (("search",), 2, "Missing argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_answered_is_said_in_one_line_on_stderr(
    command: Command, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ended = command(*arguments)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err
    assert ended.err.startswith("earnings-themes: ")
    assert ended.err.count("\n") == 1


# --- help, completion, start, pipes ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["themes", "theme", "topic", "firm", "firms", "search", "runs", "delete"])
def test_every_command_has_help_with_an_example(command: Command, name: str) -> None:
    out = command(name, "--help").out
    assert f"  earnings-themes {name}" in out[out.index("Example") :]
    assert "\x1b" not in out


def test_help_says_what_each_exit_code_means_and_a_script_can_rely_on_it(command: Command) -> None:
    said = command("--help").out.partition("Exit codes:")[2].split()
    assert [word for word in said if word.isdigit()] == ["0", "1", "2"]
    assert command("search", "xyzzy").code == 0
    assert command("theme", "sample-999").code == 1
    assert command("runs", "--store", "sqlite:none.sqlite").code == 1
    assert command("nonsense").code == 2
    assert command("themes", "--format", "xml").code == 2


def test_without_a_command_the_help_is_shown(command: Command) -> None:
    ended = command()
    assert (ended.code, ended.err) == (0, "")
    assert all(
        name in ended.out for name in ("runs", "themes", "theme", "topic", "firm", "search", "Examples:")
    )


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("earnings-themes themes --run s", ["sample"]),
        ("earnings-themes theme sample-", ["sample-001", "sample-002"]),
        ("earnings-themes theme --store sqlite:none.sqlite s", []),
        ("earnings-themes theme --store dynamodb:table s", []),
        ("earnings-themes firm --run sample A", ["A1"]),
        ("earnings-themes topic --run late Z", ["Z9"]),
    ],
)
def test_the_shell_completes_runs_themes_and_firms(
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: str,
    offered: list[str],
) -> None:
    monkeypatch.setenv("_EARNINGS_THEMES_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    assert command().out.split() == offered


def test_starting_loads_no_model_library_pandas_or_aws() -> None:
    heavy = {"torch", "pandas", "bertopic", "sklearn", "sentence_transformers", "pyarrow", "boto3", "rich"}
    found = subprocess.run(
        [sys.executable, "-c", "import earnings_themes.cli, sys; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert heavy.isdisjoint(found.stdout.split())


@pytest.mark.parametrize("arguments", [("runs",), ("search", "improved", "-n", "9999", "--format", "json")])
def test_a_reader_that_goes_away_gets_no_complaint(
    store: SQLiteThemeStore, arguments: tuple[str, ...]
) -> None:
    """Whether the pipe breaks at the last flush or in the middle of an answer larger than its buffer."""
    store.publish("late", *make_run("late", firm_ids=tuple(f"{n:03d}" for n in range(100))))
    process = subprocess.Popen(
        [sys.executable, "-m", "earnings_themes.cli", *arguments],
        cwd=store.path.parent.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 1
    process.stderr.close()


def test_letters_that_the_terminal_cannot_show_do_not_fail(store: SQLiteThemeStore) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "earnings_themes.cli", "themes", "--run", "sample"],
        cwd=store.path.parent.parent,
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        check=True,
    )
    assert b"caf?" in ended.stdout


def test_the_installed_command_is_this_one() -> None:
    from importlib.metadata import entry_points

    (point,) = entry_points(group="console_scripts", name="earnings-themes")
    assert point.load() is main
