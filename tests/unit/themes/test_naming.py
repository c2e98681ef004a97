"""An endpoint of our own on the loopback answers: nothing leaves the machine."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from earnings_themes.abstractions import RepresentativeSentence, Theme
from earnings_themes.config import NamingSettings, parse_config
from earnings_themes.errors import ConfigError
from earnings_themes.themes.llm_names import name_themes

KEY = "secret-of-the-test"


def theme(number: int, label: str) -> Theme:
    sentence = RepresentativeSentence("7", 0, f"7_1_{number:04d}", f"Tariffs on part {number} cost us twice.")
    return Theme(
        theme_id=f"run-{number:03d}",
        kind="subject",
        label=label,
        keywords=((label, 2.0), ("tariffs", 1.0)),
        n_firms=3,
        n_topics=3,
        n_sentences=30,
        centroid=(1.0,),
        cohesion=0.8,
        stability=None,
        firms=("1", "2", "7"),
        topics=(),
        representative_sentences=(sentence,),
    )


class Endpoint:
    """Answers what `answer` makes of a request's body, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Callable[[dict[str, Any]], tuple[int, bytes]] = lambda body: completion("import tariffs")
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.asked.append({"path": self.path, **body})
                endpoint.headers.append(dict(self.headers))
                status, content = endpoint.answer(body)
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", endpoint.url + "/elsewhere")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                """Keep the test's output quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"


def completion(text: str) -> tuple[int, bytes]:
    return 200, json.dumps({"choices": [{"message": {"content": text}}]}).encode()


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    found = Endpoint()
    thread = threading.Thread(target=found.server.serve_forever, daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def settings(endpoint: Endpoint) -> NamingSettings:
    return NamingSettings(endpoint.url, "some-model", timeout_s=2.0)


def test_the_model_sees_keywords_and_sentences_and_its_name_is_used(
    endpoint: Endpoint, settings: NamingSettings
) -> None:
    (named,), plain = name_themes([theme(1, "tariffs and parts")], settings, 3)
    assert named == replace(theme(1, "tariffs and parts"), label="import tariffs")
    assert plain == {"run-001": "tariffs and parts"}
    asked = json.dumps(endpoint.asked[0])
    assert "tariffs and parts, tariffs" in asked and "Tariffs on part 1 cost us twice." in asked
    assert endpoint.asked[0]["path"] == "/v1/chat/completions"
    assert endpoint.asked[0]["model"] == "some-model"
    assert "Authorization" not in endpoint.headers[0]


def test_an_answer_is_asked_for_once(endpoint: Endpoint, settings: NamingSettings, tmp_path: Path) -> None:
    cached = replace(settings, cache=str(tmp_path))
    first = name_themes([theme(1, "tariffs")], cached, 3)
    endpoint.answer = lambda body: completion("something else")
    assert name_themes([theme(1, "tariffs")], cached, 3) == first
    assert len(endpoint.asked) == 1
    # Another model is another question.
    other, _ = name_themes([theme(1, "tariffs")], replace(cached, model="another"), 3)
    assert other[0].label == "something else"
    # A file that was damaged is no answer.
    for kept in (tmp_path / "names").iterdir():
        kept.write_text("{")
    assert name_themes([theme(1, "tariffs")], cached, 3)[0][0].label == "something else"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "This theme is about how tariffs on parts raise the costs of firms.",
        "tariffs\nand more",
        "x" * 70,
    ],
)
def test_what_is_no_name_leaves_the_plain_label(
    endpoint: Endpoint, settings: NamingSettings, answer: str, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.answer = lambda body: completion(answer)
    (named,), plain = name_themes([theme(1, "tariffs")], settings, 3)
    assert (named.label, plain) == ("tariffs", {})
    assert "run-001 keeps its label 'tariffs'" in caplog.text


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"[]", b'{"choices": []}', b'{"choices": [{"message": {}}]}']
)
def test_what_is_no_chat_completion_leaves_the_plain_label(
    endpoint: Endpoint, settings: NamingSettings, content: bytes
) -> None:
    endpoint.answer = lambda body: (200, content)
    assert name_themes([theme(1, "tariffs")], settings, 3)[0][0].label == "tariffs"


