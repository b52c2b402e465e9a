"""How the lines of one producer look: the same members in the same order, written in the same style.

A layout is one regular expression. Each member appears in it by name, once, with the shape of its value; so a line that
matches as a whole *is* the JSON object of these members, if only each value is one. Its groups are the values of
members that hardly repeat, and the text of runs of members that do. The run of what stays the same through a session
is taken by its beginning and its end only: what is within is matched the first time that such a text comes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from frontrow_ingest.contract.avro_binary import PlainLong, encoder_of
from frontrow_ingest.contract.event import ViewingEvent
from frontrow_ingest.contract.fragments import (
    MAX_PLACES,
    RememberedText,
    TextCoder,
    by_digits,
    by_parts,
    by_pydantic,
    members_by_pydantic,
    or_null,
)
from frontrow_ingest.contract.line_code import Given, Identifier, Looked, Number, Piece, Read, Stamp, reader

STYLES = ((b", ", b": "), (b",", b":"))
# Members next to each other whose values repeat together. What a rule looks at is only with its like.
_PAIRS = (
    ("content_id", "event_id"),
    ("kind", "started", "end_reason", "error_code", "error_class"),
    ("country", "region"),
    ("device_type", "os"),
    ("app_version", "player"),
    ("isp", "network"),
    ("rebuffer_ms", "seek_rebuffer_ms"),
    ("pause_ms", "ad_ms"),
)
# What a session is, from end to end: a run of runs, which ends in the array.
_PLACE = (*_PAIRS[2], *_PAIRS[3], *_PAIRS[4], "cdn", *_PAIRS[5], "stream_type", "segments")
# The characters of the identifiers' patterns in fields.py, without those that JSON escapes.
_IDENTIFIERS = {"session_id": rb"[!#-\[\]-~]{1,128}+", "viewer_id": rb"[A-Za-z0-9_-]{22}"}
_NUMBERS = ("seq", "ts", "received_ts", "bits", "position_ms")
_SHAPES = {"string": rb'"[^"]*+"', "int": rb"[0-9]++", "boolean": rb"(?:true|false)", "array": rb"\[[^\]]*+\]"}
_SHAPES |= {"enum": _SHAPES["string"], "long": _SHAPES["int"]}
Unit = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout.

    Attributes:
        match: the regular expression, over a whole line
        read: what its groups stand for
        stamped: ``received_ts`` is missing and comes from the clock
    """

    match: Callable[[bytes], re.Match[bytes] | None]
    read: Read
    stamped: bool


@dataclass(frozen=True, slots=True)
class _Style:
    separator: bytes
    colon: bytes


