"""The command line gives the same as the client: each kind of question, its options, and all that is told of it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import frontrow
from frontrow import Client, Query
from frontrow_ingest.testing import MemoryDruid
from frontrow_specs import rollup_names
from support.loopback import Loopback
from support.memory_server import memory_server
from support.query_command import run
from support.viewing_events import an_event

HOUR = "2026-09-21T12:00/2026-09-21T13:00"
START_MS = int(datetime(2026, 9, 21, 12, tzinfo=UTC).timestamp() * 1000)


SAME: dict[str, Query] = {
    "timeseries plays concurrent_viewers --granularity 5m": frontrow.timeseries(
        ["plays", "concurrent_viewers"], interval=HOUR, granularity="5m"
    ),
    "timeseries plays --granularity 1d --time-zone Europe/Berlin": frontrow.timeseries(
        "plays", interval=HOUR, granularity="1d", time_zone="Europe/Berlin"
    ),
    "timeseries rebuffer_ratio --where country=DE,AT --where cdn=aurora": frontrow.timeseries(
        "rebuffer_ratio", interval=HOUR, where={"country": ["DE", "AT"], "cdn": "aurora"}
    ),
    "timeseries plays --spec quality --granularity all": frontrow.timeseries(
        "plays", interval=HOUR, spec="quality", granularity="all"
    ),
    "top cdn rebuffer_ratio plays -n 2": frontrow.top_n("cdn", ["rebuffer_ratio", "plays"], n=2, interval=HOUR),
    "retention title-1": frontrow.retention("title-1", interval=HOUR),
    "breakdown cdn,country plays startup_time_p50 -n 4": frontrow.breakdown(
        ["cdn", "country"], ["plays", "startup_time_p50"], n=4, interval=HOUR
    ),
    "breakdown cdn plays --granularity 30m --where country=DE": frontrow.breakdown(
        "cdn", "plays", granularity="30m", where={"country": "DE"}, interval=HOUR
    ),
    "impact rebuffer_ratio cdn country --pairs -n 5": frontrow.impact(
        "rebuffer_ratio", ["cdn", "country"], pairs=True, n=5, interval=HOUR
    ),
    "distribution --bins 500,1000,2000 --by cdn -n 2": frontrow.distribution(
        bins=[500, 1000, 2000], by="cdn", n=2, interval=HOUR
    ),
    "distribution startup_time --bins 8": frontrow.distribution("startup_time", bins=8, interval=HOUR),
}


@pytest.fixture(scope="module")
def druid() -> MemoryDruid:
    chance = random.Random(7)
    found = MemoryDruid()
    found.apply(*rollup_names())
    events = []
    for number in range(400):
        place = {"country": chance.choice(["DE", "AT", "FR"]), "cdn": chance.choice(["aurora", "boreal", "cumulus"])}
        session = {"session_id": f"session-{number}", "viewer_id": None, "content_id": f"title-{number % 3}", **place}
        session |= {"stream_type": "vod", "event_id": None, "content_length_ms": 5_000_000}
        ts = START_MS + chance.randrange(3_000_000)
        events += [
            an_event(ts=ts, seq=0, kind="first_frame", startup_ms=chance.randrange(200, 4000), **session),
            an_event(
                ts=ts + 10_000, seq=1, kind="heartbeat", play_ms=9_000, rebuffer_ms=chance.randrange(900), **session
            ),
        ]
    found.send("events", events)
    return found


@pytest.fixture(scope="module")
def server(druid: MemoryDruid) -> Iterator[Loopback]:
    with memory_server(druid) as found:
        yield found


@pytest.mark.parametrize("words", SAME)
def test_json_has_what_the_client_has(
    words: str, server: Loopback, druid: MemoryDruid, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words.split(), "--interval", HOUR, "--json", "--url", server.url) == 0
    found = json.loads(capsys.readouterr().out)
    expected = Client(transport=druid).ask(SAME[words])
    assert len(expected) > 0
    assert found["rows"] == [{name: plain(value) for name, value in row.items()} for row in expected]
    assert found["types"] == dict(expected.types)
    assert found["units"] == dict(expected.units)
    assert found["exactness"] == expected.exactness
    assert found["interval"] == str(expected.interval)


def plain(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


@pytest.mark.parametrize("words", SAME)
def test_every_form(words: str, server: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [*words.split(), "--interval", HOUR, "--url", server.url]
    path = tmp_path / "rows.parquet"
    assert run(*asked, "--csv", "--parquet", str(path)) == 0
    csv = capsys.readouterr().out.splitlines()
    assert run(*asked) == 0
    table = capsys.readouterr().out.splitlines()
    assert run(*asked, "--show-query") == 0
    assert json.loads(capsys.readouterr().out)
    rows = pq.read_table(path)
    assert csv[0] == ",".join(rows.column_names)
    assert len(csv) - 1 == rows.num_rows == sum(line.startswith("│") for line in table)
