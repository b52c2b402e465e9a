"""Overlap: how many viewers several audiences have in common, by set operations on theta sketches inside Druid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations, permutations
from typing import Any, Literal, TypeAlias

from frontrow._asking.ask import Ask
from frontrow._asking.bounds import read_estimate, theta_estimate
from frontrow._asking.formula import aggregations
from frontrow._asking.suppression import PROTECTING, SMALL, without_hidden
from frontrow._asking.timeseries import Run
from frontrow._errors import AskError
from frontrow._filters import Condition, WhereLike, parse_where
from frontrow._result import ColumnType

METRIC = "reach"
"""The metric whose sketches are asked for."""

MOST_AUDIENCES = 6
# Druid's size of a set operation; sketches are stored with it.
_SIZE = 16384

Kind: TypeAlias = Literal["one", "all", "only", "any"]

TYPES: Mapping[str, ColumnType] = {
    "audiences": "string",
    "kind": "string",
    "size": "integer",
    "viewers": "number",
    "viewers_low": "number",
    "viewers_high": "number",
    "share_of_smallest": "number",
}
UNITS: Mapping[str, str] = {
    "viewers": "viewers",
    "viewers_low": "viewers",
    "viewers_high": "viewers",
    "share_of_smallest": "share",
}


@dataclass(frozen=True)
class Combination:
    """Some of the audiences.

    Attributes:
        kind: ``one`` of them, in ``all`` of these, in this one ``only``, or in ``any`` of these
        members: numbers of the audiences, in the order they were given
    """

    kind: Kind
    members: tuple[int, ...]

    def is_within(self, other: Combination) -> bool:
        """Whether all who are in this one are in the other, whoever they are."""
        mine, its = set(self.members), set(other.members)
        match other.kind:
            case "any":
                return mine <= its
            case "one" | "all":
                return its <= mine and self.kind != "any"
            case _:
                return False


def check_overlap(audiences: Mapping[str, WhereLike]) -> dict[str, Condition]:
    """Refuse what has no answer, before anything is sent.

    Returns:
        What each audience must fit, by its name

    Raises:
        AskError: fewer than 2 or more than 6 audiences, a name that cannot be told from a combination, no condition
    """
    if not isinstance(audiences, Mapping) or not 2 <= len(audiences) <= MOST_AUDIENCES:
        given = len(audiences) if isinstance(audiences, Mapping) else repr(audiences)
        raise AskError(f'name 2 to {MOST_AUDIENCES} audiences, like {{"sport": {{"country": "DE"}}}}, not {given}.')
    found = {}
    for name, where in audiences.items():
        if not isinstance(name, str) or not name.strip() or set(name) & {"&", "|"} or name.endswith(" only"):
            raise AskError(f"{name!r} is no name of an audience: use text without & and |, that does not end in only.")
        condition = parse_where(where)
        if condition is None:
            raise AskError(f"the audience {name!r} has no condition; it would be everybody. Say who is in it.")
        found[name] = Condition(condition)
    return found


def in_any(audiences: Mapping[str, Condition], where: WhereLike = None) -> Condition:
    """The filter of the query itself: rows of any of the audiences, and what else is asked for of all.

    Raises:
        AskError: ``where`` is no condition
    """
    given = parse_where(where)
    any_of = reduce(Condition.__or__, audiences.values())
    return any_of if given is None else Condition(given) & any_of


def combinations_of(count: int) -> list[Combination]:
    """Each audience alone, every pair, all together, who is in one only, and in any: in the order of the answer."""
    numbers = tuple(range(count))
    found = [Combination("one", (number,)) for number in numbers]
    found += [Combination("all", pair) for pair in combinations(numbers, 2)]
    if count > 2:
        found.append(Combination("all", numbers))
    found += [Combination("only", (number,)) for number in numbers]
    return [*found, Combination("any", numbers)]


def overlap_query(ask: Ask, audiences: Mapping[str, Condition]) -> dict[str, Any]:
    """The native query: one sketch for each audience, and an estimate of every combination."""
    (sketch,) = aggregations(ask.metrics[0].aggregates)
    return {
        "queryType": "timeseries",
        "dataSource": ask.datasource,
        "intervals": [str(ask.interval)],
        "granularity": "all",
        "context": {"skipEmptyBuckets": True},
        **ask.scope(),
        "aggregations": [
            {"type": "filtered", "filter": condition.to_druid(), "aggregator": {**sketch, "name": _sketch(number)}}
            for number, condition in enumerate(audiences.values())
        ],
        "postAggregations": [
            theta_estimate(_estimate(number), _field(each, len(audiences)))
            for number, each in enumerate(combinations_of(len(audiences)))
        ],
    }


def ask_overlap(ask: Ask, audiences: Mapping[str, Condition], run: Run) -> dict[str, list[Any]]:
    """Columns as in ``TYPES``; rows in the order of :func:`combinations_of`.

    Where the question has an audience, small ones are hidden, and ``MARKS`` says which; see :func:`hidden`.
    """
    answer = run(overlap_query(ask, audiences))
    values: Mapping[str, Any] = answer[0]["result"] if answer else {}
    found = combinations_of(len(audiences))
    estimates = [read_estimate(values.get(_estimate(number))) for number in range(len(found))]
    alone = [estimate for estimate, _, _ in estimates[: len(audiences)]]
    names = [*audiences]
    columns: dict[str, list[Any]] = {
        "audiences": [_named(each, names) for each in found],
        "kind": [each.kind for each in found],
        "size": [len(each.members) for each in found],
        "viewers": [estimate for estimate, _, _ in estimates],
        "viewers_low": [low for _, low, _ in estimates],
        "viewers_high": [high for _, _, high in estimates],
        "share_of_smallest": [
            _share(estimate, each, alone) for each, (estimate, _, _) in zip(found, estimates, strict=True)
        ],
    }
    if ask.audience is None:
        return columns
    marks = hidden(found, columns["viewers"], ask.least)
    return without_hidden(columns, ["audiences", "kind", "size"], marks)


def hidden(found: Sequence[Combination], viewers: Sequence[float], least: int) -> list[str]:
    """Of each combination why it is hidden, if it is.

    One of fewer viewers than ``least`` is; so is an audience itself. But the others would give it away, and what is in
    one combination and not in another that it holds is told by their difference, too. So where any of these is small,
    nothing is shown but the sizes of the audiences themselves.
    """
    sizes = [math.floor(each + 0.5) for each in viewers]
    small = [0 < size < least for size in sizes]
    gives_away = any(small) or any(
        0 < sizes[outer] - sizes[inner] < least
        for outer, inner in permutations(range(len(found)), 2)
        if found[inner].is_within(found[outer])
    )
    return [
        SMALL if is_small else PROTECTING if gives_away and each.kind != "one" else ""
        for each, is_small in zip(found, small, strict=True)
    ]


def overlap_note(columns: Mapping[str, Sequence[Any]]) -> str:
    """What is to be said of the exactness: by numbers, which overlap is known least well."""
    rows = zip(
        *(columns[name] for name in ("audiences", "kind", "viewers", "viewers_low", "viewers_high")), strict=True
    )
    widths = [
        ((high - low) / 2 / max(viewers, 1.0), name, viewers, low, high)
        for name, kind, viewers, low, high in rows
        if kind in ("all", "only") and viewers is not None and high - low >= 1
    ]
    if not widths:
        return "overlaps as exact as the audiences: nothing was left out of their sketches"
    width, name, viewers, low, high = max(widths)
    return (
        "an overlap's error is that of all its audiences together, so a small overlap of large audiences is not known "
        f"well; least well: {name}, {viewers:,.0f} viewers (95 %: {low:,.0f} to {high:,.0f}, ±{width:.1%})"
    )


def _field(each: Combination, count: int) -> dict[str, Any]:
    if each.kind == "one":
        return _access(each.members[0])
    if each.kind == "only":
        others = [number for number in range(count) if number not in each.members]
        return _operation("NOT", [*each.members, *others])
    return _operation("UNION" if each.kind == "any" else "INTERSECT", each.members)


def _operation(operation: str, members: Sequence[int]) -> dict[str, Any]:
    # Druid wants a name of everything; this one it does not answer.
    fields = [_access(number) for number in members]
    return {"type": "thetaSketchSetOp", "name": "set", "func": operation, "size": _SIZE, "fields": fields}


def _access(number: int) -> dict[str, Any]:
    return {"type": "fieldAccess", "fieldName": _sketch(number)}


def _sketch(number: int) -> str:
    return f"audience_{number}"


def _estimate(number: int) -> str:
    return f"combination_{number}"


def _named(each: Combination, names: Sequence[str]) -> str:
    members = [names[number] for number in each.members]
    if each.kind == "only":
        return f"{members[0]} only"
    return (" | " if each.kind == "any" else " & ").join(members)


def _share(viewers: float, each: Combination, alone: Sequence[float]) -> float | None:
    """Of the smallest audience of the combination; null of nobody, and of a union, which has no part in it."""
    smallest = min(alone[number] for number in each.members)
    return viewers / smallest if smallest and each.kind != "any" else None
