"""What goes with an answer into documents and frames: everything that must be known to read it, as JSON's values."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from frontrow._result import Result

KEY = "frontrow"
"""Under which frames hold it."""


def metadata(result: Result) -> dict[str, Any]:
    """The caveats of an answer; names and values are those of :meth:`frontrow.Result.to_dict`.

    Rows are told by number, from 0: those that are hidden and those whose bucket is not settled.
    """
    return {
        "types": dict(result.types),
        "units": dict(result.units),
        "interval": str(result.interval) if result.interval else None,
        "time_zone": result.time_zone,
        "unsettled_rows": [row for row, is_settled in enumerate(result.settled or ()) if not is_settled],
        "exactness": result.exactness,
        "completeness": {name: json_value(value) for name, value in asdict(result.completeness).items()},
        "newest_event": json_value(result.freshness.newest) if result.freshness else None,
        "age_s": result.freshness.age.total_seconds() if result.freshness else None,
        "suppressed": result.suppressed,
        "suppressed_rows": [row for row, is_hidden in enumerate(result.suppression.rows) if is_hidden],
        "min_audience": result.suppression.least,
        "cache": None if result.cache is None else json_value(asdict(result.cache)),
        "query_id": result.query_id,
        "elapsed_s": result.elapsed,
    }


def as_json(result: Result) -> str:
    """The same as text."""
    return json.dumps(metadata(result), ensure_ascii=False)


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
