"""What goes with an answer into frames: its caveats, as JSON's values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from frontrow._result import Result

KEY = "frontrow"
"""Under which frames hold it."""

ATTRIBUTES = ("interval", "exactness", "freshness", "query_id", "elapsed", "units", "types")
"""Of a Result that go with it, if it has them and they hold anything. Another attribute needs its name here, and a way
in ``_WAYS`` if :func:`plain` gives it no good shape."""


def metadata(result: Result) -> dict[str, Any]:
    """The caveats of an answer: interval as ``start/end``, exactness in words, freshness, units by column and so on.

    Times are in ISO 8601, lengths of time in seconds. What is not known is not there.
    """
    found = {}
    for name in ATTRIBUTES:
        value = getattr(result, name, None)
        if value is not None and value != {} and value != ():
            found[name] = _WAYS.get(name, plain)(value)
    return found


def as_json(result: Result) -> str:
    """The same as text, which Arrow's metadata is of."""
    return json.dumps(metadata(result), ensure_ascii=False)


def plain(value: Any) -> Any:
    """JSON's values of a value: of an object its public fields."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {str(name): plain(each) for name, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(each) for each in value]
        case _ if fields := getattr(value, "__dataclass_fields__", None):
            return {name: plain(getattr(value, name)) for name in fields if not name.startswith("_")}
        case _:
            return str(value)


_WAYS: Mapping[str, Callable[[Any], Any]] = {"interval": str}
