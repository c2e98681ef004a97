"""What DynamoDBThemeStore owes beyond the contract: kills, throttling, limits, leases, the index, the bill."""

import dataclasses
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from earnings_themes.abstractions import FirmTopics, Themes, TopicSentence
from earnings_themes.errors import NotFoundError, ResultError, StoreError
from earnings_themes.stores import dynamodb_table, open_store
from earnings_themes.stores.dynamodb import DynamoDBThemeStore
from earnings_themes.stores.dynamodb_items import ITEM_BYTES, item_size, to_attribute
from tests.published import everything, make_firm, make_run, make_themes, make_topic
from tests.unit.stores.dynamo import (
    Killed,
    content,
    dump,
    kill,
    leave_unprocessed,
    new_store,
    on,
    sent_items,
    snapshot,
    throttle,
    versions,
)

pytestmark = pytest.mark.usefixtures("aws")


def again(store: DynamoDBThemeStore, **settings: Any) -> DynamoDBThemeStore:
    """Return another process's store on the same table."""
    return new_store(store.table.name, **settings)


def small_run(tag: str, firm_ids: tuple[str, ...] = ("A", "B")) -> tuple[list[FirmTopics], Themes]:
    """Return a run whose firms have a topic in a theme, one in none, and one sentence each; and a quiet firm."""
    firms = [
        make_firm("sample", firm_id, (make_topic(firm_id, 0, 1, tag), make_topic(firm_id, 1, 1, tag)))
        for firm_id in firm_ids
    ]
    themes = make_themes("sample", firms, n_themes=1)
    return [*firms, make_firm("sample", "quiet", (), status="too_few_sentences")], themes


def glance(store: DynamoDBThemeStore) -> list[object]:
    """Return a part of what readers see that differs between any two runs here."""
    firms = store.firms("sample")
    return [store.theme("sample-001"), firms, store.firm(firms[0].firm_id, "sample")] + [
        store.topic(firm.firm_id, 0, "sample") for firm in firms if firm.status == "ok"
    ]


# --- killed anywhere -------------------------------------------------------------------------------


def test_a_publisher_killed_at_any_write_leaves_a_whole_version(moto_store: DynamoDBThemeStore) -> None:
    """A batch is not one step for DynamoDB, so every item is a batch here: killed between any two items."""
    store = moto_store
    old, new = small_run(" old", ("A",)), small_run(" new", ("B",))
    store.publish("sample", *new)
    whole_new, content_new = glance(store), content(store)
    store.publish("sample", *old)
    whole_old, content_old, restore = glance(store), content(store), snapshot(store)

    switched = []
    for at_write in range(1, 1000):
        restore()
        victim = again(store, batch_items=1, workers=1, lease_seconds=60)
        kill(victim, at_write)
        try:
            victim.publish("sample", *new)
            break
        except Killed:
            pass
        now = glance(store)
        assert now in (whole_old, whole_new)
        switched.append(now == whole_new)
        if at_write % 2:  # what a killed one left is met by its own retry as well as by other content
            store.publish("sample", *new)
            assert content(store) == content_new
        else:
            store.publish("sample", *old)
            assert content(store) == content_old
    else:
        pytest.fail("the publish never ended")
    assert glance(store) == whole_new
    assert content(store) == content_new
    print(f"killed at {len(switched)} writes of a publish over an old version")
    assert len(switched) > 25
    assert switched == sorted(switched)  # the switch happens once, and for good
    assert switched.count(True) > 10  # the removal of the old version was hit


def test_a_parallel_publisher_killed_anywhere_leaves_a_whole_version(moto_store: DynamoDBThemeStore) -> None:
    store = moto_store
    old, new = make_run(tag=" old"), make_run(tag=" new", firm_ids=("B", "C", "D"))
    store.publish("sample", *new)
    whole_new = everything(store, "sample")[1:]
    store.publish("sample", *old)
    whole_old, content_old, restore = everything(store, "sample")[1:], content(store), snapshot(store)
    for at_write in range(3, 36, 8):
        restore()
        victim = again(store, batch_items=3, lease_seconds=60)
        kill(victim, at_write)
        with pytest.raises(Killed):
            victim.publish("sample", *new)
        assert everything(store, "sample")[1:] in (whole_old, whole_new)
        store.publish("sample", *old)
        assert content(store) == content_old


