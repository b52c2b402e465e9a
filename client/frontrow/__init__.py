"""frontrow: what the audience of a video service is doing, seconds after it does it.

>>> import frontrow
>>> with frontrow.Client("http://127.0.0.1:8888") as client:
...     print(client.timeseries("concurrent_viewers", last="30m"))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from frontrow._asking.completeness import Completeness
from frontrow._asking.ledger import LedgerReport
from frontrow._asking.suppression import Suppression
from frontrow._async_client import AsyncClient
from frontrow._client import Client
from frontrow._errors import (
    AccessError,
    AskError,
    BadQueryError,
    BrokenAnswerError,
    DruidError,
    FrontrowError,
    KeyEpochsError,
    MissingExtraError,
    NotFoundError,
    QueryTimedOutError,
    ServerError,
    TimedOutError,
    TooLargeError,
    TooManyError,
    TransportError,
    UnreachableError,
)
from frontrow._filters import Condition, between, eq, like, not_, one_of
from frontrow._frames.export import Exported
from frontrow._http.port import DruidTransport, Timeouts
from frontrow._http.retry import Retries
from frontrow._http.tls import Tls
from frontrow._limits import Limits
from frontrow._query.base import Query
from frontrow._query.breakdown import breakdown
from frontrow._query.compare import compare
from frontrow._query.distribution import distribution
from frontrow._query.impact import impact
from frontrow._query.native import native
from frontrow._query.overlap import overlap
from frontrow._query.reach import reach
from frontrow._query.retention import retention
from frontrow._query.sketches import sketches
from frontrow._query.sql import sql
from frontrow._query.timeseries import timeseries
from frontrow._query.top_n import top_n
from frontrow._result import Freshness, Result
from frontrow._sketch import HllSketch, QuantilesSketch, Sketch, ThetaSketch
from frontrow._time import Interval
from frontrow._timeline import event, last, now, since
from frontrow._version import __version__

if TYPE_CHECKING:
    from frontrow._cache import Cache, CacheUse

__all__ = [
    "AccessError",
    "AskError",
    "AsyncClient",
    "BadQueryError",
    "BrokenAnswerError",
    "Cache",
    "CacheUse",
    "Client",
    "Completeness",
    "Condition",
    "DruidError",
    "DruidTransport",
    "Exported",
    "Freshness",
    "FrontrowError",
    "HllSketch",
    "Interval",
    "KeyEpochsError",
    "LedgerReport",
    "Limits",
    "MissingExtraError",
    "NotFoundError",
    "QuantilesSketch",
    "Query",
    "QueryTimedOutError",
    "Result",
    "Retries",
    "ServerError",
    "Sketch",
    "Suppression",
    "ThetaSketch",
    "TimedOutError",
    "Timeouts",
    "Tls",
    "TooLargeError",
    "TooManyError",
    "TransportError",
    "UnreachableError",
    "__version__",
    "between",
    "breakdown",
    "compare",
    "distribution",
    "eq",
    "event",
    "impact",
    "last",
    "like",
    "native",
    "not_",
    "now",
    "one_of",
    "overlap",
    "reach",
    "retention",
    "since",
    "sketches",
    "sql",
    "timeseries",
    "top_n",
]

if not TYPE_CHECKING:  # what checks types would take any name from here otherwise

    def __getattr__(name: str) -> Any:
        # Few clients have a cache, and all wait for the import.
        if name in ("Cache", "CacheUse"):
            from frontrow import _cache

            return getattr(_cache, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
