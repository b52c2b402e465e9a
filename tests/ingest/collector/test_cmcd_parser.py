"""The syntax of CMCD: what is written is read, what is not CMCD is refused at its place, nothing else happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from frontrow_ingest.collector.cmcd import CmcdSyntaxError, Item, Token, parse, parser
from support.cmcd_lines import dictionaries, written


@given(dictionaries, st.sampled_from([",", ", ", " ,", "\t,  "]))
def test_what_is_written_is_read(values: dict[str, object], comma: str) -> None:
    text = comma.join(key if value is True else f"{key}={written(value)}" for key, value in values.items())
    found = parse(text)
    assert found == values
    assert {key: type(value) for key, value in found.items()} == {key: type(value) for key, value in values.items()}


@given(st.text() | st.text(st.sampled_from('abz09=,;()":?.- \\\t*')))
@example('a="')
@example("a=(")
@example("a=(1")
@example("a;")
@example("a=?2")
@example("a=1.")
def test_garbage_is_refused_and_nothing_worse(text: str) -> None:
    caught = None
    try:
        parse(text)
    except CmcdSyntaxError as error:
        caught = error
    if caught is not None:
        assert 0 <= caught.position <= len(text)
        assert str(caught).startswith(f"is not CMCD at character {caught.position}: ")


_members = st.sampled_from(
    [
        "a",
        "a=1",
        "b=-07",
        'c="x"',
        'c="x,y"',
        "d=t",
        "e=(1 2)",
        "e=(1 2;v)",
        "e=(1;;)",
        "f=1.5",
        "",
        " a",
        "A",
        'g="',
        "a=?1",
    ]
)


@given(st.lists(_members, max_size=6).map(",".join))
@example("a,b=2,a=3")
def test_members_that_were_seen_before_are_read_like_others(text: str) -> None:
    def outcome(read: Callable[[str], object]) -> object:
        try:
            return read(text)
        except CmcdSyntaxError as error:
            return str(error)

    assert outcome(parse) == outcome(parse) == outcome(parser._parsed)


def test_a_line_of_a_player() -> None:
    line = (
        'br=(3200;v 128;a),bs,cid="a \\"b\\"",com.example-x=?0,e=ps,ec=("E1" "E2"),pr=1.25,sta=p,ts=1790000000000,v=2'
    )
    assert parse(line) == {
        "br": (Item(3200, {"v": True}), Item(128, {"a": True})),
        "bs": True,
        "cid": 'a "b"',
        "com.example-x": False,
        "e": Token("ps"),
        "ec": (Item("E1"), Item("E2")),
        "pr": 1.25,
        "sta": Token("p"),
        "ts": 1_790_000_000_000,
        "v": 2,
    }


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("  ", 2),
        ("A=1", 0),
        ("a=", 2),
        ("a=1,", 4),
        ("a=1 b=2", 4),
        ("a=1,,b=2", 4),
        ("a=1234567890123456", 2),
        ("a=1.2345", 2),
        ('a="é"', 2),
        ('a="x', 2),
        ("a=(1 2", 6),
        ("a=(1,2)", 4),
        ("a=1;B", 4),
        ("a=1\nb=2", 3),
    ],
)
def test_the_place_of_a_mistake_is_named(text: str, position: int) -> None:
    with pytest.raises(CmcdSyntaxError) as caught:
        parse(text)
    assert caught.value.position == position


def test_the_last_of_a_repeated_key_counts() -> None:
    assert parse("a=1,b=2,a=3") == {"a": 3, "b": 2}


@pytest.mark.parametrize("text", ['a="' + "\\" * 200_000, "a=(" + "1 " * 100_000, "a" + ";a" * 100_000, " " * 200_000])
def test_long_garbage_takes_no_long_time(text: str) -> None:
    began = time.process_time()
    with suppress(CmcdSyntaxError):
        parse(text)
    assert time.process_time() - began < 120  # with a step back at each character it would be hours
