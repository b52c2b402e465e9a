"""Lines like earlier ones, checked and encoded without building an event.

Most lines look like those before them, and most of their values have been checked before. What is not familiar goes the
slow way, through the model, which alone refuses; a test holds both ways to the same answers and the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from frontrow_ingest.contract.fragments import UnlikeError
from frontrow_ingest.contract.line_code import Checked
from frontrow_ingest.contract.line_layout import STYLES, Layout, LayoutMaker

MAX_LAYOUTS = 32
MAX_ALLOWED = 4_096
MAX_FUTILE = 50  # layouts that were made for nothing; after them no more are made


class FastLines:
    """Checks and encodes lines of layouts that it was taught. For one thread.

    A line that ``line`` does not know goes through the model, and from there to ``learn``. ``prefix`` comes before the
    Avro bytes; ``clock`` gives ``received_ts`` (ms since the Unix epoch) where a line lacks it.
    """

    def __init__(self, schema: Mapping[str, Any], *, prefix: bytes, clock: Callable[[], int]) -> None:
        self._maker = LayoutMaker(schema, prefix=prefix, clock=clock)
        self._layouts: list[Layout] = []
        self._made: set[tuple[tuple[str, ...], bytes]] = set()
        self._allowed: set[tuple[Any, ...]] = set()
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
            rule, checked = layout.read(found.groups())
        except UnlikeError:
            return None
        return checked if rule in self._allowed else None

    def learn(self, line: bytes, value: bytes) -> None:
        """Take a lesson from a line that the model accepted and that was encoded as ``value``."""
        for layout in self._layouts:
            if (read := _read(layout, line)) is not None:
                self._allow(read[0])
                return
        if self._futile >= MAX_FUTILE or len(self._layouts) >= MAX_LAYOUTS:
            return
        names = tuple(orjson.loads(line))
        futile = False
        for separator, colon in STYLES:
            if (names, separator) in self._made:
                continue
            futile = True
            layout = self._maker.make(names, separator, colon)
            read = _read(layout, line)
            if read is not None and (layout.stamped or read[1][1] == value):
                self._layouts.append(layout)
                self._made.add((names, separator))
                self._allow(read[0])
                return
        self._futile += futile

    def _allow(self, rule: tuple[Any, ...] | None) -> None:
        if rule is not None:
            if len(self._allowed) >= MAX_ALLOWED:
                self._allowed.clear()
            self._allowed.add(rule)


def _read(layout: Layout, line: bytes) -> tuple[tuple[Any, ...] | None, Checked] | None:
    """What a layout reads in a line; None if the line is not of this layout, or not vouched for."""
    found = layout.match(line)
    if found is None:
        return None
    try:
        return layout.read(found.groups())
    except UnlikeError:
        return None
