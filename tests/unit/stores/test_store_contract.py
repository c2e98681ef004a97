"""What every ThemeStore owes its readers; runs on each implementation."""

import dataclasses
from collections.abc import Iterator

import pytest

from earnings_themes.abstractions import (
    FirmEntry,
    FirmTopics,
    Themes,
    ThemeStore,
    ThemeTopic,
    TopicSentence,
    UnassignedTopic,
)
from earnings_themes.errors import NotFoundError, ResultError
from tests.published import ODD_FIRM_IDS, everything, make_firm, make_run, make_themes, make_topic

# --- reading back ----------------------------------------------------------------------------------


def test_receipt_counts_what_was_written(store: ThemeStore) -> None:
    receipt = store.publish("sample", *make_run())
    assert receipt.run == "sample"
    assert receipt.counts == {"themes": 2, "firms": 3, "topics": 9, "sentences": 27}
    assert receipt.seconds > 0


def test_a_run_is_listed_with_its_counts_and_the_version_of_its_receipt(store: ThemeStore) -> None:
    receipt = store.publish("sample", *make_run())
    (info,) = store.runs()
    assert (info.run, info.version, info.digest) == ("sample", receipt.version, receipt.digest)
    assert (info.n_firms, info.n_themes, info.n_topics, info.n_sentences) == (3, 2, 9, 27)
    assert info.published_at.endswith("+00:00")


def test_themes_come_by_rank_without_their_topics(store: ThemeStore) -> None:
    firms, themes = make_run()
    store.publish("sample", firms, themes)
    listed = [
        dataclasses.replace(theme, centroid=(), firms=(), topics=(), representative_sentences=())
        for theme in themes.themes
    ]
    assert store.themes("sample") == listed


def test_themes_keep_their_rank_order_beyond_999(store: ThemeStore) -> None:
    themes = make_themes("sample", [], n_themes=1)
    many = tuple(
        dataclasses.replace(themes.themes[0], theme_id=f"sample-{rank:03d}") for rank in (2, 999, 1000, 1001)
    )
    store.publish("sample", [make_firm("sample", "A", ())], dataclasses.replace(themes, themes=many))
    assert [theme.theme_id for theme in store.themes("sample")] == [theme.theme_id for theme in many]


def test_a_theme_comes_back_as_published_but_for_its_centroid(store: ThemeStore) -> None:
    firms, themes = make_run()
    store.publish("sample", firms, themes)
    assert store.theme("sample-002") == dataclasses.replace(themes.themes[1], centroid=())


def test_runs_of_one_registry_share_the_ids_of_themes(store: ThemeStore) -> None:
    published = {}
    for run, firm_ids in (("q1", ("A", "B")), ("q2", ("B", "C", "D"))):
        firms, themes = make_run(run, firm_ids)
        lasting = tuple(
            dataclasses.replace(theme, theme_id=f"r{7 + number:06d}")
            for number, theme in enumerate(themes.themes)
        )
        published[run] = dataclasses.replace(themes, themes=lasting)
        store.publish(run, firms, published[run])
    for run, themes in published.items():
        assert store.theme("r000008", run) == dataclasses.replace(themes.themes[1], centroid=())
        assert [theme.theme_id for theme in store.themes(run)] == ["r000007", "r000008"]
    assert store.theme("r000008").n_firms == 3
    history = store.theme_history("r000008")
    assert [(info.run, theme.n_firms) for info, theme in history] == [("q2", 3), ("q1", 2)]
    with pytest.raises(NotFoundError, match="r000009"):
        store.theme_history("r000009")
    store.delete("q2")
    assert store.theme("r000008").n_firms == 2
    with pytest.raises(NotFoundError):
        store.theme("r000008", "q2")


