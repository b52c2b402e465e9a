"""Druid's post-aggregators: numbers made of what was aggregated."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup.aggregators import quantile
from frontrow_ingest.rollup.evaluation import compiled
from frontrow_ingest.rollup.expression import columns, parse_expression
from frontrow_ingest.rollup.values import only, required

Named: TypeAlias = Mapping[str, Any]
Compute: TypeAlias = Callable[[Named, Named], Any]
"""From the states of the aggregators and from their numbers, both by name."""


@dataclass(frozen=True)
class PostAggregator:
    """One number, or one sketch made of others.

    Attributes:
        needs: what must be aggregated, or computed before it
    """

    name: str
    needs: frozenset[str]
    compute: Compute


def parse_post_aggregator(json: Any) -> PostAggregator:
    """A post-aggregator from Druid's JSON.

    Raises:
        RollupError: it is none, or not one that is known here
    """
    compute = _parse(json)
    return PostAggregator(required(json, "name", "a post-aggregator"), frozenset(_needs(json)), compute)


def check_names(names: Sequence[str], posts: Sequence[PostAggregator]) -> None:
    """Refuse, as Druid does, a name that is used twice, or one that is needed and not there.

    Args:
        names: of the aggregators
    """
    defined: set[str] = set()
    for name in names:
        if name in defined:
            raise RollupError(f"[{name}] is defined already.")
        defined.add(name)
    for post in posts:
        if missing := post.needs - defined:
            raise RollupError(
                f"the post-aggregator {post.name!r} needs {', '.join(sorted(missing))}, which is missing."
            )
        if post.name in defined:
            raise RollupError(f"[{post.name}] is defined already.")
        defined.add(post.name)


def _needs(json: Mapping[str, Any]) -> Iterator[str]:
    if json.get("type") == "expression":
        yield from columns(parse_expression(json["expression"]))
    if "fieldName" in json:
        yield json["fieldName"]
    for part in (json.get("field"), *(json.get("fields") or ())):
        if part is not None:
            yield from _needs(part)


def _parse(json: Any) -> Compute:
    kind = json.get("type") if isinstance(json, dict) else json
    if not isinstance(json, dict) or kind not in _KINDS:
        raise RollupError(f"the post-aggregator {kind!r} is not known here; there are {', '.join(_KINDS)}.")
    keys, make = _KINDS[kind]
    return make(only(json, f"a post-aggregator of type {kind!r}", f"type name {keys}"))


def _constant(json: Any) -> Compute:
    value = required(json, "value", "a constant")
    return lambda _, __: value


def _field(json: Any) -> Compute:
    name = required(json, "fieldName", "a fieldAccess")
    return lambda states, _: states.get(name)


def _finalized(json: Any) -> Compute:
    name = required(json, "fieldName", "a finalizingFieldAccess")
    return lambda _, finals: finals.get(name)


def _expression(json: Any) -> Compute:
    compute = compiled(parse_expression(required(json, "expression", "an expression post-aggregator")))
    return lambda _, finals: compute(finals.get)


def _arithmetic(json: Any) -> Compute:
    op = required(json, "fn", "an arithmetic post-aggregator")
    if op not in ("+", "-", "*", "/"):
        raise RollupError(f"the arithmetic {op!r} is not known here; there are + - * /.")
    parts = [_parse(part) for part in required(json, "fields", "an arithmetic post-aggregator")]

    def compute(states: Named, finals: Named) -> float:
        first, *others = (float(part(states, finals) or 0) for part in parts)
        for other in others:
            match op:
                case "+":
                    first += other
                case "-":
                    first -= other
                case "*":
                    first *= other
                case _:
                    # Druid's own rule: over nothing is 0.
                    first = first / other if other else 0.0
        return first

    return compute


def _quantile(json: Any) -> Compute:
    share = _share(required(json, "fraction", "a quantile"))
    values = _parse(required(json, "field", "a quantile"))
    return lambda states, finals: quantile(_list(values(states, finals)), share)


def _quantiles(json: Any) -> Compute:
    shares = [_share(share) for share in required(json, "fractions", "quantiles")]
    values = _parse(required(json, "field", "quantiles"))
    return lambda states, finals: [quantile(_list(values(states, finals)), share) for share in shares]


def _histogram(json: Any) -> Compute:
    what = "a histogram"
    splits = required(json, "splitPoints", what)
    is_rising = isinstance(splits, list) and all(left < right for left, right in pairwise(splits))
    if not is_rising or not splits:
        raise RollupError(f"the splitPoints {splits!r} are not rising numbers, one at least.")
    values = _parse(required(json, "field", what))

    def compute(states: Named, finals: Named) -> list[float]:
        found = _list(values(states, finals))
        counts = [0.0] * (len(splits) + 1)
        for value in found:
            # A value that is a split point ends its bin.
            counts[bisect_left(splits, value)] += 1.0
        return counts if found else [math.nan] * len(counts)

    return compute


def _estimate(json: Any) -> Compute:
    found = _parse(required(json, "field", "an estimate"))
    deviations = json.get("errorBoundsStdDev")
    if deviations is None:
        return lambda states, finals: float(len(_set(found(states, finals))))
    _deviations(deviations)

    def compute(states: Named, finals: Named) -> dict[str, Any]:
        exact = float(len(_set(found(states, finals))))
        return {"estimate": exact, "highBound": exact, "lowBound": exact, "numStdDev": deviations}

    return compute


def _estimate_with_bounds(json: Any) -> Compute:
    found = _parse(required(json, "field", "an estimate"))
    _deviations(json.get("numStdDev", 1))
    return lambda states, finals: [float(len(_set(found(states, finals))))] * 3


def _deviations(value: Any) -> None:
    if isinstance(value, bool) or value not in (1, 2, 3):
        raise RollupError(f"bounds are of 1, 2 or 3 standard deviations, not {value!r}.")


def _set_operation(json: Any) -> Compute:
    operation = required(json, "func", "a thetaSketchSetOp")
    parts = [_parse(part) for part in required(json, "fields", "a thetaSketchSetOp")]
    if operation not in _SET_OPERATIONS:
        raise RollupError(f"the set operation {operation!r} is none of {', '.join(_SET_OPERATIONS)}.")

    def compute(states: Named, finals: Named) -> set[str]:
        first, *others = (_set(part(states, finals)) for part in parts)
        return _SET_OPERATIONS[operation](first, *others)

    return compute


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise RollupError(f"the fraction {value!r} is not a number from 0 to 1.")
    return float(value)


def _list(value: Any) -> list[float]:
    if not isinstance(value, list):
        raise RollupError("a quantile is taken out of a quantilesDoublesSketch; the field is none.")
    return value


def _set(value: Any) -> set[str]:
    if not isinstance(value, set):
        raise RollupError("an estimate or set operation takes HLL or theta sketches; a field is none.")
    return value


_SET_OPERATIONS: dict[str, Callable[..., set[str]]] = {
    "UNION": set.union,
    "INTERSECT": set.intersection,
    "NOT": set.difference,
}
_KINDS: dict[str, tuple[str, Callable[[Any], Compute]]] = {
    "constant": ("value", _constant),
    "fieldAccess": ("fieldName", _field),
    "finalizingFieldAccess": ("fieldName", _finalized),
    "expression": ("expression outputType", _expression),
    "arithmetic": ("fn fields", _arithmetic),
    "quantilesDoublesSketchToQuantile": ("field fraction", _quantile),
    "quantilesDoublesSketchToQuantiles": ("field fractions", _quantiles),
    "quantilesDoublesSketchToHistogram": ("field splitPoints", _histogram),
    "HLLSketchEstimate": ("field round", _estimate),
    "HLLSketchEstimateWithBounds": ("field numStdDev", _estimate_with_bounds),
    "thetaSketchEstimate": ("field errorBoundsStdDev", _estimate),
    "thetaSketchSetOp": ("func fields size", _set_operation),
}
