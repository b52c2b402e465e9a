"""Twenty kinds of messages that are no ViewingEvent, made out of good ones."""

from __future__ import annotations

from typing import Any

from support.decode_tool import encode, framed

# A contract like ViewingEvent's in small: every kind of type whose bytes can be wrong.
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "Event",
    "fields": [
        {"name": "ts", "type": "long"},
        {"name": "session_id", "type": "string"},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["play", "stop"]}},
        {"name": "started", "type": "boolean"},
        {"name": "cdn", "type": ["null", "string"], "default": None},
        {"name": "segments", "type": {"type": "array", "items": "string"}, "default": []},
        {"name": "play_ms", "type": "int", "default": 0},
        {"name": "bits", "type": "long", "default": 0},
    ],
}


def event(n: int) -> dict[str, Any]:
    """The n-th good event."""
    return {
        "ts": 1_767_261_600_000 + n,
        "session_id": f"s{n}",
        "kind": "play",
        "started": True,
        "cdn": "cdn-a",
        "segments": ["sports"],
        "play_ms": 10,
        "bits": 1000,
    }


def good(n: int) -> bytes:
    """The n-th good event as it lies in Kafka."""
    return framed(1, encode(SCHEMA, event(n)))


def varint(number: int) -> bytes:
    """A long as Avro writes it."""
    left = (number << 1) ^ (number >> 63)
    left &= (1 << 64) - 1
    out = bytearray()
    while left >= 0x80:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    out.append(left)
    return bytes(out)


_TS = varint(1_767_261_600_000)
_ID = varint(2) + b"s1"
_TO_CDN = _TS + _ID + varint(0) + b"\x01"
_TO_SEGMENTS = _TO_CDN + varint(0)
_TO_PLAY = _TO_SEGMENTS + varint(0)

BAD: dict[str, bytes] = {
    "empty value": b"",
    "magic byte only": b"\x01",
    "half a header": b"\x01\x00\x00",
    "header without a body": framed(1, b""),
    "wrong magic byte": b"\x00" + good(1)[1:],
    "unknown schema id": framed(99, encode(SCHEMA, event(1))),
    "negative schema id": framed(-1, encode(SCHEMA, event(1))),
    "cut in the middle": good(1)[:20],
    "one byte short": good(1)[:-1],
    "one byte too many": good(1) + b"\x00",
    "two records": good(1) + good(2)[5:],
    "JSON": b'{"ts": 1767261600000, "session_id": "s1", "kind": "play"}',
    "plain text": b"hello, is this the right topic?",
    "zeroes": b"\x01\x00\x00\x00\x01" + b"\x00" * 40,
    "all bits set": b"\x01\x00\x00\x00\x01" + b"\xff" * 40,
    "negative string length": framed(1, _TS + varint(-5) + b"s1"),
    "string longer than the message": framed(1, _TS + varint(1000) + b"s1"),
    "string of two exabytes": framed(1, _TS + varint(2**61) + b"s1"),
    "string that is not UTF-8": framed(1, _TS + varint(2) + b"\xc3\x28" + _TO_CDN[len(_TS + _ID) :]),
    "enum symbol out of range": framed(1, _TS + _ID + varint(7) + b"\x01" + varint(0) * 4),
    "negative enum symbol": framed(1, _TS + _ID + varint(-1) + b"\x01" + varint(0) * 4),
    "boolean of 2": framed(1, _TS + _ID + varint(0) + b"\x02" + varint(0) * 4),
    "union branch out of range": framed(1, _TO_CDN + varint(3) + varint(0) * 3),
    "array of a billion": framed(1, _TO_SEGMENTS + varint(10**9) + varint(0) * 30),
    "array block of the least long": framed(1, _TO_SEGMENTS + varint(-(2**63)) + varint(0) * 30),
    "array block of a wrong size": framed(1, _TO_SEGMENTS + varint(-1) + varint(9) + varint(1) + b"s" + varint(0) * 9),
    "int beyond 32 bits": framed(1, _TO_PLAY + varint(2**31) + varint(0)),
    "varint beyond 64 bits": framed(1, _TO_PLAY + b"\xff" * 9 + b"\x02" + varint(0)),
    "varint without an end": framed(1, _TO_PLAY + b"\x80" * 30),
    "timestamp out of range": framed(1, varint(2**62 + 1) + encode(SCHEMA, event(1))[len(_TS) :]),
}

# The fewest that the tests count on.
assert len(BAD) >= 20
