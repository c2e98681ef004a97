"""The items of the DynamoDB table: their keys, their attributes, and the records made from them.

Beside the items of runs, themes and topics there are two more kinds: the firms of a run's list
(`RUN#…`/`FIRM#{firm}`), from which a run is listed and deleted without a Scan, and the topic itself
(`TOPIC#…`/`META`), which is also how a topic without a theme is found.

Firm ids are percent-encoded inside keys, so that none can contain the separator '#'; the `firm_id`
attribute holds the original. Ranks and topic numbers are padded for people; readers sort by the number.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from msgspec import convert

from earnings_themes.abstractions import (
    FirmTopic,
    FirmTopics,
    RepresentativeSentence,
    Theme,
    ThemeTopic,
    TopicView,
)
from earnings_themes.abstractions.records import Keywords
from earnings_themes.errors import ResultError
from earnings_themes.stores.content import THEME_FIELDS, TOPIC_FIELDS, Content, count_spoken, stored_theme

# Developer Guide, "Constraints in Amazon DynamoDB": items, partition keys and sort keys.
# It counts 1,024 to the KB; the 2 % left free cover that sizes are counted here, not by DynamoDB.
ITEM_BYTES: Final = 400_000
_KEY_BYTES: Final = (("pk", 2048), ("sk", 1024), ("gsi1pk", 2048), ("gsi1sk", 1024))
# The same page, "Data types": a number is positive from 1E-130.
_SMALLEST: Final = 1e-130

Value = Any  # str, int, float, None, or a list of them
Item = dict[str, Value]
Key = tuple[str, str]


# --- keys ------------------------------------------------------------------------------------------


def run_key(run: str) -> Key:
    """Return the key of a run's own item, which says which version readers see."""
    return "RUNS", f"RUN#{run}"


def list_pk(run: str, version: str) -> str:
    """Return the partition with a version's lists of themes and firms."""
    return f"RUN#{run}#{version}"


def theme_pk(theme_id: str, version: str) -> str:
    """Return the partition of a theme: itself, its topics, its representative sentences."""
    return f"THEME#{theme_id}#{version}"


def topic_pk(run: str, version: str, firm_id: str, topic_id: int) -> str:
    """Return the partition of a topic: itself and its sentences."""
    return f"TOPIC#{run}#{version}#{encoded(firm_id)}#{topic_id:04d}"


def firm_pk(firm_id: str) -> str:
    """Return the partition of a firm, which holds one item per run; it is a partition of the index too."""
    return f"FIRM#{encoded(firm_id)}"


def encoded(firm_id: str) -> str:
    """Return the firm id as keys hold it."""
    return quote(firm_id, safe="")


# --- items -----------------------------------------------------------------------------------------


def theme_list_item(run: str, version: str, rank: int, theme: Theme) -> Item:
    """Return a theme in its run's list."""
    return _checked(
        {"pk": list_pk(run, version), "sk": f"THEME#{rank:03d}", **_theme_attributes(rank, theme)}
    )


def firm_list_item(run: str, version: str, firm: FirmTopics) -> Item:
    """Return a firm in its run's list."""
    return _checked(
        {
            "pk": list_pk(run, version),
            "sk": f"FIRM#{encoded(firm.firm_id)}",
            "firm_id": firm.firm_id,
            "firm_name": firm.firm_name,
            "status": firm.status,
            "topic_ids": [topic.topic_id for topic in firm.topics],
        }
    )


def theme_items(run: str, version: str, rank: int, theme: Theme) -> Iterator[Item]:
    """Yield a theme and its representative sentences; its topics come with their firms."""
    pk = theme_pk(theme.theme_id, version)
    yield _checked({"pk": pk, "sk": "META", **_theme_attributes(rank, theme)})
    for position, sentence in enumerate(theme.representative_sentences):
        place = {"pk": pk, "sk": f"SENTENCE#{position:04d}", "position": position}
        yield _cut({**place, **asdict(sentence)})


def firm_items(run: str, version: str, firm: FirmTopics, content: Content) -> Iterator[Item]:
    """Yield a firm, its topics, their sentences, and each topic's entry in its theme."""
    yield _checked(
        {
            "pk": firm_pk(firm.firm_id),
            "sk": list_pk(run, version),
            "firm_id": firm.firm_id,
            "firm_name": firm.firm_name,
            "status": firm.status,
            "n_sentences": count_spoken(firm),
            "n_topics": len(firm.topics),
        }
    )
    for topic in firm.topics:
        yield from _topic_items(run, version, firm, topic, content)


