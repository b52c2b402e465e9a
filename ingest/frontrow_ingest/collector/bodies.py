"""What is in the body of a request: events, or reasons why not, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from enum import StrEnum
from itertools import count
from typing import Any, NamedTuple

import orjson
from pydantic import TypeAdapter, ValidationError

from frontrow_ingest.collector.cmcd import Playbacks, read_report
from frontrow_ingest.collector.context import Pseudonymize
from frontrow_ingest.contract import EventRefusedError, Refusal, Validator, ViewingEvent
from frontrow_ingest.contract.event import wall_clock_ms
from frontrow_ingest.producer import TimeWindow


class Kind(StrEnum):
    """How events are written down."""

    JSON = "json"
    LINES = "lines"
    CMCD = "cmcd"


KINDS: Mapping[str, Kind] = {
    "application/json": Kind.JSON,
    "application/x-ndjson": Kind.LINES,
    "application/jsonl": Kind.LINES,
    "application/cmcd": Kind.CMCD,
}


class Item(NamedTuple):
    """One event of a body, counted from 0: the event, or the reasons against it and the bytes as they came.

    ``original`` may hold a raw viewer id: it is for the quarantine, which takes it out. ``event_ms`` is the time that a
    refused event gives itself. ``custom`` counts keys that have no field here.
    """

    number: int
    event: ViewingEvent | None = None
    refusals: tuple[Refusal, ...] = ()
    original: bytes = b""
    event_ms: int | None = None
    custom: int = 0

    def __repr__(self) -> str:
        return f"Item({self.number})"  # no original in a log


class BodyReader:
    """Reads bodies. ``pseudonymize`` turns the raw viewer ids of JSON events into pseudonyms; None if they are already.

    ``clock`` gives ``received_ts`` to events that lack it; ``window`` refuses what is too late or too early.
    """

    def __init__(
        self,
        playbacks: Playbacks,
        *,
        clock: Callable[[], int],
        pseudonymize: Pseudonymize | None = None,
        window: TimeWindow | None = None,
    ) -> None:
        self._window = window
        self._playbacks = playbacks
        self._validator = Validator(clock=clock)
        self._pseudonymize = pseudonymize
        # All of an array at once, nothing built in between; what that refuses is looked at one by one.
        self._whole = TypeAdapter(list[ViewingEvent]).validate_json if clock is wall_clock_ms else None

    def items(self, kind: Kind, body: bytes, context: Mapping[str, Any]) -> Iterator[Item]:
        """Every event of a body, in order; nothing for an empty one."""
        if kind is Kind.CMCD:
            for index, line in _lines(body):
                yield self._cmcd(index, line, context)
        elif kind is Kind.LINES:
            for index, line in _lines(body):
                yield self._line(index, line)
        elif body.lstrip()[:1] == b"[":
            yield from self._array(body)
        elif body.strip():
            yield self._line(0, body)

    def _array(self, body: bytes) -> Iterator[Item]:
        if self._whole is not None and self._pseudonymize is None:
            with suppress(ValidationError, EventRefusedError):
                yield from map(Item, count(), [self._in_time(event) for event in self._whole(body)])
                return
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            yield Item(0, refusals=(_not_json(body, error),), original=body)
            return
        for index, each in enumerate(found):
            yield self._object(index, each)

    def _line(self, index: int, line: bytes) -> Item:
        if self._pseudonymize is None:  # the fast path: nothing is built between the bytes and the event
            try:
                return Item(index, self._in_time(self._validator.line(line)))
            except EventRefusedError as error:
                return Item(index, None, error.refusals, line, _time_of(_loads(line)))
        try:
            return self._object(index, orjson.loads(line))
        except orjson.JSONDecodeError as error:
            return Item(index, refusals=(_not_json(line, error),), original=line)

    def _object(self, index: int, data: Any) -> Item:
        if not isinstance(data, dict):
            refusal = Refusal("", "not_an_object", "must be a JSON object with the contract's fields")
            return Item(index, refusals=(refusal,), original=orjson.dumps(data))
        known = data
        if self._pseudonymize is not None and isinstance(raw := data.get("viewer_id"), str) and raw:
            known = {**data, "viewer_id": self._pseudonymize(raw)}
        try:
            return Item(index, self._in_time(self._validator.event(known)))
        except EventRefusedError as error:
            return Item(index, None, error.refusals, orjson.dumps(data), _time_of(data))

    def _cmcd(self, index: int, line: bytes, context: Mapping[str, Any]) -> Item:
        try:
            report = read_report(line.decode("ascii", "replace"))
        except EventRefusedError as error:
            return Item(index, None, error.refusals, line)
        try:
            event = self._in_time(self._validator.event(self._playbacks.event(report, context)))
        except EventRefusedError as error:
            self._playbacks.settled(report.sid, (report.sn,))
            return Item(index, None, error.refusals, line, report.ts, report.custom)
        return Item(index, event, custom=report.custom)

    def _in_time(self, event: ViewingEvent) -> ViewingEvent:
        if self._window is not None:
            self._window.check(event.ts)
        return event


def _lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, without their ends, counted from 0."""
    for index, line in enumerate(body.split(b"\n")):
        if line and not line.isspace():
            yield index, line.removesuffix(b"\r")


def _loads(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _time_of(data: Any) -> int | None:
    ts = data.get("ts") if isinstance(data, dict) else None
    return ts if type(ts) is int else None


def _not_json(body: bytes, error: orjson.JSONDecodeError) -> Refusal:
    try:
        body.decode()
    except UnicodeDecodeError as wrong:
        return Refusal("", "not_utf8", f"is not UTF-8 at byte {wrong.start}")
    return Refusal("", "not_json", f"is not JSON at character {error.pos}")
