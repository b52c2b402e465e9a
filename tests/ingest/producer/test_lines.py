"""Splitting a stream into lines, whatever its pieces are."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontrow_ingest.producer.lines import HEAD_BYTES, Line, read_lines


def pieces(*parts: bytes) -> Callable[[int], bytes]:
    """A read that gives these pieces, then the end."""
    queue = [part for part in parts if part]
    return lambda _size: queue.pop(0) if queue else b""


def lines(*parts: bytes, max_bytes: int = 1_000) -> list[Line]:
    return list(read_lines(pieces(*parts), max_bytes=max_bytes))


def test_nothing_is_no_line() -> None:
    assert lines() == []


def test_numbers_offsets_and_sizes() -> None:
    assert lines(b"ab\n\r\ncd") == [
        Line(1, 0, b"ab", 2, True),
        Line(2, 3, b"", 1, True),
        Line(3, 5, b"cd", 2, True),
    ]


@pytest.mark.parametrize("text", [b"a\nb\n", b"a\r\nb\r\n", b"\xef\xbb\xbfa\nb", b"a\nb"])
def test_line_ends_and_byte_order_mark(text: bytes) -> None:
    assert [line.data for line in lines(text)] == [b"a", b"b"]


def test_a_byte_order_mark_later_is_data() -> None:
    assert [line.data for line in lines(b"a\n\xef\xbb\xbfb")] == [b"a", b"\xef\xbb\xbfb"]


@given(st.lists(st.binary(max_size=6).map(lambda part: part.replace(b"\x00", b"\n"))))
@settings(deadline=None)
def test_pieces_do_not_matter(parts: list[bytes]) -> None:
    whole = b"".join(parts)
    assert lines(*parts) == lines(whole)
    assert lines(*(whole[at : at + 1] for at in range(len(whole)))) == lines(whole)


@given(st.lists(st.binary(max_size=5)), st.integers(1, 8))
@settings(deadline=None)
def test_offsets_point_at_the_line_in_the_input(parts: list[bytes], max_bytes: int) -> None:
    whole = b"\n".join(parts)
    for line in lines(*parts[:1], *(b"\n" + part for part in parts[1:]), max_bytes=max_bytes):
        original = whole[line.offset : line.offset + line.size]
        assert b"\n" not in original
        assert line.whole == (line.size <= max_bytes)
        if line.number == 1:
            original = original.removeprefix(b"\xef\xbb\xbf")
        assert original.startswith(line.data)


def test_a_line_of_just_the_limit_is_whole() -> None:
    exact, over = lines(b"x" * 10 + b"\n" + b"y" * 11 + b"\n", max_bytes=10)
    assert (exact.whole, exact.data) == (True, b"x" * 10)
    assert (over.whole, over.size) == (False, 11)


def test_what_follows_an_endless_line_is_read() -> None:
    first, second = lines(b"x" * 3_000, b"x" * 3_000, b"x\nok", max_bytes=2_000)
    assert (first.whole, first.size, first.data) == (False, 6_001, b"x" * HEAD_BYTES)
    assert second == Line(2, 6_002, b"ok", 2, True)


def test_an_endless_line_takes_bounded_memory() -> None:
    chunk = b"x" * 65_536
    left = 2_000

    def read(size: int) -> bytes:
        nonlocal left
        left -= 1
        return chunk if left > 0 else b""

    tracemalloc.start()
    try:
        (line,) = read_lines(read, max_bytes=100_000)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert line.size == 65_536 * 1_999


def test_a_line_is_given_as_soon_as_it_has_ended() -> None:
    asked = 0

    def read(size: int) -> bytes:
        nonlocal asked
        asked += 1
        return b"one\ntw"

    found: Iterator[Line] = read_lines(read)
    assert next(found).data == b"one"
    assert asked == 1


def test_what_read_raises_passes_without_a_partial_line() -> None:
    def read(size: int) -> bytes:
        return stream.read(size) or fail()

    def fail() -> bytes:
        raise InterruptedError

    stream = io.BytesIO(b"one\npart")
    found = read_lines(read)
    assert next(found).data == b"one"
    with pytest.raises(InterruptedError):
        next(found)
