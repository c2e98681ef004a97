"""A registry's quarters beside one pooled run of the same calls, the check with full look-ahead; docs/registry.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from earnings_themes.errors import ResultError
from earnings_themes.quality.agreement import Match, ami, best_matches
from earnings_themes.quality.metric import Metric
from earnings_themes.quality.settled import read_settled

_COLUMNS = ("sentence_id", "theme_id")


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
    ids: dict[str, str | None] = {}
    for folder in quarters:
        frame = read_settled(folder, _COLUMNS).astype(object)
        ids |= dict(
            zip(frame["sentence_id"], frame["theme_id"].where(frame["theme_id"].notna(), None), strict=True)
        )
    frame = read_settled(pooled, _COLUMNS).astype(object)
    frame = frame[frame["sentence_id"].isin(ids.keys())]
    if not len(frame):
        raise ResultError(
            f"{pooled}: shares no sentence with {', '.join(map(str, quarters)) or 'the registry’s runs'}. Expected a run of "
            "the same calls in the same files, all quarters at once and without registry."
        )
    found = frame["theme_id"].where(frame["theme_id"].notna(), None).tolist()
    own = [ids[sentence] for sentence in frame["sentence_id"]]
    both = [(theme, other) for theme, other in zip(own, found, strict=True) if theme is not None]
    truth, other = [theme for theme, _ in both], [theme for _, theme in both]
    return Agreement(
        len(own), len(both), sum(theme is not None for theme in found), ami(truth, other, "assigned"),
        best_matches(truth, other),
    )  # fmt: skip
