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


# What differs from one time of asking to the next.
OF_ASKING = {"query_id": None, "elapsed_s": None, "age_s": None}
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
    "timeseries plays unique_viewers --granularity 10m --settled --bounds": frontrow.timeseries(
        ["plays", "unique_viewers"], interval=HOUR, granularity="10m", settled=True, bounds=True
    ),
    "top country unique_viewers --bounds": frontrow.top_n("country", "unique_viewers", bounds=True, interval=HOUR),
    "breakdown cdn unique_viewers --bounds": frontrow.breakdown("cdn", "unique_viewers", bounds=True, interval=HOUR),
    "overlap de:country=DE north:content_id=title-1 north:country=DE,AT": frontrow.overlap(
        {"de": {"country": "DE"}, "north": {"content_id": "title-1", "country": ["DE", "AT"]}}, interval=HOUR
    ),
    "reach --granularity 10m --where country=DE": frontrow.reach(
        granularity="10m", where={"country": "DE"}, interval=HOUR
    ),
    "compare plays --granularity 10m --against 1h": frontrow.compare(
        frontrow.timeseries("plays", granularity="10m", interval=HOUR), against="1h"
    ),
    "compare plays --by cdn -n 2 --against event:final-0": frontrow.compare(
        frontrow.top_n("cdn", "plays", n=2, interval=HOUR), against=frontrow.event("final-0")
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
        session = {
            "session_id": f"session-{number}",
            "viewer_id": f"{number % 150:022}",
            "content_id": f"title-{number % 3}",
            **place,
        }
        session |= {"stream_type": "vod", "event_id": f"final-{number % 2}", "content_length_ms": 5_000_000}
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
    expected = Client(transport=druid).ask(SAME[words]).to_dict()
    assert expected["rows"]
    assert {**found, **OF_ASKING} == {**expected, **OF_ASKING}


@pytest.mark.parametrize(
    ("words", "interval"),
    [
        ("--event final-1", frontrow.event("final-1")),
        ("--since 2026-09-21T12:00Z", frontrow.since("2026-09-21T12:00Z")),
        ("--last 4000d --allow-large", frontrow.last("4000d")),
    ],
)
def test_times(
    words: str, interval: Any, server: Loopback, druid: MemoryDruid, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("top", "cdn", "plays", *words.split(), "--json", "--url", server.url) == 0
    found = json.loads(capsys.readouterr().out)
    expected = Client(transport=druid).ask(frontrow.top_n("cdn", "plays", interval=interval, allow_large=True))
    assert found["rows"] == expected.to_dict()["rows"]
    assert found["rows"]
    assert found["interval"][:16] == str(expected.interval)[:16]


def test_small_audiences_are_hidden_unless_told(server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["top", "cdn", "plays", "--where", "country=DE", "--interval", HOUR, "--url", server.url]
    assert run(*asked, "--min-audience", "60") == 0
    out, err = capsys.readouterr()
    assert "<60" in out or "hidden" in out
    assert "hidden" in err
    assert run(*asked, "--min-audience", "60", "--csv") == 0
    assert capsys.readouterr().out.count(",\n") == 3
    assert run(*asked, "--min-audience", "0", "--csv") == 0
    assert ",\n" not in capsys.readouterr().out


def test_buckets_that_are_not_complete_are_marked(server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("timeseries", "plays", "--granularity", "30m", "--interval", HOUR, "--url", server.url) == 0
    out, err = capsys.readouterr()
    assert out.count(" ~ │") == 1
    assert "~ bucket not complete yet" in err
    assert "┊" in out


def test_the_caveats_are_in_the_parquet_file(
    server: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.parquet"
    assert run("top", "cdn", "plays", "--interval", HOUR, "--url", server.url, "--json", "--parquet", str(path)) == 0
    expected = json.loads(capsys.readouterr().out)
    told = json.loads(pq.read_schema(path).metadata[b"frontrow"])
    assert told["completeness"] == expected["completeness"]
    assert [told[name] for name in ("interval", "exactness", "query_id")] == [
        expected[name] for name in ("interval", "exactness", "query_id")
    ]


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
