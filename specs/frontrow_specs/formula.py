"""Formulas of the metric catalogue: a small expression over stored columns.

A formula is written the way it would be said: ``sum(rebuffer_ms) / (sum(play_ms) + sum(rebuffer_ms))``. It may use
``+ - * /``, numbers, ``bucket_ms`` (the length of the answer's time bucket, ms) and these aggregates of a column:

============================  =========================================================
``sum(column)``               the sum of a stored sum
``hll(column)``               distinct count of a HyperLogLog sketch
``theta(column)``             distinct count of a theta sketch
``quantile(column, share)``   the value below which a share (0 to 1) of the values lies
``max_over_grain(formula)``   the largest value of a formula over buckets of the datasource's grain
============================  =========================================================

Anything divided by nothing is null, and so is anything computed from a null.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from frontrow_specs.errors import SpecInvalid

AggregateKind: TypeAlias = Literal["sum", "hll", "theta", "quantile"]
Operator: TypeAlias = Literal["+", "-", "*", "/"]

_KINDS = ("sum", "hll", "theta", "quantile")
_OPERATORS: dict[type[ast.operator], Operator] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_LONGEST = 500
_DEEPEST = 20


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True)
class Bucket:
    """The length of the time bucket, ms."""


@dataclass(frozen=True)
class Aggregate:
    """An aggregate of one stored column; ``argument`` is the share of a quantile."""

    kind: AggregateKind
    column: str
    argument: float | None = None


@dataclass(frozen=True)
class Binary:
    """Two formulas joined by an operator."""

    op: Operator
    left: Expression
    right: Expression


@dataclass(frozen=True)
class MaxOverGrain:
    """The largest value of ``inner`` over buckets of the datasource's grain."""

    inner: Expression


Expression: TypeAlias = Number | Bucket | Aggregate | Binary | MaxOverGrain


def parse(text: str) -> Expression:
    """The formula that a text says.

    Raises:
        SpecInvalid: it is not a formula; the message says where
    """
    if len(text) > _LONGEST:
        raise SpecInvalid(f"a formula of {len(text)} characters: at most {_LONGEST} are allowed.")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SpecInvalid(f"{text!r} is not a formula: {error}.") from error
    return _convert(tree.body, text, 0)


def aggregates(expression: Expression) -> Iterator[Aggregate]:
    """Every aggregate that a formula uses, left to right; one that is used twice comes twice."""
    match expression:
        case Aggregate():
            yield expression
        case Binary(_, left, right):
            yield from aggregates(left)
            yield from aggregates(right)
        case MaxOverGrain(inner):
            yield from aggregates(inner)
        case _:
            return


def _convert(node: ast.expr, text: str, depth: int) -> Expression:
    if depth > _DEEPEST:
        raise SpecInvalid(f"{text!r} is nested deeper than {_DEEPEST} levels.")
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return Number(float(value))
        case ast.Name(id="bucket_ms"):
            return Bucket()
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return Binary(_OPERATORS[type(op)], _convert(left, text, depth + 1), _convert(right, text, depth + 1))
        case ast.Call(func=ast.Name(id="max_over_grain"), args=[inner], keywords=[]):
            converted = _convert(inner, text, depth + 1)
            if _holds_max(converted):
                raise SpecInvalid(f"{text!r}: max_over_grain cannot hold another max_over_grain.")
            return MaxOverGrain(converted)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _KINDS:
            return _aggregate(cast(AggregateKind, name), args, text)
        case _:
            said = ast.get_source_segment(text.strip(), node) or text
            known = ", ".join((*_KINDS, "max_over_grain", "bucket_ms"))
            raise SpecInvalid(f"{text!r}: {said!r} is not part of a formula; there are {known}, numbers and + - * /.")


def _aggregate(kind: AggregateKind, args: list[ast.expr], text: str) -> Aggregate:
    match kind, args:
        case "quantile", [ast.Name(id=column), ast.Constant(value=int() | float() as share)] if 0 <= share <= 1:
            return Aggregate(kind, column, float(share))
        case "sum" | "hll" | "theta", [ast.Name(id=column)]:
            return Aggregate(kind, column)
    wanted = "a column and a share from 0 to 1" if kind == "quantile" else "one column"
    raise SpecInvalid(f"{text!r}: {kind}() takes {wanted}.")


def _holds_max(expression: Expression) -> bool:
    match expression:
        case MaxOverGrain():
            return True
        case Binary(_, left, right):
            return _holds_max(left) or _holds_max(right)
        case _:
            return False
