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
    WireError,
)
from frontrow_ingest.contract.event import ViewingEvent
from frontrow_ingest.contract.pseudonym import pseudonymize
from frontrow_ingest.contract.validation import Validator

__all__ = [
    "EventRefusedError",
    "NotAvroError",
    "NotFramedError",
    "Refusal",
    "TrailingBytesError",
    "UnknownSchemaIdError",
    "Validator",
    "ViewingEvent",
    "WireError",
    "decode",
    "encode",
    "encode_unchecked",
    "fast_lines",
    "pseudonymize",
]
