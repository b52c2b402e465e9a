"""``frontrow query`` run in this process, and a Druid of two fixed minutes to ask."""

from __future__ import annotations

import pytest

from frontrow_ingest.cli.main import main
from support.loopback import Reply, Request, json_reply, reply

INTERVAL = ["--interval", "2026-11-23T20:00/2026-11-23T20:02"]
NEWEST = "2026-11-23T20:01:59.000Z"


def druid(request: Request) -> Reply:
    """1,234 plays in the second minute; by a dimension, 7 of one value and 5 of none, each of hundreds of viewers."""
    if request.method == "DELETE":
        return reply(b"", 202)
    query = request.json
    if query["dataSource"] == "ledger":
        return json_reply([])
    match query["queryType"]:
        case "dataSourceMetadata":
            return json_reply([{"timestamp": NEWEST, "result": {"maxIngestedEventTime": NEWEST}}])
        case "topN":
            rows = [
                {query["dimension"]: "[red]north[/]", "plays": 7, "play_ms": 3_600_000, "viewers_hll": 400.0},
                {query["dimension"]: None, "plays": 5, "play_ms": 0, "viewers_hll": 400.0},
            ]
            return json_reply([{"timestamp": "2026-11-23T20:00:00.000Z", "result": rows}])
        case _:
            found = {"plays": 1_234, "play_ms": 0, "viewers_hll": 900.0}
            return json_reply([{"timestamp": "2026-11-23T20:01:00.000Z", "result": found}])


def run(*arguments: str) -> int:
    """The exit status."""
    with pytest.raises(SystemExit) as ended:
        main(["query", *arguments])
    return int(ended.value.code or 0)