def test_two_themes_never_get_one_name(endpoint: Endpoint, settings: NamingSettings) -> None:
    named, plain = name_themes([theme(1, "tariffs"), theme(2, "customs")], settings, 3)
    assert [each.label for each in named] == ["import tariffs", "customs"]
    assert plain == {"run-001": "tariffs"}


def test_a_name_that_is_another_themes_plain_label_is_refused(
    endpoint: Endpoint, settings: NamingSettings
) -> None:
    endpoint.answer = lambda body: completion("Customs")
    named, _ = name_themes([theme(1, "tariffs"), theme(2, "customs")], settings, 3)
    assert [each.label.casefold() for each in named] == ["tariffs", "customs"]


def test_an_endpoint_that_is_down_is_given_up_after_three_failures(
    endpoint: Endpoint, settings: NamingSettings, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.answer = lambda body: (503, b"Tariffs on part 1 cost us twice.")
    themes = [theme(number, f"label {number}") for number in range(1, 8)]
    named, plain = name_themes(themes, settings, 3)
    assert (list(named), plain) == (themes, {})
    assert len(endpoint.asked) == 3
    assert "503" in caplog.text
    assert "cost us twice" not in caplog.text


def test_no_answer_in_time_leaves_the_plain_label(endpoint: Endpoint, settings: NamingSettings) -> None:
    done = threading.Event()

    def slow(body: dict[str, Any]) -> tuple[int, bytes]:
        done.wait(5)
        return completion("too late")

    endpoint.answer = slow
    named, _ = name_themes([theme(1, "tariffs")], replace(settings, timeout_s=0.2), 3)
    done.set()
    assert named[0].label == "tariffs"


def test_the_key_comes_from_the_environment_and_goes_nowhere_else(
    endpoint: Endpoint,
    settings: NamingSettings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("NAMING_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    with_key = replace(settings, api_key_env="NAMING_KEY", cache=str(tmp_path))
    name_themes([theme(1, "tariffs")], with_key, 3)
    assert endpoint.headers[0]["Authorization"] == f"Bearer {KEY}"
    endpoint.answer = lambda body: (401, b"no")
    name_themes([theme(2, "customs")], with_key, 3)
    assert KEY not in caplog.text
    assert all(KEY not in file.read_text() for file in tmp_path.rglob("*.json"))


def test_the_key_is_not_sent_to_where_the_endpoint_points(
    endpoint: Endpoint, settings: NamingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAMING_KEY", KEY)
    endpoint.answer = lambda body: (307, b"")
    named, _ = name_themes([theme(1, "tariffs")], replace(settings, api_key_env="NAMING_KEY"), 3)
    assert named[0].label == "tariffs"
    assert [asked["path"] for asked in endpoint.asked] == ["/v1/chat/completions"]


def test_what_cannot_work_is_an_error_before_the_first_request(
    endpoint: Endpoint, settings: NamingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NAMING_KEY", raising=False)
    with pytest.raises(ConfigError, match="NAMING_KEY, which is not set"):
        name_themes([theme(1, "tariffs")], replace(settings, api_key_env="NAMING_KEY"), 3)
    with pytest.raises(ConfigError, match=r"expected the endpoint.s URL"):
        parse_config({"themes": {"labels": {"llm": {"url": "file:///etc", "model": "m"}}}})
    monkeypatch.setenv("NAMING_KEY", "two\nlines")
    with pytest.raises(ConfigError) as error:
        name_themes([theme(1, "tariffs")], replace(settings, api_key_env="NAMING_KEY"), 3)
    assert "lines" not in str(error.value)
    assert endpoint.asked == []
