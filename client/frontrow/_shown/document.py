"""An answer as values that JSON knows, with everything that must be known to read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from frontrow._frames.metadata import json_value, metadata

if TYPE_CHECKING:
    from frontrow._result import Result


def to_dict(result: Result) -> dict[str, Any]:
    """See :meth:`frontrow.Result.to_dict`."""
    settled, caveats = result.settled, metadata(result)
    del caveats["unsettled_rows"]
    return {
        "rows": [{name: json_value(value) for name, value in row.items()} for row in result],
        "settled": list(settled) if settled is not None else None,
        **caveats,
    }