def test_a_first_publish_killed_at_any_write_leaves_no_run_or_a_whole_one(
    moto_store: DynamoDBThemeStore,
) -> None:
    store = moto_store
    restore = snapshot(store)
    for at_write in range(1, 1000):
        restore()
        victim = again(store, batch_items=5, workers=1, lease_seconds=60)
        kill(victim, at_write)
        try:
            victim.publish("sample", *small_run(" one"))
            break
        except Killed:
            pass
        assert [run.n_firms for run in store.runs()] in ([], [3])
        if dump(store):
            store.delete("sample")
        assert dump(store) == []
    else:
        pytest.fail("the publish never ended")
    print(f"killed at {at_write - 1} writes of a first publish")
    assert at_write > 6
    assert len(store.firms("sample")) == 3


def test_a_delete_killed_at_any_write_is_finished_by_the_next(moto_store: DynamoDBThemeStore) -> None:
    store = moto_store
    store.publish("sample", *small_run(" one"))
    whole, restore = content(store), snapshot(store)
    for at_write in range(1, 1000):
        restore()
        victim = again(store, batch_items=2, workers=1, lease_seconds=60)
        kill(victim, at_write)
        try:
            victim.delete("sample")
            break
        except Killed:
            pass
        if store.runs():
            assert len(glance(store)) == 5
        if at_write % 2:
            store.publish("sample", *small_run(" one"))
            assert content(store) == whole
        elif dump(store):
            store.delete("sample")
            assert dump(store) == []
    else:
        pytest.fail("the delete never ended")
    print(f"killed at {at_write - 1} writes of a delete")
    assert at_write > 8
    assert dump(store) == []


def test_a_refused_publish_leaves_no_item(moto_store: DynamoDBThemeStore) -> None:
    firms, themes = make_run()
    with pytest.raises(ResultError, match="no firm has"):
        moto_store.publish("sample", firms[:2], themes)
    assert dump(moto_store) == []


def test_only_one_version_stays(moto_store: DynamoDBThemeStore) -> None:
    for tag in (" one", " two", " two", " three"):
        moto_store.publish("sample", *make_run(tag=tag))
    (info,) = moto_store.runs()
    assert versions(moto_store) == {info.version}


# --- two at once -----------------------------------------------------------------------------------


def test_a_second_publisher_waits_for_the_first(moto_store: DynamoDBThemeStore) -> None:
    started, order = threading.Event(), []

    def slow(firms: list[FirmTopics]) -> Iterator[FirmTopics]:
        started.set()
        yield firms[0]
        deadline = time.monotonic() + 10
        while not waiting.is_set() and time.monotonic() < deadline:
            time.sleep(0.01)
        yield from firms[1:]
        order.append("first")

    waiting = threading.Event()
    firms, themes = make_run(tag=" first")
    first = threading.Thread(
        target=lambda: again(moto_store, lease_seconds=30).publish("sample", slow(firms), themes)
    )
    second = again(moto_store, lease_seconds=0.5)
    on(second, "after-call.dynamodb.GetItem", lambda **_: waiting.set())
    first.start()
    started.wait(10)
    second.lease_seconds = 30
    second.publish("sample", *make_run(tag=" second"))
    order.append("second")
    first.join(10)
    assert order == ["first", "second"]
    assert "second" in moto_store.topic("A", 0, "sample").sentences[0].text
    assert len(moto_store.firms("sample")) == 3


def test_a_second_publisher_that_may_not_wait_says_who_is_in_the_way(moto_store: DynamoDBThemeStore) -> None:
    impatient = again(moto_store, lease_seconds=30, wait_seconds=0)
    firms, themes = make_run()

    def meanwhile() -> Iterator[FirmTopics]:
        with pytest.raises(StoreError, match=r"'sample' has been published by another process \(.+:\d+:"):
            impatient.publish("sample", *make_run())
        with pytest.raises(StoreError, match="by another process"):
            impatient.delete("sample")
        impatient.publish("other", *make_run("other"))  # another run is nobody's business
        yield from firms

    moto_store.publish("sample", meanwhile(), themes)
    assert [info.run for info in moto_store.runs()] == ["sample", "other"]


