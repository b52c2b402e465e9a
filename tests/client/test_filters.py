"""Filters: how they are written, what Druid gets, and what is refused."""

from __future__ import annotations

import fnmatch
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydruid.utils.filters import Dimension as PydruidDimension

from frontrow import AskError, Condition, between, eq, like, not_, one_of
from frontrow._filters import dimensions_of, parse_where, required_values

DE = {"type": "selector", "dimension": "country", "value": "DE"}


def test_eq() -> None:
    assert eq("country", "DE").to_druid() == DE
    assert eq("event_id", None).to_druid() == {"type": "selector", "dimension": "event_id", "value": None}


def test_one_of() -> None:
    expected = {"type": "in", "dimension": "cdn", "values": ["a", None]}
    assert one_of("cdn", ["a", None]).to_druid() == expected
    assert one_of("cdn", (value for value in ("a", None))).to_druid() == expected


def test_like() -> None:
    assert like("app_version", "7.%").to_druid() == {"type": "like", "dimension": "app_version", "pattern": "7.%"}


def test_like_with_an_escape() -> None:
    assert like("event_id", "100!%", escape="!").to_druid()["escape"] == "!"
    with pytest.raises(AskError, match="one character"):
        like("event_id", "100!!%", escape="!!")


def test_between() -> None:
    assert between("app_version", "7.0", "8.0").to_druid() == {
        "type": "bound",
        "dimension": "app_version",
        "ordering": "lexicographic",
        "lower": "7.0",
        "upper": "8.0",
        "upperStrict": True,
    }
    assert between("region", "B").to_druid().keys() == {"type", "dimension", "ordering", "lower"}
    assert between("isp", "9", numeric=True).to_druid()["ordering"] == "numeric"


def test_between_without_a_lower_end_leaves_out_null() -> None:
    assert between("isp", upper="9").to_druid() == {
        "type": "range",
        "column": "isp",
        "matchValueType": "STRING",
        "upper": "9",
        "upperOpen": True,
    }
    numbers = between("isp", upper="9", numeric=True).to_druid()
    assert (numbers["type"], numbers["lower"], numbers["upper"]) == ("bound", "-1e308", "9")


def test_joined() -> None:
    a, b, c = eq("country", "DE"), eq("cdn", "a"), like("os", "t%")
    opposite = {"type": "not", "field": {"type": "istrue", "field": c.to_druid()}}
    assert (a & b & c).to_druid() == {"type": "and", "fields": [a.to_druid(), b.to_druid(), c.to_druid()]}
    assert (a | b & ~c).to_druid() == {
        "type": "or",
        "fields": [
            a.to_druid(),
            {"type": "and", "fields": [b.to_druid(), opposite]},
        ],
    }
    assert not_(a) == ~a


def test_a_mapping_means_all_of_it() -> None:
    assert parse_where({"country": "DE"}) == DE
    assert parse_where({"country": "DE", "cdn": ["a", "b"], "event_id": None}) == {
        "type": "and",
        "fields": [
            DE,
            {"type": "in", "dimension": "cdn", "values": ["a", "b"]},
            {"type": "selector", "dimension": "event_id", "value": None},
        ],
    }


@pytest.mark.parametrize("nothing", [None, {}])
def test_no_filter(nothing: Any) -> None:
    assert parse_where(nothing) is None


@pytest.mark.parametrize(("value", "text"), [(7, "7"), (7.5, "7.5"), (True, "true")])
def test_what_is_not_text_becomes_text(value: Any, text: str) -> None:
    assert eq("app_version", value).to_druid()["value"] == text


def test_pydruids_filters() -> None:
    given_as = (PydruidDimension("country") == "DE") & ~(PydruidDimension("cdn") == "a")
    found = parse_where(given_as)
    assert found is not None
    assert found["type"] == "and"
    assert set(dimensions_of(found)) == {"country", "cdn"}


def test_druids_json() -> None:
    assert parse_where(DE) == DE
    columns = {"type": "equals", "column": "country", "matchValueType": "STRING", "matchValue": "DE"}
    assert parse_where(columns) == columns
    assert list(dimensions_of(columns)) == ["country"]


