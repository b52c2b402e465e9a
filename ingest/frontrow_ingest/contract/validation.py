"""Turning lines and dicts into events, or into reasons why not."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from frontrow_ingest.contract.errors import EventRefusedError, Refusal
from frontrow_ingest.contract.event import RULES_ERROR, ViewingEvent, wall_clock_ms
from frontrow_ingest.contract.fields import FORMATS, TEXT_FORMAT

_FIELD_NAMES = tuple(ViewingEvent.model_fields)
# A name of a field, not somebody's data used as one: short, or plain snake case.
SHOWABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,19}|[a-z][a-z_]{0,39}")
_ORDER = {name: number for number, name in enumerate(_FIELD_NAMES)}

_WRONG_TYPES = {
    "int_type": "must be an integer",
    "int_from_float": "must be an integer",
    "int_parsing": "must be an integer",
    "int_parsing_size": "must be an integer of at most 64 bits",
    "string_type": "must be a string",
    "bool_type": "must be true or false",
    "tuple_type": "must be an array of strings",
    "list_type": "must be an array of strings",
}
_NOT_OBJECTS = ("model_type", "model_attributes_type", "dict_type")


class Validator:
    """Checks events against the contract.

    ``clock`` gives ``received_ts`` (ms since the Unix epoch) to events that lack it. The methods raise
    EventRefusedError with every reason; its message and reasons hold no value of the event.
    """

    def __init__(self, *, clock: Callable[[], int] = wall_clock_ms) -> None:
        self._clock = clock if clock is not wall_clock_ms else None

    def event(self, data: Mapping[str, Any]) -> ViewingEvent:
        """Check a mapping of field names to plain Python values (an array may be a list or a tuple)."""
        try:
            return self._stamp(ViewingEvent.model_validate(data if isinstance(data, dict) else dict(data)))
        except ValidationError as error:
            refused = EventRefusedError(refusals_of(error))
        raise refused

    def line(self, line: bytes | bytearray | memoryview) -> ViewingEvent:
        """Check one JSON object, as UTF-8. The fast path: nothing is built between the bytes and the event."""
        try:
            return self._stamp(ViewingEvent.model_validate_json(bytes(line)))
        except ValidationError as error:
            refused = EventRefusedError(_not_utf8(bytes(line)) or refusals_of(error))
        raise refused

    def _stamp(self, event: ViewingEvent) -> ViewingEvent:
        if self._clock is None or "received_ts" in event.model_fields_set:
            return event
        return event.model_copy(update={"received_ts": self._clock()})


def refusals_of(error: ValidationError) -> list[Refusal]:
    """Translate pydantic's findings. No value of the event passes; a wrong name only where it looks like a name."""
    found: list[Refusal] = []
    for detail in error.errors(include_url=False, include_input=False):
        if detail["type"] == RULES_ERROR:
            found.extend(detail.get("ctx", {}).get("refusals", ()))
        else:
            found.append(_refusal(detail))
    return sorted(found, key=lambda refusal: _ORDER.get(refusal.field, len(_ORDER)))


def _not_utf8(line: bytes) -> list[Refusal] | None:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        return [Refusal("", "not_utf8", f"is not UTF-8 at byte {error.start}")]
    return None


def _refusal(detail: ErrorDetails) -> Refusal:
    location = detail["loc"]
    field = str(location[0]) if location else ""
    kind = detail["type"]
    bounds: dict[str, Any] = detail.get("ctx", {})
    where = f"item {location[1]} " if len(location) > 1 else ""
    if kind == "missing":
        return Refusal(field, "missing", "is required")
    if kind == "extra_forbidden":
        return _unknown_field(field)
    if kind in _WRONG_TYPES:
        return Refusal(field, "wrong_type", where + _WRONG_TYPES[kind])
    if kind in _NOT_OBJECTS:
        return Refusal("", "not_an_object", "must be a JSON object with the contract's fields")
    if kind == "json_invalid":
        return Refusal("", "not_json", f"is not JSON: {bounds.get('error', 'it cannot be parsed')}")
    if kind in ("greater_than_equal", "less_than_equal"):
        limit = f"at least {bounds['ge']}" if "ge" in bounds else f"at most {bounds['le']}"
        return Refusal(field, "out_of_range", f"must be {limit}")
    if kind == "literal_error":
        return Refusal(field, "not_allowed", f"must be one of {bounds['expected']}")
    if kind == "string_too_short":
        return Refusal(field, "empty", f"{where}must not be empty")
    if kind == "string_too_long":
        return Refusal(field, "too_long", f"{where}must have at most {bounds['max_length']} characters")
    if kind == "too_long":
        return Refusal(field, "too_many", f"must have at most {bounds['max_length']} items")
    if kind in ("string_pattern_mismatch", "string_unicode"):
        return Refusal(field, "bad_format", where + FORMATS.get(field, TEXT_FORMAT))
    return Refusal(field, "invalid", f"{where}is not valid ({kind})")


def _unknown_field(name: str) -> Refusal:
    if not SHOWABLE_NAME.fullmatch(name):
        return Refusal("", "unknown_field", "has a field that is not in the contract (its name is not shown)")
    near = difflib.get_close_matches(name.lower(), _FIELD_NAMES, n=1, cutoff=0.7)
    hint = f"; did you mean {near[0]}?" if near else ""
    return Refusal(name, "unknown_field", f"is not a field of the contract{hint}")