def test_a_publisher_that_was_silent_too_long_finds_out_and_does_no_harm(
    moto_store: DynamoDBThemeStore,
) -> None:
    firms, themes = make_run(tag=" slow")
    taker = again(moto_store, lease_seconds=0.05)

    def asleep() -> Iterator[FirmTopics]:
        yield firms[0]
        taker.publish("sample", *make_run(tag=" quick"))
        yield from firms[1:]

    with pytest.raises(StoreError, match="taken run 'sample' over"):
        moto_store.publish("sample", asleep(), themes)
    assert "quick" in moto_store.topic("A", 0, "sample").sentences[0].text
    assert versions(moto_store) == {moto_store.runs()[0].version}


def test_a_publisher_that_lost_its_lease_in_the_middle_of_a_write_removes_what_it_wrote(
    moto_store: DynamoDBThemeStore,
) -> None:
    slow, taker = again(moto_store, workers=1), again(moto_store)
    taking = iter([True])

    def asleep(params: Any, **_: object) -> None:
        if "TOPIC#" in str(params):
            for _once in taking:
                taker.publish("sample", *make_run(tag=" quick"))
                time.sleep(slow.lease_seconds)  # until its next beat is due

    on(slow, "provide-client-params.dynamodb.BatchWriteItem", asleep)
    with pytest.raises(StoreError, match="taken run 'sample' over"):
        slow.publish("sample", *make_run(tag=" slow", firm_ids=tuple(f"{n:02d}" for n in range(30))))
    assert "quick" in moto_store.topic("A", 0, "sample").sentences[0].text
    assert versions(moto_store) == {moto_store.runs()[0].version}


def test_a_living_publisher_keeps_its_lease_while_it_writes(moto_store: DynamoDBThemeStore) -> None:
    """The count of its beats moves on with every chunk of firms, so that nobody takes it for dead."""
    beats = []
    run = make_run(firm_ids=tuple(f"{n:03d}" for n in range(80)), n_topics=2)

    def watched(firms: list[FirmTopics]) -> Iterator[FirmTopics]:
        for number, firm in enumerate(firms):
            if number % 25 == 0:
                item = moto_store.table.get(("RUNS", "RUN#sample")) or {}
                beats.append(int(item["beat"]))
            yield firm

    again(moto_store, lease_seconds=0.001).publish("sample", watched(run[0]), run[1])
    assert beats == sorted(set(beats))
    assert len(beats) == 4


