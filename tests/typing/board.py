"""What a board writes that shows numbers, catches what fails and tests without a Druid. Checked, not run."""

# ruff: noqa: ARG002

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, assert_never

import frontrow
from frontrow import DruidTransport, Limits, Result, Retries, Timeouts, Tls


@dataclass(frozen=True)
class Canned:
    """A double: whatever is asked, it answers the same."""

    answer: Any
    url: str = "canned:"
    timeouts: Timeouts = field(default_factory=Timeouts)

    def request_json(self, method: str, path: str, body: Any = None, *, timeout: float | None = None) -> Any:
        return self.answer

    def close(self) -> None:
        pass


def in_test() -> frontrow.Client:
    double: DruidTransport = Canned([])
    return frontrow.Client(transport=double, freshness=False, key_epochs=False)


def in_production(token: Callable[[], str]) -> frontrow.Client:
    return frontrow.Client(
        "https://druid.example:8888",
        token=token,
        tls=Tls(ca="ca.pem"),
        timeouts=Timeouts(connect=1, total=20),
        retries=Retries(2),
        limits=Limits(buckets=1_000),
        context={"lane": "boards"},
    )


def shown(ask: Callable[[], Result]) -> str:
    """The answer, or the reason why there is none."""
    try:
        result = ask()
    except frontrow.KeyEpochsError as error:
        return ", ".join(f"{epoch}: {interval}" for epoch, interval in error.parts)
    except frontrow.DruidError as error:
        return f"{error.status} {error.error_code or ''}"
    except frontrow.FrontrowError as error:
        return f"later: {error}" if error.retryable else str(error)
    return "\n".join(f"{name}: {marked(result, name)}" for name in result.columns)


def marked(result: Result, column: str) -> str:
    """Every type of a column is known, so that none is forgotten."""
    match kind := result.types[column]:
        case "time":
            return "t"
        case "string" | "any":
            return "s"
        case "integer" | "number":
            return "n"
        case _:
            assert_never(kind)