def _topic_items(
    run: str, version: str, firm: FirmTopics, topic: FirmTopic, content: Content
) -> Iterator[Item]:
    key = (firm.firm_id, topic.topic_id)
    place = content.places.get(key)
    pk = topic_pk(run, version, *key)
    theme_id = place.theme.theme_id if place else None
    attributes: Item = {
        "firm_id": firm.firm_id,
        "firm_name": firm.firm_name,
        **{name: getattr(topic, name) for name in TOPIC_FIELDS},
        "keywords": _pairs(topic.keywords),
        "theme_id": theme_id,
        "unassigned_reason": content.unassigned.get(key),
    }
    index = {
        "gsi1pk": firm_pk(firm.firm_id),
        "gsi1sk": f"{list_pk(run, version)}#THEME#{theme_id or '-'}#TOPIC#{topic.topic_id:04d}",
    }
    # The index finds a topic by its entry in its theme, or, without a theme, by its own item.
    yield _checked({"pk": pk, "sk": "META", **attributes, **({} if place else index)})
    if place:
        yield _checked(
            {
                "pk": theme_pk(place.theme.theme_id, version),
                "sk": f"TOPIC#{encoded(firm.firm_id)}#{topic.topic_id:04d}",
                **index,
                **attributes,
                "position": place.position,
                "similarity": place.similarity,
                "theme_label": place.theme.label,
                "theme_kind": place.theme.kind,
            }
        )
    for position, sentence in enumerate(topic.sentences):
        yield _cut(
            {
                "pk": pk,
                "sk": f"SENTENCE#{sentence.sentence_id}",
                "position": position,
                "sentence_id": sentence.sentence_id,
                "text": sentence.text,
                "speaker_type": sentence.speaker_type,
                "probability": sentence.probability,
            }
        )


def _theme_attributes(rank: int, theme: Theme) -> Item:
    fields = {name: getattr(theme, name) for name in THEME_FIELDS}
    return {"rank": rank, "keywords": _pairs(theme.keywords), **fields}


# --- sizes -----------------------------------------------------------------------------------------


def item_size(item: Item) -> int:
    """Return at most what DynamoDB counts for an item (Developer Guide, "Item sizes and formats")."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items() if value is not None)


def _value_size(value: Value) -> int:
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    if isinstance(value, list):
        return 3 + sum(1 + _value_size(each) for each in value)
    return 21  # a number of 38 digits, the longest


def _checked(item: Item) -> Item:
    """Return the item. Raises ResultError when DynamoDB would refuse its keys or its size."""
    if item_size(item) > ITEM_BYTES:
        raise ResultError(
            f"{item['pk']} {item['sk']} takes {item_size(item):,} bytes; DynamoDB takes items of {ITEM_BYTES:,}."
        )
    return _with_keys_checked(item)


def _with_keys_checked(item: Item) -> Item:
    for name, limit in _KEY_BYTES:
        if len(item.get(name, "").encode()) > limit:
            raise ResultError(
                f"The id in {item[name][:60]!r}… is too long: DynamoDB takes keys of {limit} bytes. Shorten the id."
            )
    return item


def _cut(item: Item) -> Item:
    """Return a sentence's item, its text cut where the item would be too large; the text then says so."""
    excess = item_size(item) - ITEM_BYTES
    if excess > 0:
        text = item["text"]
        note = f" … [cut here: the sentence has {len(text):,} characters]"
        kept = text.encode()[: -(excess + len(note.encode()) + 64)]  # 64: the name and value of cut_from
        return _checked(item | {"text": kept.decode(errors="ignore") + note, "cut_from": len(text)})
    return _with_keys_checked(item)  # its size is known by now, and measuring is a twentieth of a publish


# --- attributes ------------------------------------------------------------------------------------


def to_attribute(value: Value) -> dict[str, Any]:
    """Return a value in DynamoDB's JSON.

    A float becomes the shortest decimal that reads back as the same float, at most 17 of DynamoDB's 38
    digits. Raises ResultError for NaN and infinity, which DynamoDB has not.
    """
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, list):
        return {"L": [to_attribute(each) for each in value]}
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ResultError(f"A result holds the number {value}, which cannot be published.")
        return {"N": "0" if abs(value) < _SMALLEST else str(Decimal(repr(value)))}
    return {"N": str(value)}


def _pairs(keywords: Keywords) -> list[Value]:
    return [[word, weight] for word, weight in keywords]


# --- records ---------------------------------------------------------------------------------------


def theme_record(item: Item, others: Iterable[Item] = ()) -> Theme:
    """Return a theme from its item and those below it."""
    parts = sorted(others, key=lambda part: part["position"])
    topics = tuple(convert(part, ThemeTopic) for part in parts if part["sk"].startswith("TOPIC#"))
    sentences = tuple(
        convert(part, RepresentativeSentence) for part in parts if part["sk"].startswith("SENTENCE#")
    )
    # DynamoDB gives 1.0 back as 1, and no attribute for None.
    figures: Item = {name: float(item[name]) for name in ("cohesion", "stability") if name in item}
    keywords = convert(item["keywords"], Keywords)
    return stored_theme({"stability": None, **item, **figures}, keywords, topics, sentences)


def topic_view(run: str, item: Item, sentences: Iterable[Item] = ()) -> TopicView:
    """Return a topic from its item and its sentences'."""
    said = sorted(sentences, key=lambda sentence: int(sentence["position"]))
    return convert({**item, "run": run, "theme_id": item.get("theme_id"), "sentences": said}, TopicView)
