"""Optional: a language model behind an OpenAI-compatible endpoint names the themes. Off by default.

It sees a theme's keywords and representative sentences, so these leave the machine: do not turn it on for
transcripts whose licence forbids that. Words describe, they never decide: only labels change, and the plain
label is kept beside each (`metadata.plain_labels` of themes.json). Whatever fails (no answer in time, an
unusable name, one that is taken) leaves the plain label and a warning in the log.
"""

import contextlib
import hashlib
import json
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Collection, Sequence
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from earnings_themes.abstractions.records import Theme
from earnings_themes.config import NamingSettings
from earnings_themes.errors import ConfigError
from earnings_themes.system.files import write_atomically

_log = logging.getLogger(__name__)

_INSTRUCTION: Final = (
    "You name themes of earnings calls for finance researchers. You get the keywords of a theme and sentences "
    "that stand for it. Answer with the name alone: a noun phrase of one to {max_words} words, lower case but for "
    "abbreviations and proper names of places, without names of companies, products or persons, without quotes."
)
# A name is some ten tokens long; a model that explains itself is cut off, and its answer is refused.
_MAX_TOKENS: Final = 30
_MAX_LETTERS: Final = 60
# An endpoint that fails so often in a row is down: waiting for it at every theme would take hours.
_GIVE_UP_AFTER: Final = 3
# A model's answer is a few hundred bytes; what is longer is not read to its end.
_MAX_BYTES: Final = 1_000_000


class _NamingError(Exception):
    """Why one theme keeps its plain label."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    # urllib would hand the Authorization header on to wherever it is sent.
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def name_themes(
    themes: Sequence[Theme], settings: NamingSettings, max_words: int, named: Collection[str] = ()
) -> tuple[tuple[Theme, ...], dict[str, str]]:
    """Return the themes with the labels that the model gives, and the plain label of each renamed theme.

    Two themes never get one label. named: ids of themes whose label stays. Raises ConfigError when the URL is none, or the
    variable of the key is not set: what is asked for and cannot work is an error before the first request.
    """
    if urlsplit(settings.url).scheme not in ("http", "https"):
        raise ConfigError(f"themes.labels.llm.url is {settings.url!r}; expected http://… or https://…")
    key = _key(settings.api_key_env)
    renamed: list[Theme] = []
    plain: dict[str, str] = {}
    # A plain label is taken too: its own theme may have to keep it.
    taken = {theme.label.casefold() for theme in themes}
    failures = 0
    for theme in themes:
        label = theme.label
        if failures < _GIVE_UP_AFTER and theme.theme_id not in named:
            try:
                name = _name(theme, settings, max_words, key)
                failures = 0
                if name.casefold() in taken - {theme.label.casefold()}:
                    raise _NamingError(f"{name!r} is another theme's label")
                label = name
            except (_NamingError, OSError) as error:
                if isinstance(error, OSError):
                    failures += 1
                _log.warning("%s keeps its label %r: %s.", theme.theme_id, theme.label, error)
                if failures == _GIVE_UP_AFTER:
                    _log.warning(
                        "%s failed %d times in a row and is not asked again.", settings.url, failures
                    )
        if label != theme.label:
            plain[theme.theme_id] = theme.label
            taken.add(label.casefold())
        renamed.append(replace(theme, label=label))
    return tuple(renamed), plain


def _key(variable: str | None) -> str | None:
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise ConfigError(
            f"themes.labels.llm.api_key_env names {variable}, which is not set in the environment."
        )
    # http.client would refuse it with a message that holds it.
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(f"The environment variable {variable} holds characters that no HTTP header can.")
    return key


def _name(theme: Theme, settings: NamingSettings, max_words: int, key: str | None) -> str:
    body = {
        "model": settings.model,
        "temperature": 0,
        "max_tokens": _MAX_TOKENS,
        "messages": [
            {"role": "system", "content": _INSTRUCTION.format(max_words=max_words)},
            {"role": "user", "content": _prompt(theme)},
        ],
    }
    digest = hashlib.sha256(json.dumps([settings.url, body], sort_keys=True).encode()).hexdigest()
    kept = Path(settings.cache, "names", f"{digest}.json") if settings.cache else None
    if kept is not None and kept.exists():
        # A damaged file is no answer.
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
            return _usable(json.loads(kept.read_text(encoding="utf-8"))["answer"], max_words)
    answer = _ask(settings, body, key)
    name = _usable(answer, max_words)
    if kept is not None:
        write_atomically(kept, json.dumps({"answer": answer}))
    return name


def _prompt(theme: Theme) -> str:
    keywords = ", ".join(word for word, _ in theme.keywords)
    sentences = "\n".join(f"- {sentence.text}" for sentence in theme.representative_sentences)
    return f"Keywords: {keywords}\nSentences:\n{sentences}"


def _ask(settings: NamingSettings, body: dict[str, object], key: str | None) -> str:
    request = urllib.request.Request(
        settings.url.rstrip("/") + "/chat/completions",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})},
    )
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=settings.timeout_s) as response:
            answer = json.loads(response.read(_MAX_BYTES))["choices"][0]["message"]["content"]
    except urllib.error.HTTPError as error:
        # Its body may repeat the request, and with it the sentences.
        raise OSError(f"the endpoint answered {error.code} {error.reason}") from None
    except (HTTPException, UnicodeDecodeError) as error:
        raise OSError(f"the answer cannot be read: {error!r}") from None
    except (json.JSONDecodeError, KeyError, IndexError, TypeError) as error:
        raise _NamingError(f"the answer is not a chat completion: {error!r}") from None
    if not isinstance(answer, str):
        raise _NamingError("the answer holds no text")
    return answer


def _usable(answer: str, max_words: int) -> str:
    name = " ".join(answer.split()).strip(" .\"'`“”*")
    # A "supply chain and logistics costs" is no harm; a sentence is.
    if not name or "\n" in answer.strip() or len(name) > _MAX_LETTERS or len(name.split()) > max_words + 2:
        raise _NamingError(f"{answer[:_MAX_LETTERS]!r} is no name of at most {max_words} words")
    return name
