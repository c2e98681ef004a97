"""What the tests of the command share: two published runs, and how a command ended."""

from collections.abc import Callable
from dataclasses import dataclass

from earnings_themes.abstractions import ThemeStore
from tests.published import make_firm, make_run


@dataclass(frozen=True)
class Ended:
    """A command's exit code and what it wrote."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


def publish_runs(store: ThemeStore) -> None:
    """Publish two runs; `late` is the newer."""
    firms, themes = make_run("sample", firm_ids=("0012", "A1", "B2"))
    quiet = make_firm("sample", "Q", (), status="too_few_sentences", firm_name="Quiet Corp")
    store.publish("sample", [*firms, quiet], themes)
    store.publish("late", *make_run("late", firm_ids=("0012", "Z9")))
