"""How large a segment of Druid is that holds given rows.

The columns are laid out as Druid lays them out, and those that it compresses are compressed by the same algorithm: long
columns and a dimension's ids in blocks of 64 KiB by LZ4; dictionaries, bitmaps and sketches stay as they are.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Any

import lz4.block

from frontrow_ingest.rollup.keys import RowKey

_BLOCK = 65_536
_ENTRY = 8  # of each entry in a list of entries: where it ends, and a mark for null
_BITMAP = 16
_CONTAINER_ROWS, _CONTAINER_BYTES = 65_536, 8_192
# What there is beside values, measured on segments of Druid 33: of a segment, of each column in its lists, of each
# aggregated column there besides, and at the head of a column by its kind.
SEGMENT_BYTES = 400
_LISTED, _AGGREGATED = 60, 95
_DIMENSION, _NUMBERS, _SKETCHES = 200, 170, 118


@dataclass(frozen=True)
class Stored:
    """A column of sketches: how many bytes each row's has."""

    sizes: Sequence[float]


Column = Stored | Sequence[int | None]
"""A column that is aggregated: sketches, or numbers."""


def dimension_order(keys: Sequence[RowKey]) -> list[int]:
    """The places of the keys in the order in which Druid stores their rows: by time, then by each dimension."""
    columns = [[key[0] for key in keys]]
    for place in range(1, len(keys[0]) if keys else 1):
        values = [key[place] for key in keys]
        rank = {value: number for number, value in enumerate(sorted(set(values), key=_sorting))}
        columns.append([rank[value] for value in values])
    return [row[-1] for row in sorted(zip(*columns, range(len(keys)), strict=True))]


def time_bytes(times: Sequence[int]) -> int:
    """The column of the rows' time."""
    return _LISTED + _NUMBERS + _compressed(array("q", times))


def dimension_bytes(values: Sequence[Any]) -> int:
    """A dimension: dictionary, ids by row, and a bitmap of the rows of each value.

    Args:
        values: of each row in their order: None, a text, or a tuple of several
    """
    several = any(type(value) is tuple for value in values)
    known = sorted({text for value in set(values) for text in _texts(value)}, key=_null_first)
    ids = {text: number for number, text in enumerate(known)}
    dictionary = sum(_ENTRY + len(text.encode() if text else b"") for text in known)
    kind = "B" if len(ids) <= 1 << 8 else "H" if len(ids) <= 1 << 16 else "I"
    if several:  # then null is a row without an id
        stored = [_texts(value) if value is not None else () for value in values]
        offsets = _compressed(array("I", accumulate(map(len, stored))))
        rows = array(kind, [ids[text] for texts in stored for text in texts])
    else:
        offsets, rows = 0, array(kind, [ids[value] for value in values])
    return _LISTED + _DIMENSION + dictionary + _compressed(rows) + offsets + sum(_bitmaps(values).values())


def metric_bytes(values: Column) -> float:
    """An aggregated column; numbers that are null have a bitmap, and are 0 themselves."""
    if isinstance(values, Stored):
        return _LISTED + _AGGREGATED + _SKETCHES + sum(values.sizes) + _ENTRY * len(values.sizes)
    nulls = _bitmaps([None if value is None else "" for value in values]).get(None, 0)
    return _LISTED + _AGGREGATED + _NUMBERS + nulls + _compressed(array("q", [value or 0 for value in values]))


def _compressed(values: array[int]) -> int:
    data = memoryview(values.tobytes())
    return sum(
        _ENTRY + len(lz4.block.compress(data[start : start + _BLOCK], mode="high_compression", store_size=False))
        for start in range(0, len(data), _BLOCK)
    )


def _bitmaps(values: Sequence[Any]) -> dict[str | None, int]:
    """The bytes of each value's bitmap: runs of rows, lists of rows or plain bits, whatever is least."""
    rows: Counter[Any] = Counter()
    runs: Counter[Any] = Counter()
    for value, run in groupby(values):
        length = sum(1 for _ in run)
        for text in _texts(value):
            rows[text] += length
            runs[text] += 1
    most = -(-len(values) // _CONTAINER_ROWS)
    sizes = {}
    for text, number in rows.items():
        containers = min(number, most)
        least = min(2 * number, 4 * runs[text], _CONTAINER_BYTES * containers)
        sizes[text] = _BITMAP + _ENTRY * containers + least
    return sizes


def _texts(value: Any) -> tuple[str | None, ...]:
    return value if type(value) is tuple else (value,)


def _null_first(text: str | None) -> tuple[bool, str]:
    return text is not None, text or ""


def _sorting(value: Any) -> Any:
    return [_null_first(text) for text in _texts(value)]
