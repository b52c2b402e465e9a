"""Dimension specs: under which values a row counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup.values import Row, only, required, texts_of


@dataclass(frozen=True)
class DimensionSpec:
    """A column to group by.

    Attributes:
        output: its name in the answer
        values: that may show, or must not; None for all
    """

    column: str
    output: str
    values: frozenset[str] | None = None
    is_allowed: bool = True

    def of(self, row: Row) -> tuple[str | None, ...]:
        """The values that a row counts under; none where all of them are filtered away."""
        found = texts_of(row, self.column)
        if self.values is None:
            return found
        return tuple(text for text in found if (text in self.values) == self.is_allowed)


def parse_dimension(json: Any) -> DimensionSpec:
    """A dimension spec from Druid's JSON.

    Raises:
        RollupError: it is none, or not one that is known here
    """
    if isinstance(json, str):
        return DimensionSpec(json, json)
    match json.get("type", "default") if isinstance(json, dict) else None:
        case "default":
            only(json, "a dimension spec", "type dimension outputName outputType")
            if (json.get("outputType") or "STRING") != "STRING":
                raise RollupError(f"the outputType {json['outputType']!r} is not known here; there is STRING.")
            column = required(json, "dimension", "a dimension spec")
            return DimensionSpec(column, json.get("outputName") or column)
        case "listFiltered":
            # isWhitelist may be false, which counts as much as true.
            only({**json, "isWhitelist": None}, "a listFiltered dimension spec", "type delegate values isWhitelist")
            inner = parse_dimension(required(json, "delegate", "a listFiltered dimension spec"))
            values = frozenset(required(json, "values", "a listFiltered dimension spec"))
            is_allowed = json.get("isWhitelist") is not False
            return DimensionSpec(inner.column, inner.output, values, is_allowed)
        case kind:
            raise RollupError(f"the dimension spec {kind!r} is not known here; there are default and listFiltered.")