def test_a_topic_comes_with_its_sentences_in_order_and_its_theme(store: ThemeStore) -> None:
    firms, themes = make_run()
    store.publish("sample", firms, themes)
    topic = store.topic("B", 1, "sample")
    published = firms[1].topics[1]
    assert topic.sentences == published.sentences
    assert (topic.firm_id, topic.firm_name, topic.run) == ("B", "Firm B Inc.", "sample")
    assert (topic.label, topic.kind, topic.keywords) == (published.label, published.kind, published.keywords)
    assert (topic.size, topic.stability) == (3, 0.875)
    assert (topic.theme_id, topic.unassigned_reason) == ("sample-002", None)


def test_a_topic_in_no_theme_says_why(store: ThemeStore) -> None:
    store.publish("sample", *make_run())
    topic = store.topic("A", 2, "sample")
    assert (topic.theme_id, topic.unassigned_reason) == (None, "too_few_firms")
    assert len(topic.sentences) == 3


def test_a_sentence_without_a_probability_or_speaker_comes_back_so(store: ThemeStore) -> None:
    sentence = TopicSentence("A_1_0001", "Thank you.", "", None)
    topic = dataclasses.replace(make_topic("A", 0), sentences=(sentence,), size=1, stability=None)
    firms = [make_firm("sample", "A", (topic,))]
    store.publish("sample", firms, make_themes("sample", firms, n_themes=0))
    assert store.topic("A", 0, "sample").sentences == (sentence,)
    assert store.topic("A", 0, "sample").stability is None


def test_a_firm_shows_the_share_of_each_theme_and_all_its_topics(store: ThemeStore) -> None:
    topics = (make_topic("A", 0, 2), make_topic("A", 1, 6), make_topic("A", 2, 4))
    firms = [make_firm("sample", "A", topics, metadata={"n_sentences": 20})]
    store.publish("sample", firms, make_themes("sample", firms))
    view = store.firm("A", "sample")
    assert [(share.theme_id, share.n_sentences, share.share) for share in view.themes] == [
        ("sample-002", 6, 0.3),  # the largest share first, not the best rank
        ("sample-001", 2, 0.1),
    ]
    assert (view.themes[0].label, view.themes[0].kind) == ("tariffs, pricing", "subject")
    assert view.n_sentences == 20
    assert [topic.topic_id for topic in view.topics] == [0, 1, 2]
    assert [topic.theme_id for topic in view.topics] == ["sample-001", "sample-002", None]
    assert all(topic.sentences == () for topic in view.topics)
    assert dataclasses.replace(store.topic("A", 1, "sample"), sentences=()) == view.topics[1]


def test_two_topics_of_a_firm_in_one_theme_are_one_share(store: ThemeStore) -> None:
    firms = [make_firm("sample", "A", (make_topic("A", 0, 2), make_topic("A", 3, 5)))]
    themes = make_themes("sample", firms, n_themes=1)
    members = tuple(ThemeTopic("A", t.topic_id, t.label, t.size, 0.5) for t in firms[0].topics)
    both = dataclasses.replace(themes.themes[0], topics=members)
    store.publish("sample", firms, dataclasses.replace(themes, themes=(both,), unassigned_topics=()))
    (share,) = store.firm("A", "sample").themes
    assert share.n_sentences == 7


def test_a_firm_with_too_few_sentences_is_a_result(store: ThemeStore) -> None:
    quiet = make_firm("sample", "Q", (), status="too_few_sentences", metadata={"n_sentences": 4})
    firms, themes = make_run()
    store.publish("sample", [*firms, quiet], themes)
    view = store.firm("Q", "sample")
    assert (view.status, view.n_sentences, view.topics, view.themes) == ("too_few_sentences", 4, (), ())
    assert FirmEntry("Q", "Firm Q Inc.", "too_few_sentences") in store.firms("sample")


def test_a_firm_without_a_sentence_has_no_shares_to_divide(store: ThemeStore) -> None:
    silent = make_firm("sample", "S", (), status="no_transcript", outliers=(), metadata={})
    store.publish("sample", [silent], make_themes("sample", [], n_themes=0))
    assert store.firm("S", "sample").n_sentences == 0


