"""Lines like earlier ones, checked and encoded without building an event.

Most lines look like those before them, and most of their values have been checked before. What is not familiar goes the
slow way, through the model, which alone refuses; a test holds both ways to the same answers and the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import getitem
from typing import Any

import orjson

from frontrow_ingest.contract.avro_binary import PlainLong
from frontrow_ingest.contract.fragments import UnlikeError
from frontrow_ingest.contract.line_layout import STYLES, Layout, LayoutMaker

MAX_LAYOUTS = 32
MAX_ALLOWED = 4_096
MAX_FUTILE = 50  # lessons that taught nothing; after them no more are taken
Checked = tuple[bytes, bytes, int, int]
"""An event that keeps the contract, as a record: its session (the key), its framed bytes, its seq and its ts."""


class FastLines:
    """Checks and encodes lines of layouts that it was taught. For one thread.

    A line that ``line`` does not know goes through the model, and from there to ``learn``. ``prefix`` comes before the
    Avro bytes; ``clock`` gives ``received_ts`` (ms since the Unix epoch) where a line lacks it.
    """

    def __init__(self, schema: Mapping[str, Any], *, prefix: bytes, clock: Callable[[], int]) -> None:
        self._prefix = prefix
        self._clock = clock
        self._maker = LayoutMaker(schema)
        self._layouts: list[Layout] = []
        self._made: set[tuple[tuple[str, ...], bytes]] = set()
        self._allowed: set[tuple[Any, ...]] = set()
        self._stamp = PlainLong()
        self._futile = 0

    def line(self, line: bytes) -> Checked | None:
        """The event of a line; None if the line is not familiar, which says nothing about it."""
        for layout in self._layouts:
            found = layout.match(line)
            if found is not None:
                break
        else:
            return None
        if layout is not self._layouts[0]:  # the layout of this line is likely that of the next
            self._layouts.remove(layout)
            self._layouts.insert(0, layout)
        try:
            encoded: Sequence[bytes] = list(map(getitem, layout.coders, found.groups()))
        except UnlikeError:
            return None
        encoded = self._in_order(encoded, layout)
        return self._checked(encoded, layout) if layout.rule_key(encoded) in self._allowed else None

    def learn(self, line: bytes, value: bytes) -> None:
        """Take a lesson from a line that the model accepted and that was encoded as ``value``."""
        if self._futile >= MAX_FUTILE:
            return
        for layout in self._layouts:
            if (encoded := self._encoded(line, layout)) is not None:
                self._allow(layout.rule_key(encoded))
                return
        names = tuple(orjson.loads(line))
        for separator, colon in STYLES:
            if len(self._layouts) >= MAX_LAYOUTS or (names, separator) in self._made:
                continue
            layout = self._maker.make(names, separator, colon)
            encoded = self._encoded(line, layout)
            if encoded is not None and (layout.stamped or self._checked(encoded, layout)[1] == value):
                self._layouts.append(layout)
                self._made.add((names, separator))
                self._allow(layout.rule_key(encoded))
                return
        self._futile += 1

    def _encoded(self, line: bytes, layout: Layout) -> Sequence[bytes] | None:
        """The groups' bytes in the schema's order; None if the line is not of this layout, or not vouched for."""
        found = layout.match(line)
        if found is None:
            return None
        try:
            encoded = list(map(getitem, layout.coders, found.groups()))
        except UnlikeError:
            return None
        return self._in_order(encoded, layout)

    def _in_order(self, encoded: Sequence[bytes], layout: Layout) -> Sequence[bytes]:
        if layout.in_order is None:
            return encoded
        stamp = (self._stamp[self._clock()],) if layout.stamped else ()
        return layout.in_order((*encoded, *layout.defaults, *stamp))

    def _checked(self, encoded: Sequence[bytes], layout: Layout) -> Checked:
        session = encoded[0]
        key = session[1:] if len(session) <= 64 else session[2:]
        return key, self._prefix + b"".join(encoded), layout.seq.last, layout.ts.last

    def _allow(self, key: tuple[Any, ...]) -> None:
        if key:
            if len(self._allowed) >= MAX_ALLOWED:
                self._allowed.clear()
            self._allowed.add(key)
