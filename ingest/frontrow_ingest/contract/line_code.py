"""The function that reads the lines of one layout, written as source: one call from the texts to the record.

It holds what was a call for each number before. A layout has one such function, made from the names of its fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frontrow_ingest.contract.avro_binary import LOW, LOW_BITS, LOW_MASK, SMALL, Remembered, encode_unsigned
from frontrow_ingest.contract.fragments import Pair, TextCoder, UnlikeError

Checked = tuple[bytes, bytes, int, int]
"""An event that keeps the contract, as a record: its session (the key), its framed bytes, its seq and its ts."""
Read = Callable[[Sequence[bytes]], tuple[tuple[Any, ...] | None, Checked]]
"""From the texts of a line to what the rules between fields look at (None: they compare numbers) and the record.

Raises UnlikeError for a text that it cannot vouch for.
"""
_NULL = _ZERO = b"\x00"
_NO_REBUFFER = (b"\x00\x00", b"\x00")  # with seek_rebuffer_ms in the same run, and without


@dataclass(frozen=True, slots=True)
class Identifier:
    """A text that nothing remembers: its characters, ASCII and as they are."""


@dataclass(frozen=True, slots=True)
class Number:
    """An integer that hardly repeats, from ``least`` (not negative) to ``most``: digits only, at most 18."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Looked:
    """A text that is looked up: its bytes, and, if ``with_stream``, in a pair with those of the stream type."""

    coder: TextCoder[bytes] | TextCoder[Pair]
    with_stream: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What no text tells: the bytes of a member that is left out."""

    encoded: bytes


@dataclass(frozen=True, slots=True)
class Stamp:
    """The bytes of the time now, for a ``received_ts`` that is left out."""

    encode: Callable[[], bytes]


Piece = Identifier | Number | Looked | Given | Stamp


def reader(texts: Sequence[str], pieces: Mapping[str, Piece], names: Mapping[str, str], prefix: bytes) -> Read:
    """The function of a layout.

    Args:
        texts: the pieces that have a text in the line, in the line's order
        pieces: all pieces in the schema's order, each by the name of its first field
        names: for each field the name of its piece
        prefix: comes before the Avro bytes
    """
    known: dict[str, Any] = {
        "SMALL": SMALL,
        "LOW": LOW,
        "PREFIX": prefix,
        "ZERO": _ZERO,
        "NULL": _NULL,
        "NO_REBUFFER": _NO_REBUFFER,
        "UnlikeError": UnlikeError,
        "join": b"".join,
    }
    body: list[str] = [f"{', '.join(f'{name}_text' for name in texts)}, = texts"]
    parts: list[str] = ["PREFIX"]
    for name, piece in pieces.items():
        parts.extend(_written(name, piece, body, known))
    with_stream = pieces[names["stream_type"]]
    stream = "stream" if isinstance(with_stream, Looked) and with_stream.with_stream else "stream_type"
    rebuffer, seek = names["rebuffer_ms"], names["seek_rebuffer_ms"]
    kinds = dict.fromkeys(names[field] for field in ("kind", "started", "end_reason", "error_code", "error_class"))
    rule = (
        f"{stream}, play_ms == ZERO, startup_ms == NULL, live_latency_ms == NULL, {rebuffer} in NO_REBUFFER, "
        f"{', '.join(kinds)}"
    )
    # No number but 0 ends in a zero byte, also where it stands behind another.
    body.append(f"rule = None if {seek}[-1] else ({rule})")
    body.append(f"return rule, (session_id_text, join(({', '.join(parts)})), seq_number, ts_number)")
    # Names of the schema's fields, numbers, and the words above: nothing of a line is in the source.
    exec("def read(texts):\n    " + "\n    ".join(body), known)  # noqa: S102
    found: Read = known["read"]
    return found


def _written(name: str, piece: Piece, body: list[str], known: dict[str, Any]) -> list[str]:
    """Write what gives the bytes of a piece into ``body``; returns the expressions of its parts."""
    match piece:
        case Identifier():  # far shorter than what SMALL ends at
            return [f"SMALL[len({name}_text) << 1]", f"{name}_text"]
        case Number(least, most):
            known[f"{name}_high"] = Remembered(encode_unsigned)
            long = f"LOW[zigzag & {LOW_MASK}] + {name}_high[zigzag >> {LOW_BITS}]"
            body.append(f"{name}_number = int({name}_text)")
            body.append(f"if not {least} <= {name}_number <= {most}: raise UnlikeError")
            body.append(f"zigzag = {name}_number << 1")
            short = "" if least << 1 > LOW_MASK else f"SMALL[zigzag] if zigzag <= {LOW_MASK} else "
            body.append(f"{name} = {short}{long}")
        case Looked(coder, with_stream):
            known[f"{name}_coder"] = coder
            body.append(f"{name}{', stream' if with_stream else ''} = {name}_coder[{name}_text]")
        case Given(encoded):
            known[name] = encoded
        case Stamp(encode):
            known[f"{name}_stamp"] = encode
            body.append(f"{name} = {name}_stamp()")
    return [name]