def test_a_run_without_themes_is_whole(store: ThemeStore) -> None:
    firms = [make_firm("sample", "A", (make_topic("A", 0),))]
    store.publish("sample", firms, make_themes("sample", firms, n_themes=0))
    assert store.themes("sample") == []
    assert [topic.theme_id for topic in store.firm("A", "sample").topics] == [None]
    assert store.search("supply", "sample").themes == ()


def test_firms_are_listed_by_id(store: ThemeStore) -> None:
    store.publish("sample", *make_run(firm_ids=ODD_FIRM_IDS))
    assert [firm.firm_id for firm in store.firms("sample")] == sorted(ODD_FIRM_IDS)


@pytest.mark.parametrize("firm_id", ODD_FIRM_IDS)
def test_any_firm_id_is_found_again_and_meets_no_other(store: ThemeStore, firm_id: str) -> None:
    firms, themes = make_run(firm_ids=ODD_FIRM_IDS)
    store.publish("sample", firms, themes)
    published = next(firm for firm in firms if firm.firm_id == firm_id)
    assert store.firm(firm_id, "sample").firm_name == published.firm_name
    assert store.topic(firm_id, 2, "sample").sentences == published.topics[2].sentences
    assert [topic.topic_id for topic in store.firm(firm_id, "sample").topics] == [0, 1, 2]
    assert firm_id in store.theme("sample-001").firms


def test_a_firm_id_that_begins_another_one_does_not_get_its_topics(store: ThemeStore) -> None:
    store.publish("sample", *make_run(firm_ids=("A", "A#RUN", "AB")))
    assert [topic.firm_id for topic in store.firm("A", "sample").topics] == ["A"] * 3


def test_a_run_whose_name_begins_another_one_is_its_own(store: ThemeStore) -> None:
    store.publish("q1", *make_run("q1", tag=" in q1"))
    store.publish("q1-late", *make_run("q1-late", tag=" in q1-late"))
    assert "in q1," in store.topic("A", 0, "q1").sentences[0].text
    assert store.theme("q1-late-001").theme_id == "q1-late-001"
    assert len(store.firm("A", "q1").topics) == 3


def test_a_topic_of_5000_sentences_comes_back_whole_and_in_order(store: ThemeStore, many: int) -> None:
    firms = [make_firm("sample", "A", (make_topic("A", 0, many),))]
    store.publish("sample", firms, make_themes("sample", firms, n_themes=1))
    assert store.topic("A", 0, "sample").sentences == firms[0].topics[0].sentences


def test_a_theme_of_5000_topics_comes_back_whole(store: ThemeStore, many: int) -> None:
    topics = tuple(dataclasses.replace(make_topic("A", n, n_sentences=0), size=1) for n in range(many))
    members = tuple(ThemeTopic("A", topic.topic_id, topic.label, topic.size, 0.5) for topic in topics)
    themes = make_themes("sample", [], n_themes=1)
    theme = dataclasses.replace(themes.themes[0], topics=members, firms=("A",))
    store.publish("sample", [make_firm("sample", "A", topics)], dataclasses.replace(themes, themes=(theme,)))
    assert store.theme("sample-001") == dataclasses.replace(theme, centroid=())


def test_a_sentence_of_20000_letters_comes_back_whole(store: ThemeStore) -> None:
    topic = make_topic("A", 0, 1)
    long = dataclasses.replace(topic.sentences[0], text="東京 growth " * 2000)
    firms = [make_firm("sample", "A", (dataclasses.replace(topic, sentences=(long,)),))]
    store.publish("sample", firms, make_themes("sample", firms, n_themes=1))
    assert store.topic("A", 0, "sample").sentences[0].text == long.text
    assert store.theme("sample-001").representative_sentences[0].text == long.text


# --- what is not there -----------------------------------------------------------------------------


