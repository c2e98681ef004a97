"""What each figure of quality.json says, in a sentence, for a reader who has not read the papers."""

from dataclasses import dataclass
from typing import Final, Literal

Form = Literal["count", "share", "score"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a metric is shown. aim is what docs/validation.md asks of it, empty where it is only reported."""

    group: str
    title: str
    form: Form
    text: str
    aim: str = ""


_SCORES: Final = {"ari": "Adjusted Rand index", "ami": "Adjusted mutual information"}
_FORMS: Final = {
    "left_out": (
        "unassigned left out",
        "Sentences in no group do not count, which flatters a run that assigns few.",
    ),
    "singletons": (
        "unassigned one by one",
        "Each sentence in no group is a group of its own: the strictest form.",
    ),
    "one_class": (
        "unassigned as one group",
        "All sentences in no group are one group, as when −1 is a label.",
    ),
}
_SCOPES: Final = {
    "theme": ("themes", "Themes against the labels that two firms or more share."),
    "theme_all_labels": (
        "themes, every label",
        "Themes against all labels, a single firm's too, which no theme finds.",
    ),
    "topic": ("topics", "A firm's topics against its own labels, mean over firms."),
}
_AIMS: Final = {"theme_ari_left_out": "≥ .90", "theme_ami_left_out": "≥ .95"}


def _agreement() -> dict[str, Meaning]:
    meanings = {}
    for scope, (what, compared) in _SCOPES.items():
        for score, name in _SCORES.items():
            for form, (how, treated) in _FORMS.items():
                key = f"{scope}_{score}_{form}"
                meanings[key] = Meaning(
                    "Agreement with labels",
                    f"{name}, {what}, {how}",
                    "score",
                    f"{compared} {treated} 1 is the labels' own grouping, 0 what chance gives.",
                    _AIMS.get(key, ""),
                )
    return meanings


# name: (title, form, text, aim), by group.
_GROUPS: Final[dict[str, dict[str, tuple[str, Form, str, str]]]] = {
    "Size": {
        "firms": ("Firms", "count", "Firms of the run, those without topics included.", ""),
        "firms_modelled": (
            "Firms with topics",
            "count",
            "Firms with enough sentences for a topic model.",
            "",
        ),
        "sentences": ("Sentences", "count", "Every sentence that was said, greetings included.", ""),
        "topics": ("Topics", "count", "What single firms talk about, summed over firms.", ""),
        "themes": ("Themes", "count", "What several firms talk about.", ""),
        "themes_subject": ("Themes of subject matter", "count", "About the business and its world.", ""),
        "themes_reporting": (
            "Themes of reporting",
            "count",
            "Results, guidance and accounting language.",
            "",
        ),
        "themes_procedure": ("Themes of procedure", "count", "Greetings, hand-overs, safe-harbour text.", ""),
        "themes_filler": ("Themes of filler", "count", "Hedging and connecting speech without content.", ""),
    },
    "Coverage": {
        "outlier_share": (
            "Outliers",
            "share",
            "Of the sentences that were modelled, those that no topic took.",
            "≤ 15 %",
        ),
        "topics_in_theme": (
            "Topics in a theme",
            "share",
            "Topics that other firms have too. The rest is a firm's own.",
            "≥ 80 %",
        ),
        "topics_in_theme_procedure_aside": (
            "Topics in a theme, procedure aside",
            "share",
            "The same, without the topics that were set aside as procedure and could reach no theme.",
            "",
        ),
        "firms_with_theme": (
            "Firms with a theme",
            "share",
            "Firms with at least one topic in a theme; skipped firms count.",
            "≥ 95 %",
        ),
        "modelled_firms_with_theme": (
            "Firms with a theme, of those with topics",
            "share",
            "The same, among firms with enough sentences.",
            "",
        ),
        "sentences_in_theme": (
            "Sentences in a theme",
            "share",
            "Of all that was said, how much the themes account for.",
            "",
        ),
        "modelled_sentences_in_theme": (
            "Sentences in a theme, of those modelled",
            "share",
            "The same, procedure and empty sentences aside.",
            "",
        ),
    },
    "Procedure": {
        "procedural_sentences": (
            "Procedural sentences",
            "share",
            "Greetings, operator turns, safe harbour: kept and flagged.",
            "",
        ),
        "procedural_share_ten_largest": (
            "Procedure among the ten largest themes",
            "share",
            "Of the ten themes with most firms, those that are call procedure.",
            "0 %",
        ),
        "subject_share_ten_first": (
            "Subject matter among the ten first themes",
            "share",
            "Of the ten themes listed first, those about the business and its world.",
            "100 %",
        ),
    },
    "Kinds against labels": {
        "procedure_precision": (
            "Precision of the procedure flag",
            "share",
            "Of the sentences flagged as procedure, those that the labels call so too.",
            "≥ 95 %",
        ),
        "procedure_recall": (
            "Recall of the procedure flag",
            "share",
            "Of the sentences that the labels call procedure, those that are flagged.",
            "≥ 90 %",
        ),
        "topic_kind_agreement": (
            "Topics of the right kind",
            "share",
            "Topics whose kind is the one that most of their labelled sentences have.",
            "≥ 90 %",
        ),
    },
    "Words": {
        "topic_diversity": (
            "Diversity of a firm's topics",
            "score",
            "Distinct words among the ten top words of all topics, mean over firms; 1 is no repetition.",
            "≥ .85",
        ),
        "theme_diversity": (
            "Diversity of themes",
            "score",
            "The same over the themes; low values mean themes that share their words.",
            "",
        ),
        "topic_npmi": (
            "NPMI of topics",
            "score",
            "Whether a topic's words are said near each other, −1 to 1. It does not tell a good model from a bad one.",
            "",
        ),
        "topic_cv": (
            "C_v of topics",
            "score",
            "The same by another measure, 0 to 1; to compare with papers.",
            "",
        ),
        "theme_npmi": (
            "NPMI of themes",
            "score",
            "Whether a theme's words are said near each other, −1 to 1.",
            "",
        ),
        "theme_cv": (
            "C_v of themes",
            "score",
            "The same by another measure, 0 to 1; to compare with papers.",
            "",
        ),
    },
    "Separation": {
        "theme_cohesion": (
            "Coherence of themes",
            "score",
            "Mean cosine of a theme's topics to its centre; 1 is identical topics.",
            "",
        ),
        "theme_silhouette_left_out": (
            "Silhouette of themes",
            "score",
            "How much nearer a topic is to its own theme than to the next, −1 to 1; topics in no theme left out.",
            "",
        ),
        "theme_silhouette_singletons": (
            "Silhouette of themes, unassigned one by one",
            "score",
            "The same, each topic in no theme counted as 0.",
            "",
        ),
        "topic_silhouette_left_out": (
            "Silhouette of topics",
            "score",
            "How much nearer a sentence is to its own topic than to the next, mean over firms; outliers left out.",
            "",
        ),
        "topic_silhouette_singletons": (
            "Silhouette of topics, outliers one by one",
            "score",
            "The same, each outlier counted as 0.",
            "",
        ),
    },
    "Stability": {
        "topic_stability": (
            "Stability of topics",
            "score",
            "How far a topic comes back when the fit is repeated on 90 % of the sentences.",
            "",
        ),
        "theme_stability": (
            "Stability of themes",
            "score",
            "How far a theme comes back when the clustering is repeated on 90 % of the topics.",
            "",
        ),
    },
}

MEANINGS: Final[dict[str, Meaning]] = {
    name: Meaning(group, *line) for group, lines in _GROUPS.items() for name, line in lines.items()
} | _agreement()
