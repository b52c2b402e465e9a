"""What an event or a row holds: Druid's texts, multi-value dimensions, and JSON that is read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from frontrow_ingest.errors import RollupError

Row: TypeAlias = Mapping[str, Any]
"""A column's value by its name: of an event as it was decoded, or of a stored row."""

TIME = "__time"
_HANDLINGS = ("SORTED_ARRAY", "SORTED_SET", "ARRAY")


def text_of(column: str, value: object) -> str | None:
    """A single value as the text that Druid keeps of it; None is null.

    Raises:
        RollupError: it is neither a text, a truth value nor an integer
    """
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case _:
            raise RollupError(f"the column {column!r} holds a {type(value).__name__}: no text that is known here.")


def texts_of(row: Row, column: str) -> tuple[str | None, ...]:
    """Every value of a column as text, at least one: nothing at all is null."""
    value = row.get(column)
    if isinstance(value, list | tuple):
        return tuple(text_of(column, part) for part in value) or (None,)
    return (text_of(column, value),)


def dimension_value(event: Row, name: str, handling: str) -> str | tuple[str | None, ...] | None:
    """What a string dimension stores of an event: null, one text, or a tuple of several.

    Args:
        handling: ``SORTED_ARRAY``, ``SORTED_SET`` (each value once) or ``ARRAY`` (as they come)
    """
    texts: list[str | None] = [*texts_of(event, name)]
    if handling == "SORTED_SET":
        texts = [*dict.fromkeys(texts)]
    if handling != "ARRAY":
        texts.sort(key=nulls_first)
    return texts[0] if len(texts) == 1 else tuple(texts)


def known_handling(handling: str) -> str:
    """Refuse what Druid does not know."""
    if handling.upper() not in _HANDLINGS:
        raise RollupError(f"multiValueHandling {handling!r} is none of {', '.join(_HANDLINGS)}.")
    return handling.upper()


def nulls_first(value: str | None) -> tuple[bool, str]:
    """Sorts texts by their characters, null before all."""
    return value is not None, value or ""


def only(json: object, what: str, keys: str) -> Mapping[str, Any]:
    """A JSON object that holds nothing but some keys; others count only where their value is not empty.

    Args:
        what: it is, for the message
        keys: that are known, in one text

    Raises:
        RollupError: it is no object, or a key is not known: what it says would be passed over silently
    """
    if not isinstance(json, Mapping):
        raise RollupError(f"{what} is a JSON object, not {json!r}.")
    known = set(keys.split())
    if more := [key for key, value in json.items() if key not in known and value not in (None, False, [], {})]:
        raise RollupError(
            f"{what}: {', '.join(map(repr, more))} is not known here; there are {', '.join(sorted(known))}."
        )
    return json


def required(json: Mapping[str, Any], key: str, what: str) -> Any:
    """A value that must be there and not be null.

    Raises:
        RollupError: it is not
    """
    if json.get(key) is None:
        raise RollupError(f"{what} needs {key!r}.")
    return json[key]