def test_a_name_that_is_not_there_is_named_in_the_error(store: ThemeStore) -> None:
    store.publish("sample", *make_run())
    for ask, name in (
        (lambda: store.themes("other"), "'other'"),
        (lambda: store.firms("other"), "'other'"),
        (lambda: store.theme("sample-009"), "'sample-009'"),
        (lambda: store.theme("nonsense"), "'nonsense'"),
        (lambda: store.firm("Z", "sample"), "'Z'"),
        (lambda: store.firm("A", "other"), "'other'"),
        (lambda: store.firm_history("Z"), "'Z'"),
        (lambda: store.topic("A", 9, "sample"), "no topic 9"),
        (lambda: store.topic("Z", 0, "sample"), "'Z'"),
        (lambda: store.topic("A", 0, "other"), "'other'"),
        (lambda: store.search("supply", "other"), "'other'"),
        (lambda: store.delete("other"), "'other'"),
    ):
        with pytest.raises(NotFoundError, match=name):
            ask()


def test_a_missing_topic_says_which_there_are(store: ThemeStore) -> None:
    quiet = make_firm("sample", "Q", (), status="too_few_sentences")
    firms, themes = make_run()
    store.publish("sample", [*firms, quiet], themes)
    with pytest.raises(NotFoundError, match="its topics are 0 to 2"):
        store.topic("A", 9, "sample")
    with pytest.raises(NotFoundError, match="it has no topics"):
        store.topic("Q", 0, "sample")


# --- search ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("supply", ["sample-001"]),
        ("SUPPLY Freight", ["sample-001"]),
        ("tariff", ["sample-002"]),  # another form of the word
        ("cafe", ["sample-002"]),  # without the accent
        ("CAFÉ", ["sample-002"]),
        ("supply tariffs", []),  # every word, not any
        ("supp", []),  # whole words
        ('"supply" OR tariffs', []),  # the words as typed, not a query language
        ("supply*", ["sample-001"]),
        ("&", []),
        ("", []),
    ],
)
def test_search_finds_themes_by_whole_words_in_any_form(
    store: ThemeStore, words: str, found: list[str]
) -> None:
    store.publish("sample", *make_run())
    result = store.search(words, "sample")
    assert [theme.theme_id for theme in result.themes] == found
    assert result.run == "sample"


# --- publishing again ------------------------------------------------------------------------------


def test_publishing_the_same_again_changes_nothing_that_readers_see(store: ThemeStore) -> None:
    first = store.publish("sample", *make_run())
    before = everything(store, "sample")
    second = store.publish("sample", *make_run())
    assert everything(store, "sample") == before
    assert (second.version, second.digest, second.counts) == (first.version, first.digest, first.counts)


def test_the_order_of_the_firms_is_not_part_of_the_content(store: ThemeStore) -> None:
    firms, themes = make_run()
    first = store.publish("sample", firms, themes)
    assert store.publish("sample", reversed(firms), themes).version == first.version


def test_new_content_replaces_all_of_the_old(store: ThemeStore) -> None:
    first = store.publish("sample", *make_run(firm_ids=("A", "B", "C")))
    second = store.publish("sample", *make_run(firm_ids=("B", "D"), tag=" again", n_topics=1))
    assert second.version != first.version
    assert [firm.firm_id for firm in store.firms("sample")] == ["B", "D"]
    assert [topic.topic_id for topic in store.firm("B", "sample").topics] == [0]
    assert "again" in store.topic("B", 0, "sample").sentences[0].text
    with pytest.raises(NotFoundError):
        store.topic("B", 2, "sample")
    assert len(store.runs()) == 1


def test_going_back_to_earlier_content_works(store: ThemeStore) -> None:
    first = store.publish("sample", *make_run(tag=" one"))
    store.publish("sample", *make_run(tag=" two"))
    third = store.publish("sample", *make_run(tag=" one"))
    assert third.digest == first.digest
    assert "one" in store.topic("A", 0, "sample").sentences[0].text


