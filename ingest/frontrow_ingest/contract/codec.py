"""The wire form of an event: 0x01, the schema id as 4 bytes big-endian, the Avro body.

The frame is that of Druid's ``multiple_schemas_inline`` decoder. Writing uses the newest released schema; reading takes
every released one and resolves to the newest.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import fastavro
from fastavro.types import Schema

from frontrow_ingest.contract.avro_binary import RecordEncoder
from frontrow_ingest.contract.errors import NotAvroError, NotFramedError, TrailingBytesError, UnknownSchemaIdError
from frontrow_ingest.contract.event import ViewingEvent
from frontrow_ingest.contract.fast_lines import FastLines
from frontrow_specs import current_schema_id, released_schemas

_FRAME = struct.Struct(">BI")
_VERSION = 1


def encode(event: ViewingEvent) -> bytes:
    """The bytes of an event, framed, in the newest released schema."""
    return _encoder()(event.__dict__)


def encode_unchecked(event: Mapping[str, Any]) -> bytes:
    """The bytes of an event given as a mapping with every field, from a source that keeps the contract by its making.

    Nothing is checked: what does not keep the contract may raise any error, or be written as it is.
    """
    return _encoder()(event)


def decode(value: bytes | bytearray | memoryview) -> dict[str, Any]:
    """The event in framed bytes, as a dict in the newest schema (times as ms since the Unix epoch, arrays as lists).

    The values are what was written; they are not checked against the contract's ranges again. Raises a WireError:
    NotFramedError, UnknownSchemaIdError, NotAvroError or TrailingBytesError.
    """
    return _reader()(value)


def fast_lines(clock: Callable[[], int]) -> FastLines:
    """The quick way from JSON lines to the bytes of :func:`encode`."""
    schema_id = current_schema_id()
    return FastLines(released_schemas()[schema_id], prefix=_FRAME.pack(_VERSION, schema_id), clock=clock)


class FrameReader:
    """Reads framed records of some schemas, given by id, and resolves them to the newest, that of the highest id."""

    def __init__(self, schemas: Mapping[int, Any]) -> None:
        # Without logical types: a time stays the integer that it is.
        self._schemas: dict[int, Schema] = {n: fastavro.parse_schema(_plain(schema)) for n, schema in schemas.items()}
        self._newest = self._schemas[max(self._schemas)]

    def __call__(self, value: bytes | bytearray | memoryview) -> dict[str, Any]:
        """See :func:`decode`."""
        data = bytes(value)
        if len(data) < _FRAME.size:
            raise NotFramedError(f"{len(data)} bytes are too few for a frame of {_FRAME.size}", size=len(data))
        version, schema_id = _FRAME.unpack_from(data)
        if version != _VERSION:
            raise NotFramedError(
                f"the first byte is 0x{version:02x}, not 0x{_VERSION:02x}: not an event", size=len(data)
            )
        if schema_id not in self._schemas:
            raise UnknownSchemaIdError(schema_id, sorted(self._schemas), size=len(data))
        body = io.BytesIO(data)
        body.seek(_FRAME.size)
        why = ""
        event: Any = None
        try:
            event = fastavro.schemaless_reader(body, self._schemas[schema_id], self._newest)
        except EOFError:
            why = "it ends too early"
        except Exception as error:  # fastavro has no error tree: a broken body raises whatever it runs into
            why = type(error).__name__
        if why or not isinstance(event, dict):
            raise NotAvroError(schema_id, why or "it is not a record", size=len(data))
        if extra := len(data) - body.tell():
            raise TrailingBytesError(schema_id, extra, size=len(data))
        return event


@cache
def _encoder() -> RecordEncoder:
    schema_id = current_schema_id()
    return RecordEncoder(released_schemas()[schema_id], prefix=_FRAME.pack(_VERSION, schema_id))


@cache
def _reader() -> FrameReader:
    return FrameReader(released_schemas())


def _plain(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _plain(value) for key, value in schema.items() if key != "logicalType"}
    return [_plain(part) for part in schema] if isinstance(schema, list) else schema
