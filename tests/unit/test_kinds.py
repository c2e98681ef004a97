from pathlib import Path

import pytest

from earnings_themes.abstractions.records import Kind
from earnings_themes.labels.kinds import Traits, likelihoods, theme_kind, topic_kind, traits
from evaluation.kinds_evaluation import agreement, evaluate, pack, read_labels, report, text_digest

SAID: dict[Kind, list[str]] = {
    "subject": [
        "The new battery plant in Leipzig will supply three carmakers with cells.",
        "Lithium prices fell, so our cell contracts now follow an index.",
        "We hired forty chemists to bring sodium batteries out of the laboratory.",
        "A carmaker in Korea asked us to build a second plant for solid electrolytes.",
    ],
    "reporting": [
        "Revenue for the quarter was $412 million, up 6% year over year.",
        "Adjusted EBITDA margin improved 120 basis points to 18.4%.",
        "We now expect full-year earnings per share of $2.10 to $2.20.",
        "Operating expenses increased 3% compared with the prior year.",
    ],
    "filler": [
        "Yeah, I think that's right.",
        "So, you know, we'll have to see how it goes.",
        "It's hard to say at this point, to be honest.",
        "I mean, that's kind of how we look at it.",
    ],
}


@pytest.mark.parametrize("kind", list(SAID))
def test_plain_cases_are_told_apart(kind: Kind) -> None:
    assert topic_kind(SAID[kind], [False] * 4) == kind


def test_a_topic_that_is_mostly_procedure_is_procedure() -> None:
    assert topic_kind(SAID["subject"], [True, True, True, False]) == "procedure"
    assert topic_kind(SAID["subject"], [True, True, False, False]) == "subject"


def test_names_do_not_make_a_subject() -> None:
    talk = [
        "Thanks, Priyanka, and over to Bertrand.",
        "I think Bertrand said it, Priyanka.",
        "Yes, Priyanka.",
    ]
    with_names = traits(talk, {"priyanka", "bertrand"})
    assert with_names.telling < traits(talk).telling
    assert topic_kind(talk, [False] * 3, {"priyanka", "bertrand"}) == "filler"


def test_likelihoods_are_of_three_kinds_and_sum_to_one() -> None:
    likely = likelihoods(traits(SAID["subject"]))
    assert set(likely) == {"subject", "reporting", "filler"}
    assert sum(likely.values()) == pytest.approx(1)


def test_the_traits_are_means_over_the_sentences() -> None:
    seen = traits(["Sodium batteries need chemists.", "Yeah.", "Revenue was $3 million.", "Right."])
    assert seen == Traits(
        telling=pytest.approx(3 / 4), empty=0.5, reporting=pytest.approx(0.25), accounts=0.25
    )


def test_a_theme_is_what_its_topics_and_its_sentences_say() -> None:
    subject, filler = traits(SAID["subject"]), traits(SAID["filler"])
    assert theme_kind([("subject", subject, 10), ("filler", filler, 3)]) == "subject"
    assert theme_kind([("subject", subject, 3), ("filler", filler, 30)]) == "filler"
    assert theme_kind([("procedure", filler, 30), ("subject", subject, 10)]) == "procedure"


def test_what_has_no_name_is_no_subject() -> None:
    subject = traits(SAID["subject"])
    assert theme_kind([("subject", subject, 10)], has_words=False) != "subject"


# --- the labels given by hand ------------------------------------------------------------------------


def test_the_labels_are_whole_and_hold_no_text() -> None:
    labels = read_labels(Path("docs/labels/kinds_real.csv"))
    assert len(labels) >= 100
    assert {each.part for each in labels} == {"dev", "held-out"}
    assert {each.kind for each in labels} == {"subject", "reporting", "procedure", "filler"}
    assert len({each.label_id for each in labels}) == len(labels)
    for each in labels:
        for group in each.groups:
            assert all(sentence_id.count("_") == 2 for sentence_id in group)


def test_packing_keeps_every_id() -> None:
    assert pack(["7_1_0012", "7_1_0003", "7_2_0001"]) == "7_1:3+12 7_2:1"


def test_labels_are_compared_on_their_sentences(tmp_path: Path) -> None:
    rows = ["companyid,companyname,transcriptid,mostimportantdateutc,componentorder,componenttext"]
    texts = [*SAID["subject"], *SAID["reporting"]]
    rows += [f'7,Cells,1,2024-02-01,{n},"{text}"' for n, text in enumerate(texts)]
    (tmp_path / "calls.csv").write_text("\n".join(rows) + "\n")
    labels = tmp_path / "labels.csv"
    good, bad = text_digest([SAID["subject"]]), "0" * 16
    labels.write_text(
        "id,unit,file,part,kind,sure,sha256_16,sentences\n"
        f"a,topic,calls.csv,dev,subject,yes,{good},7_1:0+1+2+3\n"
        f"b,theme,calls.csv,dev,subject,no,{text_digest([SAID['reporting']])},7_1:4+5+6+7\n"
        f"c,topic,calls.csv,dev,subject,yes,{bad},7_1:0+1\n"
    )
    answers, n_lost = evaluate(labels, tmp_path)
    assert [(each.labelled.label_id, each.kind) for each in answers] == [("a", "subject"), ("b", "reporting")]
    assert n_lost == 1
    assert agreement(answers).share == 0.5
    assert agreement(answers, sure_only=True).share == 1.0
    assert "subject taken for reporting: 1" in report(labels, tmp_path)
