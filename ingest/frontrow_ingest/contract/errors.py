"""What can be wrong with an event, or with the bytes of one.

::

    ContractError
    ├── EventRefusedError          an event that does not keep the contract; every reason is listed
    ├── ViewerKeyError             there is no key for viewer pseudonyms, or it cannot be used
    └── WireError             bytes that are not an event
        ├── NotFramedError         no frame: too short, or a wrong first byte
        ├── UnknownSchemaIdError   a frame whose schema id is not released
        ├── NotAvroError           a body that its schema cannot read
        └── TrailingBytesError     bytes left over behind a whole event
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from frontrow_ingest.errors import ContractError


class Refusal(NamedTuple):
    """One reason why an event is refused.

    ``field`` is a field of the contract, or "" where the event as a whole is at fault. ``reason`` is a stable code:
    ``missing``, ``unknown_field``, ``wrong_type``, ``out_of_range``, ``not_allowed``, ``bad_format``, ``empty``,
    ``too_long``, ``too_many``, ``duplicate``, ``inconsistent``, ``not_json``, ``not_an_object``, ``not_utf8``,
    ``too_large``, ``invalid``. ``message`` says what the contract wants; it never holds a value of the event.
    """

    field: str
    reason: str
    message: str

    @property
    def label(self) -> str:
        """The reason for a count of refusals: ``out_of_range ts``; a field that is not ours has no name here."""
        return self.reason if not self.field or self.reason == "unknown_field" else f"{self.reason} {self.field}"


class EventRefusedError(ContractError):
    """An event does not keep the contract. ``refusals`` holds every reason that was found, in field order."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("event refused: " + "; ".join(f"{r.field or 'event'} {r.message}" for r in self.refusals))


class ViewerKeyError(ContractError):
    """There is no key for viewer pseudonyms, or it cannot be used. The message never holds a part of one."""


class WireError(ContractError):
    """Bytes that are not an event. ``size`` is their number."""

    def __init__(self, message: str, *, size: int) -> None:
        self.size = size
        super().__init__(message)


class NotFramedError(WireError):
    """The bytes do not begin with the frame: 0x01 and a 4-byte big-endian schema id."""


class UnknownSchemaIdError(WireError):
    """The frame names a schema that is not released. ``schema_id`` is its id, ``known`` the released ones."""

    def __init__(self, schema_id: int, known: Sequence[int], *, size: int) -> None:
        self.schema_id = schema_id
        self.known = tuple(known)
        ids = ", ".join(map(str, self.known))
        super().__init__(
            f"schema id {schema_id} is not released (known: {ids}): update frontrow, or find who writes it", size=size
        )


class NotAvroError(WireError):
    """The body cannot be read with the schema that the frame names (``schema_id``)."""

    def __init__(self, schema_id: int, why: str, *, size: int) -> None:
        self.schema_id = schema_id
        super().__init__(f"the body is not Avro of schema id {schema_id}: {why}", size=size)


class TrailingBytesError(WireError):
    """A whole event was read and ``extra`` bytes are left behind it."""

    def __init__(self, schema_id: int, extra: int, *, size: int) -> None:
        self.schema_id = schema_id
        self.extra = extra
        super().__init__(
            f"{extra} bytes are left after the event: it was not written with schema id {schema_id}", size=size
        )
