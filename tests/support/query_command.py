"""``frontrow query`` run in this process, and a Druid of two fixed minutes to ask."""

from __future__ import annotations

import pytest

from frontrow_ingest.cli.main import main
from support.loopback import Reply, Request, json_reply, reply

INTERVAL = ["--interval", "2026-11-23T20:00/2026-11-23T20:02"]
NEWEST = "2026-11-23T20:01:59.000Z"


def druid(request: Request) -> Reply:
    """1,234 plays in the second minute; by a dimension, 7 of one value and 5 of none."""
    if request.method == "DELETE":
        return reply(b"", 202)
    query = request.json
    match query["queryType"]:
        case "dataSourceMetadata":
            return json_reply([{"timestamp": NEWEST, "result": {"maxIngestedEventTime": NEWEST}}])
        case "topN":
            rows = [
                {query["dimension"]: "[red]north[/]", "plays": 7, "play_ms": 3_600_000},
                {query["dimension"]: None, "plays": 5, "play_ms": 0},
            ]
            return json_reply([{"timestamp": "2026-11-23T20:00:00.000Z", "result": rows}])
        case _:
            return json_reply([{"timestamp": "2026-11-23T20:01:00.000Z", "result": {"plays": 1_234, "play_ms": 0}}])


def run(*arguments: str) -> int:
    """The exit status."""
    with pytest.raises(SystemExit) as ended:
        main(["query", *arguments])
    return int(ended.value.code or 0)
