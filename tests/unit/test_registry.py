"""A model, a source or a store of one's own is chosen by its import path; a wrong name says what is known."""

import pytest

from earnings_themes.abstractions import DataConnector, TranscriptData
from earnings_themes.errors import ConfigError
from earnings_themes.implementations import (
    CONNECTORS,
    MODELS,
    STORES,
    connector_class,
    model_class,
    store_class,
)


class OwnConnector(DataConnector):
    """A source that holds one firm."""

    def get_firms(self, start_date: object = None, end_date: object = None) -> list[str]:
        return ["1"]

    def get_transcripts(self, firm_id: str) -> TranscriptData:
        return TranscriptData(firm_id, "One", ())


def test_a_class_of_ones_own_is_found_by_its_import_path() -> None:
    assert connector_class(f"{__name__}:OwnConnector")("x").get_firms() == ["1"]


def test_every_built_in_name_leads_to_a_class() -> None:
    for find, names in ((model_class, MODELS), (connector_class, CONNECTORS), (store_class, STORES)):
        for name in names:
            assert isinstance(find(name), type)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bertopik", "topics.model: 'bertopik' is not known.*Did you mean 'bertopic'"),
        ("no.such.module:Class", "cannot be imported: ModuleNotFoundError: No module named"),
        ("earnings_themes.topics.bertopic_model:Nothing", "cannot be imported"),
        (f"{__name__}:OwnConnector", "is not a subclass of earnings_themes.abstractions.TopicModelInterface"),
    ],
)
def test_a_wrong_name_says_what_is_known(name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        model_class(name)
