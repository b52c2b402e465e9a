"""Lines like earlier ones, checked and encoded without building an event.

A line of a familiar layout is cut at its member separators, and each piece is looked up among the pieces that were
checked before. That is sound: a line made of ``{"``, of pieces ``name": value`` whose value is one whole JSON value,
with ``, "`` between them, and of ``}`` *is* the JSON object of these members, whatever its strings hold; a cut inside
of a string leaves a piece that is no such member, and is not taken. What is not familiar goes the slow way, through the
model, which alone refuses; a test holds both ways to the same answers and the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import getitem, itemgetter
from typing import Any, NamedTuple, cast, get_type_hints

import orjson
from pydantic import TypeAdapter

from frontrow_ingest.contract.avro_binary import PlainLong, encoder_of
from frontrow_ingest.contract.event import RULED_FIELDS, ViewingEvent
from frontrow_ingest.contract.fragments import (
    FragmentCoder,
    IdentifierFragment,
    NumberFragment,
    RememberedFragment,
    UnlikeError,
    by_digits,
    by_pydantic,
)

MAX_LAYOUTS = 32
MAX_FUTILE = 200  # lessons that taught nothing; after them no more are taken
_STYLES = ((b', "', b'": '), (b',"', b'":'))
_NULL = _ZERO = b"\x00"
# The characters of the identifiers' patterns in fields.py, without those that JSON escapes.
_IDENTIFIERS = {"session_id": rb"[!#-\[\]-~]{1,128}", "viewer_id": rb"[A-Za-z0-9_-]{22}"}


Checked = tuple[bytes, bytes, int, int]
"""An event that keeps the contract, as a record: its session (the key), its framed bytes, its seq and its ts."""


class _Layout(NamedTuple):
    """Lines with the same members in the same order and style.

    Attributes:
        segments: place of the one member whose value may hold the separator; -1 without it
        in_order: from coded members, ``defaults`` and the stamp to the schema's order; None where that is theirs
        stamped: ``received_ts`` is missing and comes from the clock
    """

    separator: bytes
    members: int
    coders: tuple[FragmentCoder, ...]
    segments: int
    in_order: Callable[[Sequence[bytes]], Sequence[bytes]] | None
    defaults: tuple[bytes, ...]
    stamped: bool
    seq: NumberFragment
    ts: NumberFragment


class FastLines:
    """Checks and encodes lines of layouts that it was taught. For one thread.

    A line that ``line`` does not know goes through the model, and from there to ``learn``. ``prefix`` comes before the
    Avro bytes; ``clock`` gives ``received_ts`` (ms since the Unix epoch) where a line lacks it.
    """

    def __init__(self, schema: Mapping[str, Any], *, prefix: bytes, clock: Callable[[], int]) -> None:
        self._prefix = prefix
        self._clock = clock
        self._fields = {field["name"]: field for field in schema["fields"]}
        self._names = list(self._fields)
        self._types = get_type_hints(ViewingEvent, include_extras=True)
        self._ruled = itemgetter(*(self._names.index(name) for name in RULED_FIELDS))
        self._allowed: set[tuple[Any, ...]] = set()
        self._layouts: list[_Layout] = []
        self._coders: dict[tuple[str, bytes], FragmentCoder] = {}
        self._stamp = PlainLong()
        self._futile = 0

    def line(self, line: bytes) -> Checked | None:
        """The event of a line; None if the line is not familiar, which says nothing about it."""
        for number, layout in enumerate(self._layouts):
            encoded = self._encoded(line, layout)
            if encoded is None:
                continue
            if number:  # the layout of this line is likely that of the next
                self._layouts.insert(0, self._layouts.pop(number))
            if self._rule_key(encoded) not in self._allowed:
                return None
            return self._checked(encoded, layout)
        return None

    def learn(self, line: bytes, value: bytes) -> None:
        """Take a lesson from a line that the model accepted and that was encoded as ``value``."""
        if self._futile >= MAX_FUTILE:
            return
        for layout in self._layouts:
            if (encoded := self._encoded(line, layout)) is not None:
                self._allow(encoded)
                return
        names = list(orjson.loads(line))
        for separator, colon in _STYLES if len(self._layouts) < MAX_LAYOUTS else ():
            layout = self._layout(names, separator, colon)
            encoded = self._encoded(line, layout)
            if encoded is not None and (layout.stamped or self._checked(encoded, layout)[1] == value):
                self._layouts.append(layout)
                self._allow(encoded)
                return
        self._futile += 1

    def _encoded(self, line: bytes, layout: _Layout) -> Sequence[bytes] | None:
        """The members' bytes in the schema's order; None if the line is not of this layout, or not vouched for."""
        if line[:2] != b'{"' or line[-1:] != b"}":
            return None
        pieces = line[2:-1].split(layout.separator)
        if extra := len(pieces) - layout.members:
            at = layout.segments
            if extra < 0 or at < 0:
                return None
            pieces[at : at + extra + 1] = [layout.separator.join(pieces[at : at + extra + 1])]
        try:
            encoded = list(map(getitem, layout.coders, pieces))
        except UnlikeError:
            return None
        if layout.in_order is None:
            return encoded
        encoded += layout.defaults
        if layout.stamped:
            encoded.append(self._stamp[self._clock()])
        return layout.in_order(encoded)

    def _checked(self, encoded: Sequence[bytes], layout: _Layout) -> Checked:
        session = encoded[0]
        key = session[1:] if len(session) <= 64 else session[2:]
        return key, self._prefix + b"".join(encoded), layout.seq.last, layout.ts.last

    def _rule_key(self, encoded: Sequence[bytes]) -> tuple[Any, ...]:
        """All that the rules between fields depend on; () where they compare numbers."""
        kind, started, reason, error, stream, code, startup, latency, play, rebuffer, seek = self._ruled(encoded)
        if seek != _ZERO:
            return ()
        null, zero = _NULL, _ZERO
        facts = (code == null, startup == null, latency == null, play == zero, rebuffer == zero)
        return kind, started, reason, error, stream, facts

    def _allow(self, encoded: Sequence[bytes]) -> None:
        if key := self._rule_key(encoded):
            self._allowed.add(key)

    def _layout(self, names: list[str], separator: bytes, colon: bytes) -> _Layout:
        absent = [name for name in self._names if name not in names]
        stamped = "received_ts" in absent
        if stamped:
            absent.remove("received_ts")
        all_names = [*names, *absent, *(["received_ts"] if stamped else [])]
        return _Layout(
            separator=separator,
            members=len(names),
            coders=tuple(self._coder(name, colon) for name in names),
            segments=names.index("segments") if "segments" in names else -1,
            in_order=None if all_names == self._names else itemgetter(*map(all_names.index, self._names)),
            defaults=tuple(self._encoder(name)(ViewingEvent.model_fields[name].default) for name in absent),
            stamped=stamped,
            seq=cast(NumberFragment, self._coder("seq", colon)),
            ts=cast(NumberFragment, self._coder("ts", colon)),
        )

    def _encoder(self, name: str) -> Callable[[Any], bytes]:
        return encoder_of(self._fields[name]["type"])

    def _coder(self, name: str, colon: bytes) -> FragmentCoder:
        """The coder of a field, one for all layouts of a style."""
        coder = self._coders.get((name, colon))
        if coder is None:
            coder = self._coders[name, colon] = self._new_coder(name, name.encode() + colon)
        return coder

    def _new_coder(self, name: str, prefix: bytes) -> FragmentCoder:
        if name in _IDENTIFIERS:
            return IdentifierFragment(prefix, _IDENTIFIERS[name])
        adapter = TypeAdapter[Any](self._types[name])
        schema = adapter.json_schema()
        branches = schema.get("anyOf", [schema])
        bounds = next((branch for branch in branches if branch.get("type") == "integer"), None)
        if bounds is None:
            return RememberedFragment(prefix, by_pydantic(adapter, self._encoder(name)))
        least, most = bounds["minimum"], bounds["maximum"]
        if name == "seq" or self._fields[name]["type"] in ("long", {"type": "long", "logicalType": "timestamp-millis"}):
            return NumberFragment(prefix, least, most)
        return RememberedFragment(prefix, by_digits(least, most, nullable=len(branches) > 1))
