"""Options whose values come to a command as one value."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, TypeAlias

Command: TypeAlias = Callable[..., Any]
Decorator: TypeAlias = Callable[[Command], Command]


def gathered(kind: type[Any], name: str, options: Sequence[Decorator]) -> Decorator:
    """A decorator: the options' values come to the command's function as one ``kind``, made by the names of its fields.

    Args:
        name: of the function's parameter
    """
    names = [each.name for each in fields(kind)]

    def decorate(function: Command) -> Command:
        @functools.wraps(function)
        def called(**values: Any) -> Any:
            own = {each: values.pop(each) for each in names if each in values}
            return function(**values, **{name: kind(**own)})

        decorated: Command = called
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate
