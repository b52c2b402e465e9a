"""Sets of event numbers as sorted ranges: ``array("I", [start, end, start, end, ...])``, ends excluded, none touching.

An array is at once compact in memory and, as bytes, the form on disk.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right

MAX_RANGES = 64


def add(ranges: array[int], number: int) -> bool:
    """Put a number in; False if it was there. Over MAX_RANGES the lowest range is forgotten."""
    at = bisect_right(ranges, number)  # how many bounds are at or below it: odd inside of a range
    if at & 1:
        return False
    joins_left = at > 0 and ranges[at - 1] == number
    joins_right = at < len(ranges) and ranges[at] == number + 1
    if joins_left and joins_right:
        del ranges[at - 1 : at + 1]
    elif joins_left:
        ranges[at - 1] = number + 1
    elif joins_right:
        ranges[at] = number
    else:
        ranges[at:at] = array("I", (number, number + 1))
        if len(ranges) > 2 * MAX_RANGES:
            del ranges[:2]
    return True


def remove(ranges: array[int], number: int) -> None:
    """Take a number out, if it is in."""
    at = bisect_right(ranges, number)
    if not at & 1:
        return
    start, end = ranges[at - 1], ranges[at]
    left = (start, number) if start < number else ()
    right = (number + 1, end) if number + 1 < end else ()
    ranges[at - 1 : at + 1] = array("I", (*left, *right))
    if len(ranges) > 2 * MAX_RANGES:
        del ranges[:2]


def contains(ranges: array[int], number: int) -> bool:
    """Whether a number is in."""
    return bool(bisect_right(ranges, number) & 1)
