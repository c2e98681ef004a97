"""What several look-ups answer: all sentences of a theme, broad themes, and one name for each figure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from earnings_themes.abstractions import Theme, ThemeStore
from earnings_themes.errors import NotFoundError

# A record's field, and what the tables and CSV call the same figure.
_NAMES: Final = {"size": "n_sentences", "probability": "strength"}


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of a theme. strength: 0 to 1; None if the run did not measure it."""

    firm_id: str
    topic_id: int
    sentence_id: str
    speaker_type: str
    strength: float | None
    text: str


def all_sentences(store: ThemeStore, theme: Theme, run: str) -> list[Said]:
    """Return every sentence that a run has of a theme, surest first. Raises NotFoundError.

    One query per topic; with a dynamodb store, one request each.
    """
    found = [
        Said(topic.firm_id, topic.topic_id, said.sentence_id, said.speaker_type, said.probability, said.text)
        for topic in theme.topics
        for said in store.topic(topic.firm_id, topic.topic_id, run).sentences
    ]
    return sorted(found, key=lambda said: (-(said.strength or 0.0), said.sentence_id))


def broad_themes(run: str, folder: str | None) -> list[Theme]:
    """Return a run's broad themes from its files, because stores hold level 1 only.

    folder: the run's, on a disk or s3://; None for results/{run}. Raises NotFoundError if there is no
    themes.json.
    """
    # They load Arrow and boto3, which a look-up in a local store does without.
    from earnings_themes.results.artifacts import parse_themes
    from earnings_themes.system.folders import folder_at

    where = folder_at((folder or f"results/{run}").rstrip("/"))
    try:
        data = where.read("themes.json")
    except FileNotFoundError as error:
        raise NotFoundError(
            f"{where}/themes.json is missing, and broad themes are not in a store. Name the run's folder: --folder "
            f"PATH/{run}."
        ) from error
    return list(parse_themes(data, f"{where}/themes.json").broad)


def with_names(value: Any) -> Any:
    """Return a record with each figure under the name that tables and CSV use."""
    if isinstance(value, Mapping):
        return {_NAMES.get(name, name): with_names(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [with_names(part) for part in value]
    return value
