"""Every public name with its signature, a line each, as the interpreter sees it."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from typing import Any

import frontrow


def public_api() -> list[str]:
    """The lines, sorted by name: what is in ``frontrow.__all__``, and public members of the classes there."""
    lines = [line for name in sorted(frontrow.__all__) if name[0] != "_" for line in _lines(name)]
    # Where a default is a function of Python's, its address is of one run.
    return [re.sub(r" at 0x[0-9a-f]+", "", line) for line in lines]


def _lines(name: str) -> Iterator[str]:
    value = getattr(frontrow, name)
    if not inspect.isclass(value):
        yield f"{name}{inspect.signature(value)}"
        # The class of a question has no public name of its own, but methods that are public.
        made = value.__globals__.get(value.__annotations__["return"])
        if inspect.isclass(made) and made.__name__ not in frontrow.__all__:
            yield from _members(made.__name__, made)
        return
    bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
    abstract = inspect.isabstract(value) or getattr(value, "_is_protocol", False)
    yield f"class {name}{f'({bases})' if bases else ''}"
    if not abstract and inspect.isfunction(value.__init__):
        yield f"{name}{inspect.signature(value)}"
    yield from _members(name, value)


def _members(name: str, cls: Any) -> Iterator[str]:
    fields = {each.name: each.type for each in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else {}
    for member in sorted({*dir(cls), *fields}):
        if member.startswith("_") or _builtin(cls, member):
            continue
        kept = inspect.getattr_static(cls, member, None)
        if member in fields:
            yield f"{name}.{member}: {fields[member]}"
        elif isinstance(kept, property):
            yield f"{name}.{member} -> {inspect.signature(kept.fget).return_annotation}"  # type: ignore[arg-type]
        elif callable(found := getattr(cls, member)):
            waits = "async " if inspect.iscoroutinefunction(found) else ""
            yield f"{waits}{name}.{member}{inspect.signature(found)}"
        else:
            yield f"{name}.{member} = {found!r}"


def _builtin(cls: type, member: str) -> bool:
    """Of Python's own classes: what an exception or a sequence has anyway."""
    owner = next((base for base in cls.__mro__ if member in vars(base)), cls)
    return not owner.__module__.startswith("frontrow")
