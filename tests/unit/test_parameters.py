"""What the settings say of a built-in model is what the model takes, so that a checked parameter never fails later."""

import dataclasses
import inspect
from typing import Any

import pytest

from earnings_themes.config.parameters import TOPIC_PARAMETERS
from earnings_themes.implementations import model_class

OWN = {"self", "seed", "random_state", "mixture", "method"}


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


@pytest.mark.parametrize("name", TOPIC_PARAMETERS)
def test_the_settings_say_what_the_model_takes(name: str) -> None:
    assert declared(TOPIC_PARAMETERS[name]) == signature(model_class(name))
