"""Functions that stand for methods of moto while a server runs, and moto's own again after it."""

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
_ABSENT = object()


class Patches:
    """The replaced methods of one module. Each replacement's docstring says what stock moto does."""

    def __init__(self) -> None:
        self._new: list[tuple[type, str, Any]] = []
        self._stock: list[tuple[type, str, Any]] = []

    def replaces(self, owner: type, name: str) -> Callable[[F], F]:
        """Register the decorated function in place of a method that moto has or lacks."""

        def register(function: F) -> F:
            self._new.append((owner, name, function))
            return function

        return register

    @property
    def applied(self) -> bool:
        """Whether the replacements are in place."""
        return bool(self._stock)

    def apply(self) -> None:
        """Put all replacements in place; a second call changes nothing."""
        if self._stock:
            return
        for owner, name, function in self._new:
            self._stock.append((owner, name, owner.__dict__.get(name, _ABSENT)))
            setattr(owner, name, function)

    def undo(self) -> None:
        """Give moto its own methods back."""
        for owner, name, stock in reversed(self._stock):
            if stock is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, stock)
        self._stock = []
