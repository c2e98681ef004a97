"""A registry's quarters beside one pooled run of the same calls, the check with full look-ahead; docs/registry.md."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from earnings_themes.errors import ResultError
from earnings_themes.quality.agreement import Match, ami, best_matches
from earnings_themes.quality.metric import Metric
from earnings_themes.quality.settled import read_settled


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a registry's quarters and a pooled run agree, over all quarters at once.

    n_shared: sentences that both have; n_settled, n_settled_pooled: how many of them settled in each. ami: of the themes, over
    the sentences that settled in both. matches: the pooled theme that fits each theme of the registry best, by F1.
    """

    n_shared: int
    n_settled: int
    n_settled_pooled: int
    ami: Metric
    matches: list[Match]


def against_pooled(quarters: Sequence[Path], pooled: Path) -> Agreement:
    """Compare the quarters' runs with the pooled run. Raises ResultError where they share no sentence.

    quarters, pooled: folders of runs, each with sentences.parquet.
    """
    own: dict[str, str | None] = {}
    for folder in quarters:
        own.update(_themes_of(folder))
    other = {sentence: theme for sentence, theme in _themes_of(pooled) if sentence in own}
    if not other:
        raise ResultError(
            f"{pooled}: shares no sentence with {', '.join(map(str, quarters)) or 'the registry’s runs'}. Expected a run of "
            "the same calls in the same files, all quarters at once and without registry."
        )
    truth = [theme for sentence in other if (theme := own[sentence]) is not None]
    found = [theme for sentence, theme in other.items() if own[sentence] is not None]
    n_settled_pooled = sum(theme is not None for theme in other.values())
    matches = best_matches(truth, found)
    return Agreement(len(other), len(truth), n_settled_pooled, ami(truth, found, "assigned"), matches)


def _themes_of(folder: Path) -> Iterator[tuple[str, str | None]]:
    frame = read_settled(folder, ("sentence_id", "theme_id"))
    themes = frame["theme_id"].astype(object).where(frame["theme_id"].notna(), None)
    return zip(frame["sentence_id"], themes, strict=True)
