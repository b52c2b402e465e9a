"""How the lines of one producer look: the same members in the same order, written in the same style.

A layout is one regular expression. Each member appears in it by name, once, with the shape of its value; so a line that
matches as a whole *is* the JSON object of these members, if only each value is one. Its groups are the values of
members that hardly repeat, and the text of runs of members that do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from frontrow_ingest.contract.avro_binary import encoder_of
from frontrow_ingest.contract.event import ViewingEvent
from frontrow_ingest.contract.fragments import (
    IdentifierText,
    NumberText,
    RememberedText,
    TextCoder,
    by_digits,
    by_pydantic,
    members_by_pydantic,
    or_null,
)

STYLES = ((b", ", b": "), (b",", b":"))
# Members next to each other whose values repeat together. What a rule looks at is only with its like.
_RUNS = (
    ("content_id", "event_id"),
    ("kind", "started", "end_reason", "error_code", "error_class"),
    ("country", "region"),
    ("device_type", "os"),
    ("app_version", "player"),
    ("isp", "network"),
    ("rebuffer_ms", "seek_rebuffer_ms"),
    ("pause_ms", "ad_ms"),
)
_RUN_OF = {name: run for run in _RUNS for name in run}
# The characters of the identifiers' patterns in fields.py, without those that JSON escapes.
_IDENTIFIERS = {"session_id": rb"[!#-\[\]-~]{1,128}+", "viewer_id": rb"[A-Za-z0-9_-]{22}"}
_NUMBERS = ("seq", "ts", "received_ts", "bits", "position_ms")
_SHAPES = {"string": rb'"[^"]*+"', "int": rb"[0-9]++", "boolean": rb"(?:true|false)", "array": rb"\[[^\]]*+\]"}
_SHAPES |= {"enum": _SHAPES["string"], "long": _SHAPES["int"]}
_RULED = (
    "stream_type",
    "play_ms",
    "startup_ms",
    "live_latency_ms",
    "rebuffer_ms",
    "seek_rebuffer_ms",
)
_NULL = _ZERO = b"\x00"
_NO_REBUFFER = (b"\x00\x00", b"\x00")  # with seek_rebuffer_ms in the same run, and without


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout.

    Attributes:
        match: the regular expression, over a whole line
        coders: one for each group
        in_order: from the coded groups, ``defaults`` and the stamp to the schema's order; None where it is that already
        stamped: ``received_ts`` is missing and comes from the clock
        ruled, kinds: take what the rules between fields look at out of what is in the schema's order
    """

    match: Callable[[bytes], re.Match[bytes] | None]
    coders: tuple[TextCoder, ...]
    in_order: Callable[[Sequence[bytes]], Sequence[bytes]] | None
    defaults: tuple[bytes, ...]
    stamped: bool
    seq: NumberText
    ts: NumberText
    ruled: Callable[[Sequence[bytes]], tuple[bytes, ...]]
    kinds: Callable[[Sequence[bytes]], bytes | tuple[bytes, ...]]

    def rule_key(self, encoded: Sequence[bytes]) -> tuple[Any, ...]:
        """All that the rules between fields depend on; () where they compare numbers."""
        stream, play, startup, latency, rebuffer, seek = self.ruled(encoded)
        if seek[-1:] != _ZERO:  # no number but 0 ends in a zero byte, also where it stands behind another
            return ()
        facts = (play == _ZERO, startup == _NULL, latency == _NULL, rebuffer in _NO_REBUFFER)
        return stream, self.kinds(encoded), facts