@pytest.mark.parametrize(
    "change", [{"firm_name": "Renamed"}, {"status": "no_transcript"}, {"metadata": {"n_sentences": 99}}]
)
def test_every_published_field_of_a_firm_counts_as_a_change(
    store: ThemeStore, change: dict[str, object]
) -> None:
    firms, themes = make_run()
    first = store.publish("sample", firms, themes)
    firms[0] = dataclasses.replace(firms[0], **change)
    assert store.publish("sample", firms, themes).version != first.version


def test_vectors_timing_and_outliers_are_not_part_of_the_content(store: ThemeStore) -> None:
    firms, themes = make_run()
    first = store.publish("sample", firms, themes)
    metadata = {**firms[0].metadata, "timing": {"seconds": 3.2}}
    firms[0] = dataclasses.replace(firms[0], metadata=metadata, centroids=((0.5, 0.5),) * 3, outliers=())
    assert store.publish("sample", firms, themes).version == first.version


def test_two_runs_do_not_touch_each_other(store: ThemeStore) -> None:
    store.publish("q1", *make_run("q1", tag=" in q1"))
    before = everything(store, "q1")
    store.publish("q2", *make_run("q2", tag=" in q2", firm_ids=("B", "Z")))
    assert everything(store, "q1") == before
    store.delete("q2")
    assert everything(store, "q1") == before


def test_the_newest_run_comes_first(store: ThemeStore) -> None:
    for run in ("q1", "q3", "q2"):
        store.publish(run, *make_run(run))
    assert [info.run for info in store.runs()] == ["q2", "q3", "q1"]
    store.publish("q1", *make_run("q1", tag=" again"))
    assert store.runs()[0].run == "q1"


def test_a_firm_across_runs_comes_newest_first_and_only_where_it_is(store: ThemeStore) -> None:
    store.publish("q1", *make_run("q1", firm_ids=("A", "B")))
    store.publish("q2", *make_run("q2", firm_ids=("B",)))
    store.publish("q3", *make_run("q3", firm_ids=("A",)))
    assert [view.run for view in store.firm_history("A")] == ["q3", "q1"]
    assert store.firm_history("A") == [store.firm("A", "q3"), store.firm("A", "q1")]


def test_a_deleted_run_is_gone_and_can_be_published_again(store: ThemeStore) -> None:
    store.publish("sample", *make_run())
    store.delete("sample")
    assert store.runs() == []
    for ask in (
        lambda: store.themes("sample"),
        lambda: store.theme("sample-001"),
        lambda: store.firm("A", "sample"),
        lambda: store.firm_history("A"),
        lambda: store.delete("sample"),
    ):
        with pytest.raises(NotFoundError):
            ask()
    store.publish("sample", *make_run())
    assert len(store.firms("sample")) == 3


# --- a reader during a publish ---------------------------------------------------------------------


def test_a_reader_during_a_publish_sees_the_old_version(store: ThemeStore) -> None:
    store.publish("sample", *make_run(tag=" old"))
    before = everything(store, "sample")
    seen = []

    def watched(firms: list[FirmTopics]) -> Iterator[FirmTopics]:
        for number, firm in enumerate(firms):
            if number in (0, 26):
                seen.append(everything(store, "sample") == before)
            yield firm
        seen.append(everything(store, "sample") == before)

    firms, themes = make_run(firm_ids=tuple(f"N{n:02d}" for n in range(30)), tag=" new", n_topics=1)
    store.publish("sample", watched(firms), themes)
    assert seen == [True] * 3
    assert "new" in store.topic("N07", 0, "sample").sentences[0].text


