"""Events that come with raw viewer ids: made pseudonymous before anything else looks at them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from frontrow_ingest.contract.errors import EventRefusedError, Refusal
from frontrow_ingest.contract.event import ViewingEvent
from frontrow_ingest.contract.validation import Validator
from frontrow_ingest.contract.viewer_keys import ViewerKeys


def _unnamed(refusal: Refusal, raw: object) -> Refusal:
    if refusal.reason == "unknown_field" and isinstance(raw, str) and raw.casefold() in refusal.field.casefold():
        return Refusal("", refusal.reason, "has a field that is not in the contract (its name is not shown)")
    return refusal


class RawViewerValidator:
    """A Validator for events whose ``viewer_id`` is a raw id, of any form, which never leaves this process."""

    def __init__(self, validator: Validator, keys: ViewerKeys) -> None:
        self._validator = validator
        self._keys = keys

    def event(self, data: Mapping[str, Any]) -> ViewingEvent:
        """See Validator. A viewer id that is missing, empty or no string is refused as everywhere.

        A wrong field whose name holds the raw id is not shown by its name.
        """
        raw = data.get("viewer_id")
        if isinstance(raw, str) and raw:
            data = {**data, "viewer_id": self._keys.pseudonym(raw)}
        try:
            return self._validator.event(data)
        except EventRefusedError as error:
            refused = EventRefusedError([_unnamed(refusal, raw) for refusal in error.refusals])
        raise refused

    def line(self, line: bytes | bytearray | memoryview) -> ViewingEvent:
        """See Validator."""
        try:
            data = orjson.loads(line)
        except orjson.JSONDecodeError:
            data = None
        if isinstance(data, dict):
            return self.event(data)
        self._validator.line(line)  # raises, and says what is wrong
        # Two parsers may disagree; an event whose id stayed raw must not pass.
        raise EventRefusedError([Refusal("", "not_json", "is not JSON that a viewer id can be found in")])
