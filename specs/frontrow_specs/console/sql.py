"""Formulas of the catalogue as Druid SQL."""

from __future__ import annotations

from collections.abc import Sequence

from frontrow_specs.errors import SpecInvalid
from frontrow_specs.formula import Aggregate, Binary, Bucket, Expression, MaxOverGrain, Number
from frontrow_specs.metrics import catalogue

# As large as the sketches that are stored.
_QUANTILES_K = 256


def selected(metrics: Sequence[str], bucket_ms: int | None = None) -> list[str]:
    """Metrics as items of a SELECT, each named after itself.

    Raises:
        SpecInvalid: SQL cannot say one of them
    """
    return [f'{sql_of(catalogue().metric(name).expression, bucket_ms)} AS "{name}"' for name in metrics]


def sql_of(expression: Expression, bucket_ms: int | None = None) -> str:
    """A formula as SQL; divided by nothing, it is null.

    Args:
        bucket_ms: the length of the answer's time bucket, where the formula needs it

    Raises:
        SpecInvalid: it needs a sketch that SQL does not see everywhere, the length of a bucket, or a query of its own
    """
    if (value := _constant(expression, bucket_ms)) is not None:
        return f"{value:g}" if value < 1e6 else f"{value:.0f}"
    match expression:
        case Aggregate("sum", column):
            return f'SUM("{column}")'
        case Aggregate("quantile", column, share):
            return f'APPROX_QUANTILE_DS("{column}", {share:g}, {_QUANTILES_K})'
        case Binary("/", left, right):
            divisor = _constant(right, bucket_ms)
            if divisor == 1:
                return sql_of(left, bucket_ms)
            # Longs would be divided without a rest.
            below = f"NULLIF({sql_of(right, bucket_ms)}, 0)" if divisor is None else sql_of(right, bucket_ms)
            return f"{_within(left, bucket_ms)} * 1.0 / {below}"
        case Binary(op, left, right):
            return f"{_within(left, bucket_ms)} {op} {_within(right, bucket_ms)}"
        case Aggregate(kind):
            raise SpecInvalid(f"{kind}() is no SQL that this Druid version answers while a task is running.")
        case MaxOverGrain():
            raise SpecInvalid("max_over_grain() takes a query of its own.")
        case _:
            raise SpecInvalid("a formula with bucket_ms needs buckets of time.")


def _constant(expression: Expression, bucket_ms: int | None) -> float | None:
    """The value of a part that holds no column; None of any other."""
    match expression:
        case Number(value):
            return value
        case Bucket():
            return None if bucket_ms is None else float(bucket_ms)
        case Binary("/", left, right):
            above, below = _constant(left, bucket_ms), _constant(right, bucket_ms)
            return None if above is None or not below else above / below
        case _:
            return None


def _within(expression: Expression, bucket_ms: int | None) -> str:
    text = sql_of(expression, bucket_ms)
    return f"({text})" if isinstance(expression, Binary) else text
