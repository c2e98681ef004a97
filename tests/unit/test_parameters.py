"""What the settings say of a built-in model is what the model takes, so that a checked parameter never fails later."""

import dataclasses
import inspect
from typing import Any

import pytest

from earnings_themes.clustering.communities import CentroidCommunities, GraphCommunities
from earnings_themes.config.parameters import (
    THEME_PARAMETERS,
    TOPIC_PARAMETERS,
    BERTopicDensityParameters,
    SentenceGraph,
)
from earnings_themes.implementations import model_class

OWN = {"self", "seed", "random_state", "mixture", "method"}
# The graph's parameters are null in the signature, and said one by one in the settings.
NESTED = {"clusterer_params"}


def signature(kind: type) -> dict[str, Any]:
    """Names and defaults of a class's parameters, also of those that it hands on to its base as **mixture."""
    found: dict[str, Any] = {}
    for each in reversed(kind.__mro__):
        if "__init__" in vars(each) and each is not object:
            found |= {name: p.default for name, p in inspect.signature(each).parameters.items()}
    return {name: value for name, value in found.items() if name not in OWN | {"params"}}


def declared(kind: type) -> dict[str, Any]:
    made = kind()
    found = {field.name: getattr(made, field.name) for field in dataclasses.fields(kind)}
    return {name: value for name, value in found.items() if name not in OWN}


@pytest.mark.parametrize(
    ("declaration", "kind"),
    [
        *((TOPIC_PARAMETERS[name][1][form], model_class(name))
          for name, form in (("bertopic", "communities"), ("lda", ""), ("neural", ""))),
        (SentenceGraph, GraphCommunities),
        (THEME_PARAMETERS[1]["communities"], CentroidCommunities),
    ],
    ids=lambda kind: kind.__name__,
)  # fmt: skip
def test_the_settings_say_what_the_model_takes(declaration: type, kind: type) -> None:
    assert declared(declaration) == signature(kind)


def test_the_prototypes_form_takes_the_same_names() -> None:
    assert set(declared(BERTopicDensityParameters)) == set(signature(model_class("bertopic")))