class LayoutMaker:
    """Makes layouts for a record schema; what coders remember is shared by all layouts."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._fields: dict[str, Any] = {field["name"]: field["type"] for field in schema["fields"]}
        self._names = list(self._fields)
        self._hints = get_type_hints(ViewingEvent, include_extras=True)
        self._coders: dict[tuple[str, ...], TextCoder] = {}
        self._seq, self._ts = (self._number(name) for name in ("seq", "ts"))
        self._coders |= {("seq",): self._seq, ("ts",): self._ts}

    def make(self, names: Sequence[str], separator: bytes, colon: bytes) -> Layout:
        """The layout of lines with these members, all of them the schema's and none twice."""
        units = self._units(names)
        absent = [name for name in self._names if name not in names]
        stamped = "received_ts" in absent
        rest = [(name,) for name in absent if name != "received_ts"] + [("received_ts",)] * stamped
        order = sorted([*units, *rest], key=lambda unit: self._names.index(unit[0]))
        first = {name: place for place, unit in enumerate(order) for name in unit}
        places = [[*units, *rest].index(unit) for unit in order]
        patterns = (self._pattern(unit, separator, colon) for unit in units)
        return Layout(
            match=re.compile(b"\\{" + separator.join(patterns) + b"\\}").fullmatch,
            coders=tuple(self._coder(unit) for unit in units),
            in_order=None if places == list(range(len(units))) else itemgetter(*places),
            defaults=tuple(self._default(name) for (name,) in rest if name != "received_ts"),
            stamped=stamped,
            seq=self._seq,
            ts=self._ts,
            ruled=itemgetter(*(first[name] for name in _RULED)),
            kinds=itemgetter(*range(first["kind"], first["error_class"] + 1)),
        )

    def _units(self, names: Sequence[str]) -> list[tuple[str, ...]]:
        """Cut the members into runs: of one kind, and consecutive here and in the schema."""
        units: list[tuple[str, ...]] = []
        for name in names:
            run = _RUN_OF.get(name)
            before = units[-1][-1] if units else ""
            place = self._names.index(name)
            if run is not None and before in run and before == self._names[place - 1]:
                units[-1] = (*units[-1], name)
            else:
                units.append((name,))
        return units

    def _pattern(self, unit: tuple[str, ...], separator: bytes, colon: bytes) -> bytes:
        members = [(b'"' + name.encode() + b'"' + colon, self._shape(name)) for name in unit]
        if len(members) == 1:
            ((prefix, shape),) = members
            return prefix + (b'"(' + _IDENTIFIERS[unit[0]] + b')"' if unit[0] in _IDENTIFIERS else b"(" + shape + b")")
        return b"(" + separator.join(prefix + shape for prefix, shape in members) + b")"

    def _shape(self, name: str) -> bytes:
        if name in _NUMBERS:
            return rb"0|[1-9][0-9]{0,17}+"
        kind, nullable = self._kind(name)
        return b"(?:" + _SHAPES[kind] + b"|null)" if nullable else _SHAPES[kind]

    def _kind(self, name: str) -> tuple[str, bool]:
        schema = self._fields[name]
        nullable = isinstance(schema, list)
        inner = schema[1] if nullable else schema
        return (inner["type"] if isinstance(inner, dict) else inner), nullable

    def _coder(self, unit: tuple[str, ...]) -> TextCoder:
        coder = self._coders.get(unit)
        if coder is None:
            coder = self._coders[unit] = self._new_coder(unit)
        return coder

    def _new_coder(self, unit: tuple[str, ...]) -> TextCoder:
        if len(unit) > 1:
            fields = {name: (TypeAdapter[Any](self._hints[name]), self._encoder(name)) for name in unit}
            return RememberedText(members_by_pydantic(fields))
        name = next(iter(unit))
        if name in _IDENTIFIERS:
            return IdentifierText()
        if name in _NUMBERS:
            return self._number(name)
        kind, nullable = self._kind(name)
        if kind not in ("int", "long"):
            return RememberedText(by_pydantic(TypeAdapter(self._hints[name]), self._encoder(name)))
        convert = by_digits(*self._bounds(name))
        return RememberedText(or_null(convert) if nullable else convert)

    def _number(self, name: str) -> NumberText:
        return NumberText(*self._bounds(name))

    def _bounds(self, name: str) -> tuple[int, int]:
        schema = TypeAdapter(self._hints[name]).json_schema()
        bounds = next(branch for branch in schema.get("anyOf", [schema]) if branch.get("type") == "integer")
        return bounds["minimum"], bounds["maximum"]

    def _default(self, name: str) -> bytes:
        return self._encoder(name)(ViewingEvent.model_fields[name].default)

    def _encoder(self, name: str) -> Callable[[Any], bytes]:
        return encoder_of(self._fields[name])
