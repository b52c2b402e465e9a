"""The value of a Druid expression: longs of 64 bits, doubles, texts, arrays of them, and null as in SQL."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup.expression import Call, Column, Expression, Lambda, Literal

Scalar: TypeAlias = "int | float | str | None"
Value: TypeAlias = "Scalar | tuple[Scalar, ...]"


def evaluate(expression: Expression, column: Callable[[str], object]) -> Value:
    """The value of an expression.

    Args:
        column: the value of a column by its name; None where there is none

    Raises:
        RollupError: a column holds what cannot be computed with
        ZeroDivisionError: a long is divided by 0, where Druid fails as well
    """
    match expression:
        case Literal(value):
            return value
        case Column(name):
            return _scalar(name, column(name))
        case Call("if", (condition, then, otherwise)):
            return evaluate(then if _truth(evaluate(condition, column)) else otherwise, column)
        case Call("map", (Lambda(parameter, body), array)):
            return _mapped(parameter, body, evaluate(array, column), column)
        case Call("array_slice", (array, start, end)):
            return _sliced(evaluate(array, column), evaluate(start, column), evaluate(end, column))
        case Call("cast", (inner, Literal("LONG" | "DOUBLE" as type_))):
            found = evaluate(inner, column)
            return None if found is None else _cast(_number(found), type_)
        case Call("nvl", (first, second)):
            return evaluate(second, column) if (found := evaluate(first, column)) is None else found
        case Call("&&" | "||" as op, (left, right)):
            return _joined(op == "||", _truth(evaluate(left, column)), _truth(evaluate(right, column)))
        case Call(name, (operand,)):
            return _of_one(name, evaluate(operand, column))
        case Call(op, (left, right)):
            return _of_two(op, evaluate(left, column), evaluate(right, column))
    raise RollupError(f"{expression} cannot be computed.")


def _mapped(parameter: str, body: Expression, array: Value, column: Callable[[str], object]) -> Value:
    if array is None:
        return None
    if not isinstance(array, tuple):
        raise RollupError(f"map() goes over an array, not over {array!r}.")

    def within(item: Scalar) -> Scalar:
        found = evaluate(body, lambda name: item if name == parameter else column(name))
        if isinstance(found, tuple):
            raise RollupError("an array of arrays is not known here.")
        return found

    return tuple(within(item) for item in array)


def _sliced(array: Value, start: Value, end: Value) -> Value:
    """As Druid does: null where the ends make no sense, and nulls beyond the end of the array."""
    if array is None or start is None or end is None:
        return None
    if not isinstance(array, tuple) or not isinstance(start, int) or not isinstance(end, int):
        raise RollupError("array_slice() takes an array and two longs.")
    if start < 0 or start > len(array) or start > end:
        return None
    return (*array[start:end], *(None,) * (end - max(len(array), start)))


def _cast(number: int | float, type_: str) -> int | float:
    if type_ == "DOUBLE":
        return float(number)
    # As Java does it: towards zero, and what is too large is the largest there is.
    return 0 if math.isnan(number) else int(min(max(number, -(1 << 63)), (1 << 63) - 1))


def wrapped(number: int) -> int:
    """A long as Java keeps it: what is over 64 bits begins again at the other end."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def _scalar(name: str, value: object) -> Value:
    if isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, int | float | str):
        return value
    raise RollupError(f"the column {name!r} holds no single number or text: an expression cannot use it.")


def _truth(value: Value) -> bool | None:
    if isinstance(value, str | tuple):
        raise RollupError(f"{value!r} is neither true nor false.")
    return None if value is None else value > 0


def _joined(is_or: bool, left: bool | None, right: bool | None) -> int | None:
    """Three-valued: what is unknown stays so unless the other side decides."""
    if is_or in (left, right):
        return int(is_or)
    return None if None in (left, right) else int(not is_or)


def _of_one(name: str, value: Value) -> Value:
    if name in ("isnull", "notnull"):
        return int((value is None) == (name == "isnull"))
    if value is None:
        return None
    if name == "!":
        return int(not _truth(value))
    number = _number(value)
    if name == "abs":
        return abs(number)
    return wrapped(-number) if isinstance(number, int) else -number


def _of_two(op: str, left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    if isinstance(left, tuple) or isinstance(right, tuple):
        raise RollupError(f"{op} of an array is not known here.")
    if op in _COMPARISONS:
        return int(_COMPARISONS[op](left, right))
    first, second = _number(left), _number(right)
    if isinstance(first, int) and isinstance(second, int):
        return wrapped(_of_longs(op, first, second))
    return _of_doubles(op, float(first), float(second))


def _of_longs(op: str, left: int, right: int) -> int:
    match op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "max" | "min":
            return max(left, right) if op == "max" else min(left, right)
    if not right:
        raise ZeroDivisionError(f"the long {left} is divided by 0.")
    # Java rounds towards zero, Python down.
    quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
    return quotient if op == "/" else left - quotient * right


def _of_doubles(op: str, left: float, right: float) -> float:
    match op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "max" | "min" if math.isnan(left) or math.isnan(right):
            return math.nan
        case "max" | "min":
            return max(left, right) if op == "max" else min(left, right)
        case "/" if right:
            return left / right
        case "%" if right and math.isfinite(left):
            return math.fmod(left, right)
        case "/" if left and not math.isnan(left):
            return math.copysign(math.inf, left) * math.copysign(1.0, right)
        case _:
            return math.nan


def _number(value: Value) -> int | float:
    if value is None or isinstance(value, str | tuple):
        raise RollupError(f"{value!r} is no number to compute with.")
    return value


def _compared(compare: Callable[[float, float], bool]) -> Callable[[int | float | str, int | float | str], bool]:
    def decide(left: int | float | str, right: int | float | str) -> bool:
        if isinstance(left, str) and isinstance(right, str):
            return compare((left > right) - (left < right), 0)
        return compare(_number(left), _number(right))

    return decide


_COMPARISONS = {
    "==": _compared(lambda left, right: left == right),
    "!=": _compared(lambda left, right: left != right),
    "<": _compared(lambda left, right: left < right),
    "<=": _compared(lambda left, right: left <= right),
    ">": _compared(lambda left, right: left > right),
    ">=": _compared(lambda left, right: left >= right),
}
