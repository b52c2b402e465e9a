"""The wire form of an event, or of another topic's record: 0x01, the schema id as 4 bytes big-endian, the Avro body.

The frame is that of Druid's ``multiple_schemas_inline`` decoder. Writing uses the newest released schema; reading takes
every released one and resolves to the newest.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import fastavro
from fastavro.types import Schema

from frontrow_ingest.contract.avro_binary import RecordEncoder
from frontrow_ingest.contract.errors import NotAvroError, NotFramedError, TrailingBytesError, UnknownSchemaIdError
from frontrow_ingest.contract.event import ViewingEvent
from frontrow_ingest.contract.fast_lines import FastLines
from frontrow_ingest.contract.strict_avro import NotStrictError, check_body
from frontrow_specs import current_schema_id, released_schemas
from frontrow_specs.avro_schemas import EVENTS

_FRAME = struct.Struct(">BI")
_VERSION = 1
_INT32_MIN, _INT32_MAX = -(1 << 31), (1 << 31) - 1


def encode(event: ViewingEvent) -> bytes:
    """The bytes of an event, framed, in the newest released schema."""
    return topic_encoder(EVENTS)(event.__dict__)


def encode_unchecked(event: Mapping[str, Any]) -> bytes:
    """The bytes of an event given as a mapping with every field, from a source that keeps the contract by its making.

    Nothing is checked: what does not keep the contract may raise any error, or be written as it is.
    """
    return topic_encoder(EVENTS)(event)


def decode(value: bytes | bytearray | memoryview) -> dict[str, Any]:
    """The event in framed bytes, as a dict in the newest schema (times as ms since the Unix epoch, arrays as lists).

    The values are what was written; they are not checked against the contract's ranges again. Raises a WireError:
    NotFramedError, UnknownSchemaIdError, NotAvroError or TrailingBytesError.
    """
    return topic_reader(EVENTS)(value)


def fast_lines(clock: Callable[[], int]) -> FastLines:
    """The quick way from JSON lines to the bytes of :func:`encode`."""
    schema_id = current_schema_id()
    return FastLines(released_schemas()[schema_id], prefix=_FRAME.pack(_VERSION, schema_id), clock=clock)


class FrameReader:
    """Reads framed records of some schemas, given by id, and resolves them to the newest, that of the highest id.

    As strict as Druid's reader: what that refuses is refused here.
    """

    def __init__(self, schemas: Mapping[int, Any]) -> None:
        self._written = dict(schemas)
        # Without logical types: a time stays the integer that it is.
        self._schemas: dict[int, Schema] = {n: fastavro.parse_schema(_plain(schema)) for n, schema in schemas.items()}
        self._newest_id = max(self._schemas)
        self._newest = self._schemas[self._newest_id]
        self._again = _Again.of(schemas[self._newest_id])

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
        if schema_id == self._newest_id and self._again is not None and self._again.gives(event, data[_FRAME.size :]):
            return event
        try:
            check_body(self._written[schema_id], data, _FRAME.size)
        except NotStrictError as error:
            raise NotAvroError(schema_id, str(error), size=len(data)) from None
        return event


class _Again:
    """Encodes what was read once more: where that gives the same bytes, they were Avro to the letter, and nearly all
    are. It takes a tenth of the time of a walk over them."""

    def __init__(self, encoder: RecordEncoder, ints: Sequence[str]) -> None:
        self._encode = encoder
        self._ints = ints

    @classmethod
    def of(cls, schema: Any) -> _Again | None:
        """None for a schema with a type that the contract does not use."""
        try:
            encoder = RecordEncoder(schema)
        except (ValueError, KeyError, TypeError):
            return None
        fields = {field["name"]: field["type"] for field in schema["fields"]}
        ints = [name for name, kind in fields.items() if kind == "int" or kind == ["null", "int"]]
        inside = [kind for name, kind in fields.items() if name not in ints]
        return None if '"int"' in json.dumps(inside) else cls(encoder, ints)

    def gives(self, event: Mapping[str, Any], body: bytes) -> bool:
        """Whether an event has this body. The bytes of an int may hold more than its 32 bits."""
        for name in self._ints:
            value = event[name]
            if value is not None and not _INT32_MIN <= value <= _INT32_MAX:
                return False
        try:
            return self._encode(event) == body
        except (KeyError, ValueError, TypeError):
            return False


def frame_of(value: bytes) -> int | None:
    """The schema id that framed bytes name; None where there is no frame."""
    if len(value) < _FRAME.size or value[0] != _VERSION:
        return None
    return int(_FRAME.unpack_from(value)[1])


@cache
def topic_encoder(topic: str) -> RecordEncoder:
    """Encodes records of a topic of the registry, framed, in the newest released schema; it checks nothing."""
    schema_id = current_schema_id(topic)
    return RecordEncoder(released_schemas(topic)[schema_id], prefix=_FRAME.pack(_VERSION, schema_id))


@cache
def topic_reader(topic: str) -> FrameReader:
    """Reads records of a topic of the registry; see :func:`decode`."""
    return FrameReader(released_schemas(topic))


def _plain(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _plain(value) for key, value in schema.items() if key != "logicalType"}
    return [_plain(part) for part in schema] if isinstance(schema, list) else schema