@pytest.mark.parametrize(
    "wrong",
    [
        "country = 'DE'",
        5,
        ["DE"],
        {"cdn": []},
        {"cdn": {"a": 1}},
        {"cdn": object()},
        {"cdn": float("nan")},
        {"cdn": [["a"]]},
        {"cdn": b"a"},
    ],
)
def test_what_is_no_filter(wrong: Any) -> None:
    with pytest.raises(AskError):
        parse_where(wrong)


def test_wrong_arguments_say_what_is_right() -> None:
    with pytest.raises(AskError, match="list of values"):
        one_of("cdn", "ab")
    with pytest.raises(AskError, match="lower or an upper"):
        between("cdn")
    with pytest.raises(AskError, match="condition"):
        not_({"country": "DE"})  # type: ignore[arg-type]
    with pytest.raises(AskError, match=r"&, \| and ~"):
        bool(eq("a", "b") and eq("c", "d"))
    with pytest.raises(AskError, match="only"):
        eq("a", "b") & {"c": "d"}  # type: ignore[operator]


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        (None, None),
        (eq("segments", "sports"), ["sports"]),
        (one_of("segments", ["a", "b"]), ["a", "b"]),
        (eq("country", "DE") & one_of("segments", ["a"]), ["a"]),
        (eq("country", "DE") | eq("segments", "a"), None),
        (~eq("segments", "a"), None),
        (eq("country", "DE"), None),
    ],
)
def test_values_that_a_filter_requires(condition: Condition | None, values: list[str] | None) -> None:
    assert required_values(parse_where(condition), "segments") == values


# A reading of Druid's JSON of our own, to hold against Python's own and, or and not.
def fits(condition: dict[str, Any], row: dict[str, str | None]) -> bool:
    match condition:
        case {"type": "and", "fields": fields}:
            return all(fits(field, row) for field in fields)
        case {"type": "or", "fields": fields}:
            return any(fits(field, row) for field in fields)
        case {"type": "not", "field": field}:
            return not fits(field, row)
        case {"type": "istrue", "field": field}:
            return fits(field, row)
        case {"type": "selector", "dimension": name, "value": value}:
            return row[name] == value
        case {"type": "in", "dimension": name, "values": values}:
            return row[name] in values
        case {"type": "like", "dimension": name, "pattern": pattern}:
            return fnmatch.fnmatchcase(row[name] or "", pattern.replace("%", "*"))
        case _:
            raise AssertionError(condition)


names = st.sampled_from(["country", "cdn"])
values = st.none() | st.sampled_from(["a", "ab", "b"])
leaves = st.one_of(
    st.tuples(st.just("eq"), names, values),
    st.tuples(st.just("one_of"), names, st.lists(values, min_size=1, max_size=3)),
    st.tuples(st.just("like"), names, st.sampled_from(["a%", "%b", "b"])),
)
trees: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.just("and"), inner, inner),
        st.tuples(st.just("or"), inner, inner),
    ),
    max_leaves=8,
)


def build(tree: Any) -> Condition:
    match tree:
        case ("not", inner):
            return ~build(inner)
        case ("and", left, right):
            return build(left) & build(right)
        case ("or", left, right):
            return build(left) | build(right)
        case (kind, name, value):
            makers: dict[str, Any] = {"eq": eq, "one_of": one_of, "like": like}
            made: Condition = makers[kind](name, value)
            return made
        case _:
            raise AssertionError(tree)


def holds(tree: Any, row: dict[str, str | None]) -> bool:
    match tree:
        case ("not", inner):
            return not holds(inner, row)
        case ("and", left, right):
            return holds(left, row) and holds(right, row)
        case ("or", left, right):
            return holds(left, row) or holds(right, row)
        case ("eq", name, value):
            return row[name] == value
        case ("one_of", name, among):
            return row[name] in among
        case (_, name, pattern):
            return fnmatch.fnmatchcase(row[name] or "", pattern.replace("%", "*"))
        case _:
            raise AssertionError(tree)


@given(trees, values, values)
def test_a_joined_condition_means_what_was_said(tree: Any, country: str | None, cdn: str | None) -> None:
    row = {"country": country, "cdn": cdn}
    condition = build(tree)
    before = condition.to_druid()
    assert fits(before, row) is holds(tree, row)
    assert fits(not_(condition).to_druid(), row) is not holds(tree, row)
    assert condition.to_druid() == before
    assert set(dimensions_of(before)) <= {"country", "cdn"}
