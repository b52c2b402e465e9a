"""What must be known to read an answer, in words: each caveat with its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from frontrow._result import Result

UNSETTLED = "~"
_UNSETTLED_MEANS = f"{UNSETTLED} bucket not complete yet"


def caveats_of(result: Result) -> dict[str, str]:
    """Every caveat by its name; what does not apply is left out."""
    found = {
        "interval": str(result.interval).replace(".000Z", "Z") if result.interval else "",
        "exactness": result.exactness,
        "completeness": str(result.completeness),
        "freshness": str(result.freshness) if result.freshness else "freshness unknown",
        "hidden": str(result.suppression),
        "marks": "" if all(result.settled or ()) else _UNSETTLED_MEANS,
        "cache": str(result.cache or ""),
        "elapsed": f"{result.elapsed * 1000:.0f} ms",
        "query": result.query_id,
    }
    return {name: text for name, text in found.items() if text}
