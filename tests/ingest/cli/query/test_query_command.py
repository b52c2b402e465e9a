"""``frontrow query``: tables for people; CSV and JSON for programs, with nothing but rows on standard output."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.loopback import Loopback, Reply, Request, json_reply, loopback
from support.query_command import INTERVAL, druid, run


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback(druid) as found:
        yield found


def filters(server: Loopback) -> Any:
    asked = (body for body in server.bodies if body["dataSource"] != "ledger")
    return [body.get("filter") for body in asked if body["queryType"] != "dataSourceMetadata"]


def test_retention(capsys: pytest.CaptureFixture[str]) -> None:
    def curve(request: Request) -> Reply:
        match request.json["queryType"]:
            case "groupBy":
                return json_reply([{"event": {"position": "1", "sessions_theta": 30.0}}])
            case "timeseries":
                return json_reply([{"result": {"from_0": 40.0, "from_1": 30.0}}])
            case _:
                return json_reply([])

    with loopback(curve) as server:
        assert run("retention", "film", "--url", server.url, "--csv", *INTERVAL) == 0
        assert {body["dataSource"] for body in server.bodies} - {"ledger"} == {"retention"}
    assert capsys.readouterr().out.splitlines() == [
        "position,sessions,retention,came_so_far,remaining",
        "0,0.0,0.0,40.0,1.0",
        "1,30.0,0.75,30.0,0.75",
    ]


def test_timeseries_as_a_table(server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("timeseries", "plays", "viewer_hours", "--url", server.url, *INTERVAL) == 0
    out, err = capsys.readouterr()
    assert "plays" in out
    assert "1,234" in out
    assert "2026-11-23 20:01:00" in out
    assert "newest event 2026-11-23 20:01:59 UTC" in err
    assert "exact" in err
    assert "exact" not in out


def test_top_as_a_table(server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("top", "cdn", "plays", "-n", "2", "--url", server.url, *INTERVAL) == 0
    out = capsys.readouterr().out
    assert "[red]north[/]" in out  # a label is text, whatever it looks like
    assert out.index("north") < out.index("–")


def test_a_table_in_a_pipe_is_whole(server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    metrics = ["plays", "viewer_hours", "concurrent_viewers", "tune_in", "tune_out", "average_minute_audience", "exits"]
    assert run("timeseries", *metrics, "--url", server.url, *INTERVAL) == 0
    heading = capsys.readouterr().out.splitlines()[1]
    assert [name in heading for name in metrics] == [True] * len(metrics)


def test_csv(server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("top", "cdn", "plays", "viewer_hours", "--csv", "--url", server.url, *INTERVAL) == 0
    out, err = capsys.readouterr()
    assert list(csv.reader(io.StringIO(out))) == [
        ["cdn", "plays", "viewer_hours"],
        ["[red]north[/]", "7", "1.0"],
        ["", "5", "0.0"],
    ]
    assert err == ""


def test_json(server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("timeseries", "plays", "--json", "--url", server.url, *INTERVAL) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["rows"] == [
        {"time": "2026-11-23T20:00:00Z", "plays": 0},
        {"time": "2026-11-23T20:01:00Z", "plays": 1234},
    ]
    assert found["types"] == {"time": "time", "plays": "integer"}
    assert found["interval"] == "2026-11-23T20:00:00.000Z/2026-11-23T20:02:00.000Z"
    assert (found["exactness"], found["newest_event"]) == ("exact", "2026-11-23T20:01:59Z")
    assert found["query_id"].startswith("frontrow-")
    assert err == ""


def test_show_query(server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("timeseries", "plays", "--show-query", "--url", server.url, *INTERVAL) == 0
    (query,) = json.loads(capsys.readouterr().out)
    assert query == server.bodies[-1]


def test_where(server: Loopback) -> None:
    where = ["--where", "country=DE,AT", "--where", "event_id=", "--where", "stream_type=live"]
    assert run("timeseries", "plays", *where, "--url", server.url, *INTERVAL) == 0
    assert filters(server) == [
        {
            "type": "and",
            "fields": [
                {"type": "in", "dimension": "country", "values": ["DE", "AT"]},
                {"type": "selector", "dimension": "event_id", "value": None},
                {"type": "selector", "dimension": "stream_type", "value": "live"},
            ],
        }
    ]


def test_a_dimension_given_twice_must_fit_twice(server: Loopback) -> None:
    assert (
        run("timeseries", "plays", "--where", "country=DE", "--where", "country=AT", "--url", server.url, *INTERVAL)
        == 0
    )
    assert [part["value"] for part in filters(server)[0]["fields"]] == ["DE", "AT"]


def test_last_granularity_zone_and_prefix(server: Loopback) -> None:
    options = ["--last", "2d", "--granularity", "1d", "--time-zone", "Europe/Berlin", "--prefix", "test_"]
    assert run("timeseries", "plays", *options, "--url", server.url) == 0
    body = server.bodies[-1]
    assert body["dataSource"] == "test_audience"
    assert body["granularity"] == {"type": "period", "period": "P1D", "timeZone": "Europe/Berlin"}


def test_the_address_may_come_from_the_environment(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTROW_URL", server.url)
    assert run("top", "cdn", "plays") == 0
    assert server.requests


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["timeseries"], 2, "METRICS"),
        (["top", "cdn"], 2, "METRICS"),
        (["timeseries", "plays", "--where", "country"], 2, "DIM=VALUE"),
        (["timeseries", "plays", "--where", "=DE"], 2, "DIM=VALUE"),
        (["top", "cdn", "plays", "-n", "many"], 2, "many"),
        (["top", "cdn", "plays", "-n", "0"], 1, "n=0"),
        (["timeseries", "playz"], 1, "plays"),
        (["timeseries", "plays", "--last", "soon"], 1, "soon"),
        (["timeseries", "plays", "--last", "1h", *INTERVAL], 1, "one of"),
        (["timeseries", "plays", "--event", "final", "--since", "2026-11-23"], 1, "one of"),
        (["timeseries", "plays", "--since", "yesterday"], 1, "yesterday"),
        (["timeseries", "plays", "--event", ""], 1, "event_id"),
        (["timeseries", "plays", "--min-audience", "-1"], 2, "min-audience"),
        (["breakdown", "cdn,,isp", "plays"], 1, "''"),
        (["breakdown", "cdn", "playz"], 1, "plays"),
        (["impact", "plays", "cdn"], 1, "rebuffer_ratio"),
        (["impact", "rebuffer_ratio"], 2, "DIMENSIONS"),
        (["distribution", "--bins", "few"], 2, "nor their ends"),
        (["distribution", "--bins", "5,1"], 1, "larger than the one before"),
        (["distribution", "plays"], 1, "startup_time"),
        (["overlap"], 2, "NAME:DIM=VALUE"),
        (["overlap", "one:country=DE"], 1, "2"),
        (["overlap", "one", "two:country=DE"], 2, "NAME:DIM=VALUE"),
        (["overlap", "one:country", "two:country=DE"], 2, "DIM=VALUE"),
        (["compare", "plays"], 2, "--against"),
        (["compare", "plays", "--against", "soon"], 1, "soon"),
        (["compare", "plays", "--against", "event:"], 1, "event_id"),
        (["timeseries", "plays"], 1, "nobody answers"),
    ],
)
def test_what_goes_wrong_is_said(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTROW_URL", "http://user:s3cret@127.0.0.1:1")
    assert run(*arguments) == code
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""
    assert "s3cret" not in err


def test_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("metrics") == 0
    out = capsys.readouterr().out
    assert "rebuffer_ratio" in out
    assert "CTA-2066" in out
    assert run("dimensions") == 0
    assert "content_id" in capsys.readouterr().out


def test_a_large_question_is_asked_when_told(server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    years = ["plays", "--url", server.url, "--interval", "2020-01-01/2026-01-01"]
    assert run("top", "country", *years) != 0
    assert "--allow-large" in capsys.readouterr().err
    assert server.requests == []
    assert run("top", "country", *years, "--allow-large") == 0


@pytest.mark.parametrize(("suffix", "begins"), [(".png", b"\x89PNG"), (".svg", b"<svg"), (".json", b"{")])
def test_a_chart_beside_the_rows(
    server: Loopback, capsys: pytest.CaptureFixture[str], tmp_path: Path, suffix: str, begins: bytes
) -> None:
    path = tmp_path / f"plays{suffix}"
    assert run("timeseries", "plays", "--url", server.url, "--csv", "--chart", str(path), *INTERVAL) == 0
    assert path.read_bytes().startswith(begins)
    out, err = capsys.readouterr()
    assert out.startswith("time,plays\n")
    assert f"wrote {path}" in err


def test_a_page_with_a_chart_needs_no_network(server: Loopback, tmp_path: Path) -> None:
    path = tmp_path / "cdn.html"
    assert run("top", "cdn", "plays", "--url", server.url, "--chart", str(path), *INTERVAL) == 0
    assert 'src="http' not in path.read_text()


def test_a_chart_that_cannot_be_written(server: Loopback, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run("timeseries", "plays", "--url", server.url, "--chart", "plays.gif", *INTERVAL) == 2
    assert "does not end in .png" in capsys.readouterr().err
    assert not server.bodies
    nowhere = tmp_path / "missing" / "plays.svg"
    assert run("timeseries", "plays", "--url", server.url, "--chart", str(nowhere), *INTERVAL) == 1
    assert "plays.svg" in capsys.readouterr().err