def test_a_reader_during_the_first_publish_sees_no_run(store: ThemeStore) -> None:
    store.publish("other", *make_run("other"))

    def watched(firms: list[FirmTopics]) -> Iterator[FirmTopics]:
        for firm in firms:
            assert [info.run for info in store.runs()] == ["other"]
            with pytest.raises(NotFoundError):
                store.theme("sample-001")
            yield firm

    firms, themes = make_run()
    store.publish("sample", watched(firms), themes)
    assert store.theme("sample-001").n_firms == 3


def test_firms_are_read_once_and_not_held(store: ThemeStore) -> None:
    firms, themes = make_run()
    assert store.publish("sample", iter(firms), themes).counts["firms"] == 3


# --- content that does not fit together ------------------------------------------------------------


def wrong_runs() -> Iterator[tuple[str, list[FirmTopics], Themes]]:
    firms, themes = make_run()
    yield "of run 'other'", firms, dataclasses.replace(themes, run="other")
    yield "of run 'other'", [dataclasses.replace(firms[0], run="other"), *firms[1:]], themes
    yield "comes twice", [*firms, firms[0]], themes
    yield "name 2 topics that no firm has, first topic 0 of firm 'C'", firms[:2], themes
    topics = (firms[0].topics[0], firms[0].topics[0])
    yield "two topics with one id", [dataclasses.replace(firms[0], topics=topics), *firms[1:]], themes
    topic = firms[0].topics[0]
    double = dataclasses.replace(topic, sentences=(topic.sentences[0],) * 2)
    yield "sentence twice", [dataclasses.replace(firms[0], topics=(double,)), *firms[1:]], themes
    yield "names a theme twice", firms, dataclasses.replace(themes, themes=(themes.themes[0],) * 2)
    renamed = dataclasses.replace(themes.themes[0], theme_id="other-001")
    yield "names another run", firms, dataclasses.replace(themes, themes=(renamed, themes.themes[1]))
    stolen = dataclasses.replace(themes.themes[1], topics=themes.themes[0].topics)
    yield "is twice in the themes", firms, dataclasses.replace(themes, themes=(themes.themes[0], stolen))


@pytest.mark.parametrize(
    ("message", "firms", "themes"), list(wrong_runs()), ids=lambda value: str(value)[:30]
)
def test_content_that_does_not_fit_is_refused_and_readers_keep_the_old(
    store: ThemeStore, message: str, firms: list[FirmTopics], themes: Themes
) -> None:
    store.publish("sample", *make_run(tag=" old"))
    before = everything(store, "sample")
    with pytest.raises(ResultError, match=message):
        store.publish("sample", firms, themes)
    assert everything(store, "sample") == before
    store.publish("sample", *make_run(tag=" new"))
    assert "new" in store.topic("A", 0, "sample").sentences[0].text


def test_a_source_that_fails_half_way_leaves_the_old_version(store: ThemeStore) -> None:
    store.publish("sample", *make_run(tag=" old"))
    before = everything(store, "sample")
    firms, themes = make_run(tag=" new")

    def broken() -> Iterator[FirmTopics]:
        yield firms[0]
        raise OSError("disk on fire")

    with pytest.raises(OSError, match="disk on fire"):
        store.publish("sample", broken(), themes)
    assert everything(store, "sample") == before
    store.publish("sample", firms, themes)
    assert "new" in store.topic("A", 0, "sample").sentences[0].text


@pytest.mark.parametrize("run", ["", "a#b", "a/b", "q 1", "q1\n"])
def test_a_run_name_that_would_break_keys_is_refused(store: ThemeStore, run: str) -> None:
    with pytest.raises(ResultError, match="may hold letters, digits"):
        store.publish(run, *make_run(run))


def test_an_unassigned_topic_that_no_firm_has_does_no_harm(store: ThemeStore) -> None:
    firms, themes = make_run()
    extra = UnassignedTopic("gone", 0, "outlier")
    store.publish("sample", firms, dataclasses.replace(themes, unassigned_topics=(extra,)))
    assert store.topic("A", 2, "sample").unassigned_reason is None
