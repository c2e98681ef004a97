"""Explains each figure of quality.json in a sentence for readers who do not know the papers."""

from dataclasses import dataclass
from typing import Final, Literal

Form = Literal["count", "share", "score", "number"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a metric is shown. aim is what docs/validation.md asks of it, empty where it is only reported."""

    group: str
    title: str
    form: Form
    text: str
    aim: str = ""


_FORMS: Final = {
    "assigned": (
        "settled sentences",
        "Sentences in none do not count, which flatters a run that settles few.",
    ),
    "all": ("all sentences", "Each sentence in none is a group of its own: the strictest form."),
}


def _of_level(level: str, name: str) -> dict[str, Meaning]:
    title = name.capitalize()
    return {
        f"{level}_effective": Meaning(
            title, "Effective number", "number", "1 / Σ share²: so many equally large ones would be as mixed."
        ),
        f"{level}_cohesion": Meaning(
            title, "Cohesion, median", "score",
            "Mean cosine of sentences of one theme from different firms. It does not depend on the theme's size.",
        ),
        f"{level}_stability": Meaning(
            title, "Stability, median", "score",
            "How far a theme comes back when a tenth of the firms is left out, 0 to 1.",
            "≥ .6" if level == "themes" else "≥ .75",
        ),
        f"{level}_unstable": Meaning(
            title, "Stability under .6", "share", "Marked in the lists: not to be trusted by themselves (Hennig 2007)."
        ),
        f"{level}_doubtful": Meaning(
            title, "Stability under .5", "share", "Such a theme comes back by less than half.",
            "≤ 20 %" if level == "themes" else "",
        ),
    }  # fmt: skip


def _agreement(level: str, name: str) -> dict[str, Meaning]:
    group = "Against labels"
    found = {
        f"{level}_{score}_{form}": Meaning(
            group, f"{score.upper()}, {name}, {how}", "score",
            f"Grouping against the labels that several firms share. {treated} 1 is equal, 0 is chance.",
        )
        for score in ("ami", "ari")
        for form, (how, treated) in _FORMS.items()
    }  # fmt: skip
    found[f"{level}_best_f1"] = Meaning(
        group, f"Best match, {name}", "score", "F1 of the theme that fits a label best, mean over labels."
    )
    return found


MEANINGS: Final[dict[str, Meaning]] = {
    "firms": Meaning("Size", "Firms", "count", "All of the run, those without themes included."),
    "firms_modelled": Meaning("Size", "Firms that were read", "count", "Firms with enough sentences for topics."),
    "sentences": Meaning("Size", "Sentences", "count", "Every sentence that was said, greetings included."),
    "sentences_modelled": Meaning("Size", "Modelled sentences", "count", "All but procedure."),
    "sentences_content": Meaning("Size", "Sentences with content", "count", "Those that have a subject of their own."),
    "topics": Meaning("Size", "Topics", "count", "What one firm says on one theme, or says alone."),
    "themes": Meaning("Size", "Themes", "count", "What several firms talk about."),
    "themes_subject": Meaning("Size", "Themes of subject matter", "count", "About the business and its world."),
    "broad": Meaning("Size", "Broad themes", "count", "Groups of themes."),
    "coverage_content": Meaning(
        "Coverage", "In a theme, of sentences with content", "share", "Of what could be in a theme, what is."
    ),
    "coverage_modelled": Meaning(
        "Coverage", "In a theme, of modelled sentences", "share", "Sentences without content included."
    ),
    "firms_with_theme": Meaning("Coverage", "Firms with a theme", "share", "Skipped firms count.", "≥ 95 %"),
    "procedural_sentences": Meaning(
        "Coverage", "Procedure", "share", "Greetings, hand-overs, safe-harbour text: kept, and not modelled."
    ),
    "alike": Meaning(
        "Vectors", "Cosine of any two sentences", "score",
        "Mean over pairs of two firms, whatever they say: .01 to .03 in calls. Above .1, learn a space from your texts.",
        "≤ .1",
    ),
    **_of_level("themes", "themes"),
    **_of_level("broad", "broad themes"),
    **_agreement("themes", "themes"),
    **_agreement("broad", "broad themes"),
    "procedure_precision": Meaning(
        "Procedure against labels", "Precision", "share",
        "Of the sentences taken for procedure, those that the labels call so.", "≥ 95 %",
    ),
    "procedure_recall": Meaning(
        "Procedure against labels", "Recall", "share",
        "Of the sentences that the labels call procedure, those that were found.", "≥ 90 %",
    ),
}  # fmt: skip