class LayoutMaker:
    """Makes layouts for a record schema; what coders remember is shared by all layouts.

    ``prefix`` and ``clock`` are those of FastLines.
    """

    def __init__(self, schema: Mapping[str, Any], *, prefix: bytes, clock: Callable[[], int]) -> None:
        self._fields: dict[str, Any] = {field["name"]: field["type"] for field in schema["fields"]}
        self._names = list(self._fields)
        self._hints = get_type_hints(ViewingEvent, include_extras=True)
        self._coders: dict[tuple[Unit, bytes], TextCoder[Any]] = {}
        self._prefix = prefix
        stamp = PlainLong()
        self._stamp = Stamp(lambda: stamp[clock()])

    def make(self, names: Sequence[str], separator: bytes, colon: bytes) -> Layout:
        """The layout of lines with these members, all of them the schema's and none twice."""
        style = _Style(separator, colon)
        units = _units(names, self._names)
        pieces = {unit[0]: self._piece(unit, style) for unit in units}
        absent = [name for name in self._names if name not in names]
        pieces |= {name: self._stamp if name == "received_ts" else Given(self._default(name)) for name in absent}
        piece_of = {name: unit[0] for unit in [*units, *((name,) for name in absent)] for name in unit}
        return Layout(
            match=self._pattern(units, style).fullmatch,
            read=reader(
                [unit[0] for unit in units],
                {name: pieces[name] for name in self._names if name in pieces},
                piece_of,
                self._prefix,
            ),
            stamped="received_ts" in absent,
        )

    def _pattern(self, units: Sequence[Unit], style: _Style) -> re.Pattern[bytes]:
        patterns = (self._group(unit, style) for unit in units)
        return re.compile(b"\\{" + style.separator.join(patterns) + b"\\}")

    def _group(self, unit: Unit, style: _Style) -> bytes:
        members = [(_named(name, style), self._shape(name)) for name in unit]
        if len(members) == 1:
            ((prefix, shape),) = members
            return prefix + (b'"(' + _IDENTIFIERS[unit[0]] + b')"' if unit[0] in _IDENTIFIERS else b"(" + shape + b")")
        if _is_place(unit):
            return b"(" + members[0][0] + rb"[^\]]*+\])"
        return b"(" + style.separator.join(prefix + shape for prefix, shape in members) + b")"

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

    def _piece(self, unit: Unit, style: _Style) -> Piece:
        name = unit[0]
        if name in _IDENTIFIERS:
            return Identifier()
        if name in _NUMBERS:
            return Number(*self._bounds(name))
        return Looked(self._coder(unit, style), with_stream=_is_place(unit))

    def _coder(self, unit: Unit, style: _Style) -> TextCoder[Any]:
        key = unit, style.separator if _is_place(unit) else b""
        coder = self._coders.get(key)
        if coder is None:
            coder = self._coders[key] = self._new_coder(unit, style)
        return coder

    def _new_coder(self, unit: Unit, style: _Style) -> TextCoder[Any]:
        if _is_place(unit):
            parts = _cut(unit, self._names, _PAIRS)
            match = re.compile(style.separator.join(self._group(part, style) for part in parts)).fullmatch
            return RememberedText(by_parts(match, [self._coder(part, style) for part in parts]), most=MAX_PLACES)
        if len(unit) > 1:
            fields = {name: (TypeAdapter[Any](self._hints[name]), self._encoder(name)) for name in unit}
            return RememberedText(members_by_pydantic(fields))
        name = next(iter(unit))
        kind, nullable = self._kind(name)
        if kind not in ("int", "long"):
            return RememberedText(by_pydantic(TypeAdapter(self._hints[name]), self._encoder(name)))
        convert = by_digits(*self._bounds(name))
        return RememberedText(or_null(convert) if nullable else convert)

    def _bounds(self, name: str) -> tuple[int, int]:
        schema = TypeAdapter(self._hints[name]).json_schema()
        bounds = next(branch for branch in schema.get("anyOf", [schema]) if branch.get("type") == "integer")
        return bounds["minimum"], bounds["maximum"]

    def _default(self, name: str) -> bytes:
        return self._encoder(name)(ViewingEvent.model_fields[name].default)

    def _encoder(self, name: str) -> Callable[[Any], bytes]:
        return encoder_of(self._fields[name])


def _is_place(unit: Unit) -> bool:
    """Whether a unit is an end of _PLACE, the array and the stream type before it included."""
    return len(unit) > 1 and unit[-1] == _PLACE[-1]


def _named(name: str, style: _Style) -> bytes:
    return b'"' + name.encode() + b'"' + style.colon


def _units(names: Sequence[str], order: Sequence[str]) -> list[Unit]:
    """Cut the members into runs; ``order`` is the schema's."""
    units: list[Unit] = []
    others: list[str] = []
    for unit in _cut(names, order, (_PLACE,)):
        if _is_place(unit):
            units += [*_cut(others, order, _PAIRS), unit]
            others = []
        else:
            others += unit
    return [*units, *_cut(others, order, _PAIRS)]


def _cut(names: Sequence[str], order: Sequence[str], runs: Sequence[Unit]) -> list[Unit]:
    """Each unit is of one run, and consecutive here and in the schema, or a single member."""
    run_of = {name: run for run in runs for name in run}
    units: list[Unit] = []
    for name in names:
        run = run_of.get(name)
        before = units[-1][-1] if units else ""
        if run is not None and before in run and before == order[order.index(name) - 1]:
            units[-1] = (*units[-1], name)
        else:
            units.append((name,))
    return units
