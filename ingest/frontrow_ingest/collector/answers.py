"""What clients are answered: nothing when all is well, else a problem document (RFC 9457) with no value of theirs."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from starlette.responses import Response

from frontrow_ingest.collector.bodies import Item

MAX_ERRORS = 100
PROBLEM = "application/problem+json"


def problem(
    status: int, title: str, detail: str, *, headers: dict[str, str] | None = None, **facts: object
) -> Response:
    """A problem document with further ``facts``."""
    body = orjson.dumps({"title": title, "status": status, "detail": detail, **facts})
    return Response(body, status, headers, PROBLEM)


def later(status: int, detail: str, retry_after_s: int) -> Response:
    """The request may be sent again, the same, after some seconds."""
    title = "Too busy" if status == 429 else "Not safe yet"
    return problem(status, title, detail, headers={"Retry-After": str(retry_after_s)})


def gone() -> Response:
    """The sessions are to report no more."""
    return problem(410, "Stop", "These sessions must not report any more.")


def refused(items: Sequence[Item], *, accepted: int) -> Response:
    """207 where other events of the request were taken, 400 where none was. Not to be sent again as it is."""
    errors = [{"index": item.number, **refusal._asdict()} for item in items for refusal in item.refusals]
    status, title = (207, "Some events were refused") if accepted else (400, "Events were refused")
    detail = "Mend the listed events. Those that are not listed are safe, and need not be sent again."
    return problem(
        status,
        title,
        detail,
        accepted=accepted,
        refused=len(items),
        errors=errors[:MAX_ERRORS],
        more=len(errors) > MAX_ERRORS,
    )
