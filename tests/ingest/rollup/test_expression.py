"""Druid's expressions: what they are worth, and what is refused. The values are those that Druid 33 gives."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup.evaluation import evaluate
from frontrow_ingest.rollup.expression import parse_expression

COLUMNS: dict[str, Any] = {"n": 8, "p": 15_000, "x": 2.5, "started": True, "cdn": "north", "a@0.5": 7.0, "seg": ("a",)}


def value(text: str) -> Any:
    return evaluate(parse_expression(text), COLUMNS.get)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("2 - 1 - 1", 0),
        ("p / 7", 2142),
        ("-7 / 2", -3),
        ("-7 % 2", -1),
        ("p * 1.0 / 8", 1875.0),
        ('"a@0.5" * 2', 14.0),
        ("9223372036854775807 + 1", -(2**63)),
        ("x > 2 && n < 9", 1),
        ("x > 3 || n < 2", 0),
        ("!(n > 3)", 0),
        ("1 < 2 == 1", 1),
        ("cdn == 'north'", 1),
        ("'a' < 'b'", 1),
        ("started", 1),
        ("abs(-3)", 3),
        ("-x", -2.5),
        ("null", None),
        ("isnull(none) + notnull(n)", 2),
        ("nvl(none, 5)", 5),
        ("none + 1", None),
        ("none == none", None),
        ("-none", None),
        ("if(none, 1, 2)", 2),
        ("if(isnull(none), 0, n)", 0),
        ("none && 0", 0),
        ("none || 1", 1),
        ("none && 1", None),
        ("max(n, 3) + min(n, 3)", 11),
        ("max(n, 2.5)", 8.0),
        ("max(n, none)", None),
        ("[1, 2]", (1, 2)),
        ("['a', 'b']", ("a", "b")),
        ("map((i) -> i * n + p, [0, 1])", (15_000, 15_008)),
        ("map((n) -> n, [5])", (5,)),
        ("map((i) -> i, none)", None),
        ("array_slice([1, 2, 3], 1, 3)", (2, 3)),
        ("array_slice([1, 2], 1, 4)", (2, None, None)),
        ("array_slice([1, 2], 2, 1)", None),
        ("array_slice([1, 2], -1, 1)", None),
        ("array_slice([1, 2], 0, none)", None),
        ("cast(-x, 'LONG')", -2),
        ("cast(n, 'DOUBLE')", 8.0),
        ("cast(none, 'LONG')", None),
        ("cast(x / 0.0, 'LONG')", 2**63 - 1),
        ("n - if(n > 3, 1, 0) - 2", 5),
    ],
)
def test_values(text: str, expected: Any) -> None:
    found = value(text)
    assert (found, type(found)) == (expected, type(expected))


def test_doubles_that_are_no_numbers() -> None:
    assert value("x / 0.0") == math.inf
    assert value("-x / 0.0") == -math.inf
    assert math.isnan(value("0.0 / 0"))
    assert value("if((0.0 / 0) == (0.0 / 0), 1, null)") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "ends too early"),
        ("n +", "ends too early"),
        ("n n", "not expected"),
        ("(n", "is missing"),
        ("concat(n, n)", "function 'concat'"),
        ("if(n, 1)", "takes 3"),
        ("n ? 1", "not known here"),
        ("'it", "not known here"),
        ("map(n, [1])", "is missing"),
        ("map((1) -> 1, [1])", "begins with a lambda"),
        ("[n]", "holds numbers or texts"),
        ("(" * 60 + "1" + ")" * 60, "nested deeper"),
    ],
)
def test_refused_when_it_is_read(text: str, said: str) -> None:
    with pytest.raises(RollupError, match=said):
        parse_expression(text)


@pytest.mark.parametrize("text", ["n / 0", "n % 0"])
def test_a_long_over_nothing_breaks(text: str) -> None:
    with pytest.raises(ZeroDivisionError):
        value(text)


@pytest.mark.parametrize(
    "text",
    [
        "cdn + 1",
        "cdn > 1",
        "seg",
        "if(cdn, 1, 2)",
        "[1] + 1",
        "-[1]",
        "if([1], 1, 2)",
        "map((i) -> [i], [1])",
        "map((i) -> i, 1)",
        "array_slice(1, 0, 1)",
        "cast('a', 'LONG')",
        "cast(n, 'STRING')",
    ],
)
def test_refused_when_it_is_computed(text: str) -> None:
    with pytest.raises(RollupError):
        value(text)


@given(st.text("np1.0'\"+-*/%<>=!&|(), ifnullmap[]", max_size=30))
def test_nothing_but_a_refusal_comes_of_odd_text(text: str) -> None:
    with contextlib.suppress(RollupError, ZeroDivisionError):
        value(text)
