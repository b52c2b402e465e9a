"""The event contract at run time: what a viewing event must be, and how it looks on the wire.

The Avro schema in ``frontrow_specs`` is the source; :class:`ViewingEvent` adds the ranges and the rules between
fields that Avro cannot say.
"""

from __future__ import annotations

from frontrow_ingest.contract.codec import decode, encode, encode_unchecked, fast_lines
from frontrow_ingest.contract.errors import (
    EventRefusedError,
    NotAvroError,
    NotFramedError,
    Refusal,
    TrailingBytesError,
    UnknownSchemaIdError,
    ViewerKeyError,
    WireError,
)
from frontrow_ingest.contract.event import ViewingEvent
from frontrow_ingest.contract.pseudonym import pseudonymize
from frontrow_ingest.contract.raw_viewers import RawViewerValidator
from frontrow_ingest.contract.validation import Validator
from frontrow_ingest.contract.viewer_keys import FILE_VARIABLE, KEY_VARIABLE, KeyEpoch, ViewerKey, ViewerKeys

__all__ = [
    "FILE_VARIABLE",
    "KEY_VARIABLE",
    "EventRefusedError",
    "KeyEpoch",
    "NotAvroError",
    "NotFramedError",
    "RawViewerValidator",
    "Refusal",
    "TrailingBytesError",
    "UnknownSchemaIdError",
    "Validator",
    "ViewerKey",
    "ViewerKeyError",
    "ViewerKeys",
    "ViewingEvent",
    "WireError",
    "decode",
    "encode",
    "encode_unchecked",
    "fast_lines",
    "pseudonymize",
]
