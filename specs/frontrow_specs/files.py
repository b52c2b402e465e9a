"""Reading the data files that the package carries, and files that a user names."""

from __future__ import annotations

import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from frontrow_specs.errors import SpecInvalid

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_LARGEST = 1 << 20


def package_file(*parts: str) -> Traversable:
    """A data file of this package."""
    from importlib.resources import files

    found: Traversable = files("frontrow_specs")
    for part in parts:
        found = found.joinpath(part)
    return found


def load_yaml(source: Traversable) -> Any:
    """The content of a YAML file.

    Raises:
        SpecInvalid: it is missing, larger than 1 MiB, not UTF-8, or not YAML
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(_text(source), Loader=loader)  # noqa: S506 - one of the two safe loaders
    except (yaml.YAMLError, RecursionError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" at line {where.line + 1}" if where is not None else ""
        problem = getattr(error, "problem", None) or type(error).__name__
        raise SpecInvalid(f"{source.name}{line}: not YAML ({problem}).") from error


def load_json(source: Traversable) -> Any:
    """The content of a JSON file.

    Raises:
        SpecInvalid: it is missing, larger than 1 MiB, not UTF-8, or not JSON
    """
    try:
        return json.loads(_text(source))
    except (json.JSONDecodeError, RecursionError) as error:
        raise SpecInvalid(f"{source.name}: not JSON ({error}).") from error


def near(name: str, known: Iterable[str]) -> str:
    """Words that answer a wrong name with the near ones, or with all there are."""
    names = sorted(known)
    close = get_close_matches(name, names, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(names) or 'none'}."


def _text(source: Traversable) -> str:
    try:
        with source.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise SpecInvalid(f"cannot read {source}: {error.strerror or error}.") from error
    if len(content) > _LARGEST:
        raise SpecInvalid(f"{source.name} is larger than {_LARGEST >> 20} MiB, which no spec is.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SpecInvalid(f"{source.name} is not UTF-8 at byte {error.start}.") from error
