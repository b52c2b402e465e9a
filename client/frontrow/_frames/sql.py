"""Druid's SQL with bound parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from frontrow._errors import AskError
from frontrow._frames.rows import Header
from frontrow._result import ColumnType

_FORMAT = {"resultFormat": "arrayLines", "header": True, "typesHeader": True, "sqlTypesHeader": True}
# Otherwise an array comes as a text, which a text of the same letters looks like.
_CONTEXT = {"sqlStringifyArrays": False}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN: Mapping[str, ColumnType] = {"time": "time", "string": "string", "integer": "integer", "number": "number"}


def sql_body(text: str, parameters: Sequence[Any]) -> dict[str, Any]:
    """The JSON of a query, its rows asked for as lines of arrays.

    Args:
        parameters: one for each ``?`` of the text: text, numbers, booleans, aware datetimes, None

    Raises:
        AskError: it is no text, or a parameter is of another type
    """
    if not isinstance(text, str) or not text.strip():
        raise AskError('SQL is a text, like "SELECT COUNT(*) FROM audience WHERE country = ?".')
    if isinstance(parameters, str) or not isinstance(parameters, Sequence):
        raise AskError('parameters are a list, one for each ? in the SQL, like ["DE"].')
    body: dict[str, Any] = {"query": text, **_FORMAT, "context": dict(_CONTEXT)}
    if parameters:
        body["parameters"] = [_parameter(number, value) for number, value in enumerate(parameters, 1)]
    return body


def types_of(header: Header) -> dict[str, ColumnType]:
    return {name: _SHOWN.get(kind, "any") for name, kind in header.kinds.items()}


def _parameter(number: int, value: Any) -> dict[str, Any]:
    match value:
        case None:
            return {"type": "VARCHAR", "value": None}
        case bool():
            return {"type": "BOOLEAN", "value": value}
        case int():
            return {"type": "BIGINT", "value": value}
        case float():
            return {"type": "DOUBLE", "value": value}
        case str():
            return {"type": "VARCHAR", "value": value}
        case datetime() if value.tzinfo is not None:
            # Druid 33 answers 500 to a date as a text.
            return {"type": "TIMESTAMP", "value": (value - _EPOCH) // timedelta(milliseconds=1)}
        case _:
            raise AskError(
                f"parameter {number}, {value!r}, is not a text, a number, a boolean, a datetime with a time zone or "
                "None."
            )
