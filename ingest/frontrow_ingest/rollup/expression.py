"""Druid's expressions: read once, then computed for each event or row.

Known are numbers, ``'texts'``, arrays of numbers or texts (``[1, 2]``), columns (plain, or in double quotes),
``+ - * / %``, comparisons, ``! && ||``, and the functions ``abs``, ``array_slice``, ``cast``, ``if``, ``isnull``,
``map``, ``max``, ``min``, ``notnull`` and ``nvl``. Anything else is refused when it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from frontrow_ingest.errors import RollupError

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)|'(?P<text>[^'\\]*)'|\"(?P<quoted>[^\"\\]*)\""
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<op>\|\||&&|==|!=|<=|>=|->|[-+*/%<>!(),\[\]]))"
)
_BINDING = {
    "||": 1,
    "&&": 2,
    "==": 3,
    "!=": 3,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}
_UNARY = 7
_DEEPEST = 50
FUNCTIONS = {
    "abs": 1,
    "array_slice": 3,
    "cast": 2,
    "if": 3,
    "isnull": 1,
    "map": 2,
    "max": 2,
    "min": 2,
    "notnull": 1,
    "nvl": 2,
}


@dataclass(frozen=True)
class Literal:
    """A constant; None is null, a tuple an array."""

    value: int | float | str | tuple[int | float | str, ...] | None


@dataclass(frozen=True)
class Column:
    """The value of a column."""

    name: str


@dataclass(frozen=True)
class Call:
    """An operator or a function; ``-`` and ``!`` of one operand as well."""

    name: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class Lambda:
    """What ``map`` makes of each value of an array: ``(parameter) -> body``."""

    parameter: str
    body: Expression


Expression: TypeAlias = Literal | Column | Call | Lambda


def parse_expression(text: str) -> Expression:
    """The expression that a text says.

    Raises:
        RollupError: it is none, or uses what is not known here
    """
    parser = _Parser(text)
    found = parser.expression(0, 0)
    if parser.token != ("end", ""):
        raise parser.wrong(f"{parser.token[1]!r} was not expected")
    return found


def columns(expression: Expression) -> Iterator[str]:
    """Every column that an expression uses; one that is used twice comes twice."""
    match expression:
        case Column(name):
            yield name
        case Call(_, operands):
            for operand in operands:
                yield from columns(operand)
        case Lambda(parameter, body):
            yield from (name for name in columns(body) if name != parameter)


class _Parser:
    """Precedence climbing over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._read()
        self.token = next(self._tokens)

    def wrong(self, what: str) -> RollupError:
        return RollupError(f"the expression {self._text!r}: {what}.")

    def expression(self, binding: int, depth: int) -> Expression:
        """Operators that bind stronger than ``binding``."""
        if depth > _DEEPEST:
            raise self.wrong(f"nested deeper than {_DEEPEST} levels")
        left = self._operand(depth)
        while self.token[0] == "op" and _BINDING.get(self.token[1], 0) > binding:
            op = self._take()
            left = Call(op, (left, self.expression(_BINDING[op], depth + 1)))
        return left

    def _operand(self, depth: int) -> Expression:
        kind, text = self.token
        if text in ("-", "!") and kind == "op":
            return Call(self._take(), (self.expression(_UNARY, depth + 1),))
        if (kind, text) == ("op", "("):
            self._take()
            inner = self.expression(0, depth + 1)
            self._expect(")")
            return inner
        if (kind, text) == ("op", "["):
            return self._array()
        self._take()
        match kind:
            case "number":
                return Literal(float(text) if re.search("[.eE]", text) else int(text))
            case "text":
                return Literal(text)
            case "quoted":
                return Column(text)
            case "name" if text == "null":
                return Literal(None)
            case "name" if self.token == ("op", "("):
                return self._call(text, depth)
            case "name":
                return Column(text)
            case _:
                raise self.wrong(f"{text!r} where a value should be" if text else "it ends too early")

    def _call(self, name: str, depth: int) -> Expression:
        if name not in FUNCTIONS:
            raise self.wrong(f"the function {name!r} is not known here; there are {', '.join(FUNCTIONS)}")
        self._expect("(")
        operands: list[Expression] = [self._lambda(depth) if name == "map" else self.expression(0, depth + 1)]
        while self.token == ("op", ","):
            self._take()
            operands.append(self.expression(0, depth + 1))
        self._expect(")")
        if len(operands) != FUNCTIONS[name]:
            raise self.wrong(f"{name}() takes {FUNCTIONS[name]} values, not {len(operands)}")
        return Call(name, tuple(operands))

    def _lambda(self, depth: int) -> Lambda:
        self._expect("(")
        kind, parameter = self.token
        if kind != "name":
            raise self.wrong("map() begins with a lambda, like (x) -> x + 1")
        self._take()
        self._expect(")")
        self._expect("->")
        return Lambda(parameter, self.expression(0, depth + 1))

    def _array(self) -> Literal:
        """Numbers or texts; Druid has no arrays of anything else in an expression."""
        self._take()
        found: list[int | float | str] = []
        while self.token != ("op", "]"):
            if found:
                self._expect(",")
            part = self._operand(0)
            if not isinstance(part, Literal) or part.value is None or isinstance(part.value, tuple):
                raise self.wrong("an array holds numbers or texts")
            found.append(part.value)
        self._take()
        return Literal(tuple(found))

    def _expect(self, op: str) -> None:
        if self.token != ("op", op):
            raise self.wrong(f"{op!r} is missing")
        self._take()

    def _take(self) -> str:
        text = self.token[1]
        self.token = next(self._tokens, ("end", ""))
        return text

    def _read(self) -> Iterator[tuple[str, str]]:
        at, text = 0, self._text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                raise self.wrong(f"{text[at:].strip()[:20]!r} is not known here")
            yield found.lastgroup, found[found.lastgroup]
            at = found.end()
        yield "end", ""