# --- throttling and room ---------------------------------------------------------------------------


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the store would have made; time passes by as much, without waiting."""
    made: list[float] = []
    clock = time.monotonic
    monkeypatch.setattr(dynamodb_table.time, "sleep", made.append)
    monkeypatch.setattr(dynamodb_table.time, "monotonic", lambda: clock() + sum(made))
    return made


def test_items_that_had_no_room_are_sent_again_until_all_are_there(
    moto_store: DynamoDBThemeStore, pauses: list[float]
) -> None:
    store = again(moto_store, workers=1, lease_seconds=60)
    sizes = leave_unprocessed(store, lambda call, n: n if call % 3 == 0 else n // 2)
    store.publish("sample", *make_run())
    fresh = everything(moto_store, "sample")[1:]
    assert fresh[3][0].topics  # type: ignore[index]
    moto_store.publish("again", *make_run("again"))
    assert len(fresh[4]) == len(everything(moto_store, "again")[5]) == 9  # type: ignore[arg-type]
    assert len(pauses) > 3
    assert max(sizes) == 25


def test_requests_that_are_throttled_are_repeated(
    moto_store: DynamoDBThemeStore, pauses: list[float]
) -> None:
    store = again(moto_store, lease_seconds=60)
    throttle(store, times=5)
    store.publish("sample", *make_run())
    throttle(store, times=3, code="ThrottlingException")
    assert len(store.themes("sample")) == 2
    assert len(pauses) == 8


def test_pauses_grow_to_a_limit_and_are_not_all_alike(
    moto_store: DynamoDBThemeStore, pauses: list[float]
) -> None:
    store = again(moto_store)
    store.table.patience_seconds = 1000
    throttle(store, times=40)
    store.runs()
    assert all(pause <= 20.0 for pause in pauses)
    assert all(pause <= 0.05 * 2**n for n, pause in enumerate(pauses))
    assert len(set(pauses)) == 40
    assert max(pauses[20:]) > 5


def test_a_table_without_room_is_given_up_with_advice(
    moto_store: DynamoDBThemeStore, pauses: list[float]
) -> None:
    store = again(moto_store, workers=1, lease_seconds=10_000)
    leave_unprocessed(store, lambda call, n: n if call == 1 else 0)
    with pytest.raises(StoreError, match=r"no room for writes for 300 s\. Publish again later"):
        store.publish("sample", *make_run())
    assert moto_store.runs() == []
    assert 299 < sum(pauses) < 330
    moto_store.publish("sample", *make_run())
    assert len(moto_store.firms("sample")) == 3


def test_a_table_that_is_always_throttled_is_given_up(
    moto_store: DynamoDBThemeStore, pauses: list[float]
) -> None:
    throttle(moto_store, times=10_000)
    with pytest.raises(StoreError, match=r"throttled .ProvisionedThroughputExceededException. for 300 s"):
        moto_store.runs()


def test_slow_progress_is_not_given_up(moto_store: DynamoDBThemeStore, pauses: list[float]) -> None:
    """Patience counts from the last item that found room, not from the first that did not."""
    store = again(moto_store, workers=1, lease_seconds=10_000)
    store.table.patience_seconds = 0.04
    leave_unprocessed(store, lambda call, n: min(n, 1))
    store.publish("sample", *small_run(" one"))
    assert len(moto_store.firms("sample")) == 3
    assert sum(pauses) > 0.04


# --- limits ----------------------------------------------------------------------------------------


def test_batches_are_full_within_limits_and_name_no_key_twice(moto_store: DynamoDBThemeStore) -> None:
    batches = sent_items(moto_store)
    moto_store.publish("sample", *make_run(firm_ids=tuple(f"{n:02d}" for n in range(30))))
    moto_store.publish("sample", *make_run(tag=" two"))
    for batch in batches:
        keys = [str(next(iter(r.values())).get("Key") or _key_of(r["PutRequest"]["Item"])) for r in batch]
        assert 1 <= len(batch) <= 25
        assert len(set(keys)) == len(keys)
    assert sum(len(batch) == 25 for batch in batches) > 10


def _key_of(item: dict[str, Any]) -> dict[str, Any]:
    return {"pk": item["pk"], "sk": item["sk"]}


def test_large_items_make_small_batches(moto_store: DynamoDBThemeStore) -> None:
    """A request holds 16 MB, and a letter beyond ASCII takes up to twice its size on the way."""
    topic = make_topic("A", 0, 30)
    sentences = tuple(dataclasses.replace(s, text="東" * 130_000) for s in topic.sentences)
    firm = make_firm("sample", "A", (dataclasses.replace(topic, sentences=sentences),))
    batches = sent_items(moto_store)
    receipt = moto_store.publish("sample", [firm], make_themes("sample", [], n_themes=0))
    assert "sentences_cut" not in receipt.counts
    assert max(len(json.dumps(batch)) for batch in batches) < 16 * 1024 * 1024
    assert max(len(batch) for batch in batches) < 25
    assert len(moto_store.topic("A", 0, "sample").sentences) == 30


@pytest.mark.parametrize("letter", ["a", "東"])
def test_a_sentence_that_no_item_can_hold_is_cut_and_says_so(
    moto_store: DynamoDBThemeStore, letter: str, caplog: pytest.LogCaptureFixture
) -> None:
    topic = make_topic("A", 0, 1)
    long = dataclasses.replace(topic.sentences[0], text=letter * 500_000)
    firms = [make_firm("sample", "A", (dataclasses.replace(topic, sentences=(long,)),))]
    receipt = moto_store.publish("sample", firms, make_themes("sample", firms, n_themes=1))
    text = moto_store.topic("A", 0, "sample").sentences[0].text
    assert text.endswith(" … [cut here: the sentence has 500,000 characters]")
    assert text.startswith(letter * 100_000)
    assert receipt.counts["sentences_cut"] == 2  # in its topic, and as the theme's representative sentence
    assert "500000 characters" in caplog.text
    assert all(item_size(_plain(item)) <= ITEM_BYTES for item in dump(moto_store))


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}


def test_what_no_item_can_hold_is_refused_by_name(moto_store: DynamoDBThemeStore) -> None:
    topic = dataclasses.replace(make_topic("A", 0), keywords=(("x" * 500_000, 1.0),))
    firms = [make_firm("sample", "A", (topic,))]
    with pytest.raises(ResultError, match=r"TOPIC#sample#\S+#A#0000 META takes 500,\d+ bytes"):
        moto_store.publish("sample", firms, make_themes("sample", firms, n_themes=0))
    long = [make_firm("sample", "A" * 2100, ())]
    with pytest.raises(ResultError, match="too long: DynamoDB takes keys of 1024 bytes"):
        moto_store.publish("sample", long, make_themes("sample", long, n_themes=0))
    assert dump(moto_store) == []


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1.0, 1e-7, 5e-324, -0.0, 123456789.123456789, 1e22])
def test_a_number_comes_back_the_same_to_38_digits(value: float) -> None:
    text = to_attribute(value)["N"]
    assert len(text.replace(".", "").replace("-", "").lstrip("0")) <= 38
    assert float(TypeDeserializer().deserialize({"N": text})) == pytest.approx(value, rel=0, abs=1e-130)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_dynamodb_has_not_is_refused(value: float) -> None:
    with pytest.raises(ResultError, match="cannot be published"):
        to_attribute(value)


# --- reading ---------------------------------------------------------------------------------------


def test_a_reader_that_meets_a_switch_asks_again(moto_store: DynamoDBThemeStore) -> None:
    """The version is replaced and deleted after the pointer was read and before the items are."""
    moto_store.publish("sample", *make_run(tag=" old"))
    for ask in (
        lambda reader: reader.themes("sample"),
        lambda reader: reader.theme("sample-001"),
        lambda reader: reader.topic("A", 0, "sample"),
        lambda reader: reader.firm("A", "sample"),
        lambda reader: reader.firms("sample"),
    ):
        reader = again(moto_store)
        replace_once(reader, moto_store)
        found = ask(reader)
        assert found == ask(moto_store)
        assert found


def replace_once(reader: DynamoDBThemeStore, store: DynamoDBThemeStore) -> None:
    """Publish the run anew as soon as the reader has read the pointer."""
    tags = iter([f" {time.monotonic()}"])

    def publish(**_: object) -> None:
        for tag in tags:
            store.publish("sample", *make_run(tag=tag))

    on(reader, "after-call.dynamodb.GetItem", publish)


def test_a_run_deleted_under_a_reader_is_not_found(moto_store: DynamoDBThemeStore) -> None:
    moto_store.publish("sample", *make_run())
    reader = again(moto_store)
    deleting = iter([True])

    def delete(**_: object) -> None:
        for _once in deleting:
            moto_store.delete("sample")

    on(reader, "after-call.dynamodb.GetItem", delete)
    with pytest.raises(NotFoundError, match="no run 'sample'"):
        reader.themes("sample")


def test_a_firm_waits_for_the_index_and_is_never_shown_in_part(
    moto_store: DynamoDBThemeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    moto_store.publish("sample", *make_run())
    whole = moto_store.firm("A", "sample")
    query = moto_store.table.query
    lag = iter([0, 1, 2, None, *[0] * 6])
    slept: list[float] = []

    def behind(*key: Any, index: str = "") -> Iterator[dict[str, Any]]:
        found = list(query(*key, index=index))
        return iter(found[: next(lag)] if index else found)

    monkeypatch.setattr(moto_store.table, "query", behind)
    monkeypatch.setattr("earnings_themes.stores.dynamodb.time.sleep", slept.append)
    assert moto_store.firm("A", "sample") == whole
    assert slept == [0.1, 0.2, 0.4]
    with pytest.raises(StoreError, match="shows 0 of the 3 topics of firm 'A'"):
        moto_store.firm("A", "sample")


def test_an_answer_of_many_pages_is_read_to_the_end(moto_store: DynamoDBThemeStore) -> None:
    """DynamoDB ends a page at 1 MB."""
    topic = make_topic("A", 0, 20)
    sentences = tuple(
        dataclasses.replace(s, text=f"{n} " + "x" * 200_000) for n, s in enumerate(topic.sentences)
    )
    firm = make_firm("sample", "A", (dataclasses.replace(topic, sentences=sentences),))
    moto_store.publish("sample", [firm], make_themes("sample", [], n_themes=0))
    pages = []
    on(
        moto_store,
        "after-call.dynamodb.Query",
        lambda parsed, **_: pages.append("LastEvaluatedKey" in parsed),
    )
    assert moto_store.topic("A", 0, "sample").sentences == sentences
    assert pages.count(True) >= 3


def test_a_search_says_that_sentences_were_not_searched(moto_store: DynamoDBThemeStore) -> None:
    moto_store.publish("sample", *make_run())
    result = moto_store.search("tariffs", "sample")
    assert (len(result.themes), result.sentences, result.n_sentences) == (1, (), None)


def test_a_run_of_another_layout_is_refused(moto_store: DynamoDBThemeStore) -> None:
    moto_store.publish("sample", *make_run())
    moto_store.table.update(
        ("RUNS", "RUN#sample"), "SET #layout = :layout", "attribute_exists(#pk)", layout=2
    )
    for ask in (
        moto_store.runs,
        lambda: moto_store.themes("sample"),
        lambda: moto_store.publish("sample", *make_run()),
    ):
        with pytest.raises(StoreError, match="has layout 2"):
            ask()


# --- layout, bill, errors --------------------------------------------------------------------------


def test_the_keys_are_those_of_the_design(moto_store: DynamoDBThemeStore) -> None:
    version = moto_store.publish("sample", *make_run(firm_ids=("a#b",))).version
    found = {
        tuple(item[name]["S"] for name in ("pk", "sk", "gsi1pk", "gsi1sk") if name in item)
        for item in dump(moto_store)
    }
    run, theme, topic = (
        f"RUN#sample#{version}",
        f"THEME#sample-001#{version}",
        f"TOPIC#sample#{version}#a%23b",
    )
    assert found >= {
        ("RUNS", "RUN#sample"),
        (run, "THEME#001"),
        (run, "FIRM#a%23b"),
        (theme, "META"),
        (theme, "TOPIC#a%23b#0000", "FIRM#a%23b", f"{run}#THEME#sample-001#TOPIC#0000"),
        (f"{topic}#0000", "META"),
        (f"{topic}#0002", "META", "FIRM#a%23b", f"{run}#THEME#-#TOPIC#0002"),
        (f"{topic}#0000", "SENTENCE#a#b_T1_0000"),
        ("FIRM#a%23b", run),
    }
    assert {item["firm_id"]["S"] for item in dump(moto_store) if "firm_id" in item} == {"a#b"}


def test_vectors_and_outliers_stay_out(moto_store: DynamoDBThemeStore) -> None:
    moto_store.publish("sample", *make_run())
    attributes = {name for item in dump(moto_store) for name in item}
    assert not {name for name in attributes if "centroid" in name}
    assert not [item for item in dump(moto_store) if item.get("text", {}).get("S") == "Thank you."]


def test_the_units_consumed_are_in_the_receipt_and_summed(moto_store: DynamoDBThemeStore) -> None:
    receipt = moto_store.publish("sample", *make_run())
    assert receipt.capacity is not None
    assert receipt.capacity["write units"] > 5
    after_publish = dict(moto_store.capacity())
    assert after_publish["write units"] == receipt.capacity["write units"]
    moto_store.themes("sample")
    assert moto_store.capacity()["read units"] > after_publish["read units"]
    assert moto_store.capacity()["write units"] == after_publish["write units"]


def test_a_missing_table_is_named_with_its_region(moto_store: DynamoDBThemeStore) -> None:
    for ask in (lambda store: store.runs(), lambda store: store.publish("sample", *make_run())):
        with pytest.raises(
            NotFoundError, match=r"no DynamoDB table 'nope' in region us-east-1.*terraform output"
        ):
            ask(open_store("dynamodb:nope"))


def test_a_table_out_of_reach_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(StoreError, match=r"'themes' cannot be asked: Could not connect.*AWS_REGION"):
        open_store("dynamodb:themes").runs()


def test_a_region_that_is_not_set_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(StoreError, match=r"specify a region.*AWS_REGION"):
        open_store("dynamodb:themes")


def test_a_refusal_by_aws_is_passed_on(moto_store: DynamoDBThemeStore) -> None:
    throttle(moto_store, times=1, code="AccessDeniedException")
    with pytest.raises(StoreError, match="AccessDeniedException"):
        moto_store.runs()


def test_a_sentence_without_a_probability_takes_no_attribute(moto_store: DynamoDBThemeStore) -> None:
    topic = dataclasses.replace(make_topic("A", 0), sentences=(TopicSentence("A_1", "Yes.", "", None),))
    moto_store.publish("sample", [make_firm("sample", "A", (topic,))], make_themes("sample", [], n_themes=0))
    (sentence,) = [item for item in dump(moto_store) if item["sk"]["S"] == "SENTENCE#A_1"]
    assert "probability" not in sentence
