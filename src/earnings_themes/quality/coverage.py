"""How much of the speech the topics and themes account for, and how much of it is procedure.

Counts and shares of the run's own records; no library and no paper is needed to check them.
"""

from collections.abc import Sequence

from earnings_themes.abstractions import Theme, Themes
from earnings_themes.quality.metric import Metric, share


def outlier_share(n_outliers: int, n_in_topics: int) -> Metric:
    """Outliers / (outliers + sentences in a topic): of what was modelled, what no topic took."""
    return share(n_outliers, n_outliers + n_in_topics, "sentences", "no sentence was modelled")


def topics_in_theme(themes: Themes, count_procedural: bool) -> Metric:
    """Topics in a theme / topics.

    count_procedural: whether topics that were set aside as procedure count as topics. With them the
    figure is the raw one; without them it says what became of the topics that could reach a theme.
    """
    inside = sum(theme.n_topics for theme in themes.themes)
    outside = sum(count_procedural or topic.reason != "procedural" for topic in themes.unassigned_topics)
    return share(inside, inside + outside, "topics", "there is no topic")


def firms_with_theme(themes: Themes, n_firms: int, of: str) -> Metric:
    """Firms with at least one topic in a theme / firms."""
    return share(
        len({firm for theme in themes.themes for firm in theme.firms}), n_firms, of, "there is no firm"
    )


def largest_themes(themes: Sequence[Theme], limit: int = 10) -> list[Theme]:
    """The themes with most firms, then most sentences, whatever their kind and rank."""
    return sorted(themes, key=lambda theme: (-theme.n_firms, -theme.n_sentences, theme.theme_id))[:limit]


def kind_share(themes: Sequence[Theme], kind: str) -> Metric:
    """Themes of a kind / themes."""
    return share(sum(theme.kind == kind for theme in themes), len(themes), "themes", "there is no theme")


def sentences_in_theme(themes: Themes, n_sentences: int, of: str) -> Metric:
    """Sentences in a theme / sentences."""
    inside = sum(theme.n_sentences for theme in themes.themes)
    return share(inside, n_sentences, of, "there is no sentence")
