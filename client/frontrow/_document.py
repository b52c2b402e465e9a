"""An answer as values that JSON knows, with everything that must be known to read it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from frontrow._result import Result


def to_dict(result: Result) -> dict[str, Any]:
    """See :meth:`frontrow.Result.to_dict`."""
    hidden = [row for row, is_hidden in enumerate(result.suppressed_rows) if is_hidden]
    settled = result.settled
    return {
        "rows": [{name: json_value(value) for name, value in row.items()} for row in result],
        "types": dict(result.types),
        "units": dict(result.units),
        "interval": str(result.interval) if result.interval else None,
        "time_zone": result.time_zone,
        "settled": list(settled) if settled is not None else None,
        "exactness": result.exactness,
        "completeness": {name: json_value(value) for name, value in asdict(result.completeness).items()},
        "newest_event": json_value(result.freshness.newest) if result.freshness else None,
        "age_s": result.freshness.age.total_seconds() if result.freshness else None,
        "suppressed": result.suppressed,
        "suppressed_rows": hidden,
        "min_audience": result.suppression.least,
        "query_id": result.query_id,
        "elapsed_s": result.elapsed,
    }


def json_value(value: Any) -> Any:
    """A value as JSON has it: times as ISO 8601 in UTC, what is no number as null."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case Mapping():
            return {str(name): json_value(each) for name, each in value.items()}
        case list() | tuple():
            return [json_value(each) for each in value]
        case _:
            return str(value)
