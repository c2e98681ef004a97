"""Names of speakers and callers are found, and ordinary words are not taken for them."""

from __future__ import annotations

from earnings_themes.speech import introduced_names


def test_names_come_from_introductions_and_from_the_transcript() -> None:
    call = [
        "Our next question comes from the line of Jane Okafor with Acme Bank.",
        "Thank you, Dana.",
        "Good morning, Steve.",
        "We think the mark will fall, thank you, Mark.",
    ]
    call += [
        "Sales moved over to South America.",
        "Thanks, HMO volumes rose.",
        "I will turn it over to Nadia.",
    ]
    names = introduced_names(call, ["Luis Ortega", "Speaker 3", None])
    assert {"jane", "okafor", "dana", "steve", "luis", "ortega", "nadia"} <= names
    assert "mark" not in names, "the call also uses it as a word"
    assert not names & {"speaker", "bank", "thank", "with", "south", "america", "hmo"}
