"""Formulas: values from what Druid answers, and the expressions by which Druid ranks."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow._asking.formula import evaluate, post_aggregations, rank_expression
from frontrow_specs import catalogue
from frontrow_specs.formula import parse

SUMS: dict[str, Any] = {"a": 6, "b": 4, "zero": 0, "none": None, "nan": "NaN", "s@0.5": 12.5, "empty@0.5": "NaN"}


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("sum(a)", 6),
        ("sum(a) / sum(b)", 1.5),
        ("sum(a) / (sum(a) + sum(b))", 0.6),
        ("sum(a) - sum(b) * 2", -2),
        ("sum(a) / bucket_ms", 0.0001),
        ("sum(a) / sum(zero)", None),
        ("sum(zero) / sum(zero)", None),
        ("sum(a) + sum(b) / sum(zero)", None),
        ("sum(none)", 0),
        ("sum(absent)", 0),
        ("hll(none)", 0),
        ("quantile(s, 0.5)", 12.5),
        ("quantile(empty, 0.5)", None),
        ("quantile(absent, 0.5)", None),
        ("quantile(empty, 0.5) * 2", None),
    ],
)
def test_value(formula: str, value: float | None) -> None:
    assert evaluate(parse(formula), SUMS, 60_000) == value


def test_a_sum_beyond_floats_stays_exact() -> None:
    assert evaluate(parse("sum(a)"), {"a": 2**62 + 1}, 1) == 2**62 + 1


@given(st.dictionaries(st.sampled_from(["play_ms", "rebuffer_ms", "plays", "attempts"]), st.integers(0, 2**60)))
def test_every_metric_of_the_catalogue_has_a_value_or_none(answered: dict[str, int]) -> None:
    for metric in catalogue().metrics.values():
        value = evaluate(metric.expression, answered, 60_000)
        assert value is None or math.isfinite(value)


def test_quantiles_are_taken_by_druid() -> None:
    assert post_aggregations(catalogue().metric("startup_time_p95").aggregates) == [
        {
            "type": "quantilesDoublesSketchToQuantile",
            "name": "startup_ms_sketch@0.95",
            "fraction": 0.95,
            "field": {"type": "fieldAccess", "fieldName": "startup_ms_sketch"},
        }
    ]
    assert post_aggregations(catalogue().metric("plays").aggregates) == []


@pytest.mark.parametrize(
    ("formula", "expression"),
    [
        ("sum(a)", '"a"'),
        ("sum(a) / 60000", '("a") * 1.0 / 60000.0'),
        ("sum(a) / bucket_ms", '("a") * 1.0 / 300000.0'),
        ("sum(a) / (sum(a) + sum(b))", 'if(("a" + "b") != 0, ("a") * 1.0 / (("a" + "b")), null)'),
        ("quantile(s, 0.5)", 'if("s@0.5" == "s@0.5", "s@0.5", null)'),
    ],
)
def test_rank(formula: str, expression: str) -> None:
    assert rank_expression(parse(formula), 300_000) == expression
