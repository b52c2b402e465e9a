"""The formula language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow_specs import SpecInvalid, catalogue, rollup
from frontrow_specs.formula import Aggregate, Binary, Bucket, MaxOverGrain, Number, aggregates, parse


def test_what_is_written_is_what_is_parsed() -> None:
    assert parse("sum(a) / (sum(b) + 2)") == Binary(
        "/", Aggregate("sum", "a"), Binary("+", Aggregate("sum", "b"), Number(2.0))
    )
    assert parse("max_over_grain(sum(a) / bucket_ms)") == MaxOverGrain(Binary("/", Aggregate("sum", "a"), Bucket()))
    assert parse("quantile(a, 0.95)") == Aggregate("quantile", "a", 0.95)
    assert list(aggregates(parse("sum(a) - sum(b) * sum(a)"))) == [
        Aggregate("sum", "a"),
        Aggregate("sum", "b"),
        Aggregate("sum", "a"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a formula"),
        ("sum(a", "not a formula"),
        ("sum(a) ** 2", "is not part of a formula"),
        ("__import__('os').system('true')", "is not part of a formula"),
        ("sum(a.b)", "takes one column"),
        ("sum(a, b)", "takes one column"),
        ("quantile(a)", "a share from 0 to 1"),
        ("quantile(a, 2)", "a share from 0 to 1"),
        ("avg(a)", "there are sum, hll, theta, quantile"),
        ("True", "is not part of a formula"),
        ("max_over_grain(max_over_grain(sum(a)))", "cannot hold another"),
        ("(" * 60 + "1" + ")" * 60 + "+1" * 30, "nested deeper"),
        ("1+" * 400 + "1", "at most 500"),
    ],
)
def test_what_is_no_formula_is_refused(text: str, said: str) -> None:
    with pytest.raises(SpecInvalid, match=said):
        parse(text)


@given(st.text(alphabet="sumhltequanie()+-*/.,0123456789 ab_\n\t'\"\\\x00[]{}:=λ", max_size=80))
def test_nothing_but_a_refusal_comes_of_odd_text(text: str) -> None:
    try:
        parse(text)
    except SpecInvalid:
        return


@pytest.mark.parametrize("metric", catalogue().metrics.values(), ids=lambda metric: metric.name)
def test_a_metric_can_be_answered_by_every_datasource_it_names(metric) -> None:  # type: ignore[no-untyped-def]
    assert metric.datasources
    for name in metric.datasources:
        columns = {column.name for column in rollup(name).metrics}
        assert {aggregate.column for aggregate in metric.aggregates} <= columns
    sketches = {"hll", "theta", "quantile"} & {aggregate.kind for aggregate in metric.aggregates}
    assert metric.exact is not bool(sketches)
