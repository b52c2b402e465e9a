"""``--watch``: rounds that begin in time, that outlive an error which may pass, and that Ctrl-C ends."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import frontrow
from frontrow import FrontrowError, Result
from frontrow_ingest.cli.query.watch import rounds
from support.fault_proxy import Fault, FaultProxy, fault_proxy, instead
from support.loopback import Loopback, Reply, Request, json_reply, loopback
from support.query_command import INTERVAL, druid, run
from support.terminal import terminal
from support.waiting import until

FRONTROW = Path(sys.executable).parent / "frontrow"
ANSWER = Result({}, {}, None, "exact", None, 0.0, "q", ())
AWAY = frontrow.UnreachableError("nobody answers", url="http://there")
HANGS = Fault(cut=0, ending="stall")


class Shown:
    """What a display was told; the clock moves while it is asked and waited."""

    def __init__(self, *answers: FrontrowError | float) -> None:
        self.answers = list(answers)
        self.now = 100.0
        self.told: list[str] = []
        self.began: list[float] = []

    def ask(self) -> Result:
        self.began.append(self.now)
        answer = self.answers.pop(0)
        if isinstance(answer, FrontrowError):
            raise answer
        self.now += answer
        return ANSWER

    def wait(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds

    def answered(self, result: Result, number: int, at: datetime) -> None:
        assert (result, at.tzinfo) == (ANSWER, UTC)
        self.told.append(f"{number} answered")

    def failed(self, error: FrontrowError, number: int, at: datetime) -> None:
        assert at.tzinfo is UTC
        self.told.append(f"{number} {error}")

    def run(self, count: int | None, seconds: float = 10) -> int:
        return rounds(self.ask, self, seconds=seconds, count=count, clock=lambda: self.now, wait=self.wait)


class TestRounds:
    def test_begin_so_many_seconds_after_each_other(self) -> None:
        shown = Shown(1, 4, 0, 1)
        assert shown.run(4) == 0
        assert shown.began == [100, 110, 120, 130]
        assert shown.now == 131  # nothing is waited for after the last

    def test_that_take_too_long_are_followed_at_once(self) -> None:
        shown = Shown(25, 1, 1)
        assert shown.run(3) == 0
        assert shown.began == [100, 125, 135]

    def test_outlive_what_may_pass(self) -> None:
        shown = Shown(AWAY, 1, AWAY, 1)
        assert shown.run(4) == 0
        assert shown.told == ["1 nobody answers", "2 answered", "3 nobody answers", "4 answered"]
        assert shown.began == [100, 110, 120, 130]

    def test_the_last_of_which_has_no_answer(self) -> None:
        assert Shown(1, AWAY).run(2) == 1

    @pytest.mark.parametrize(
        "error",
        [
            frontrow.AskError("no such metric"),
            frontrow.MissingExtraError("pyarrow"),
            frontrow.BadQueryError("no", url="u", status=400, fields={}),
            frontrow.AccessError("no", url="u", status=401, fields={}),
        ],
        ids=lambda error: type(error).__name__,
    )
    def test_end_by_what_stays(self, error: FrontrowError) -> None:
        shown = Shown(1, error, 1)
        with pytest.raises(type(error)):
            shown.run(None)
        assert shown.told == ["1 answered"]


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback(druid) as found:
        yield found


class TestInAPipe:
    def test_a_block_for_each_round(self, server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
        watching = ["--watch=1", "--rounds", "2", "--url", server.url]
        assert run("timeseries", "plays", *watching, *INTERVAL) == 0
        out, err = capsys.readouterr()
        assert len(re.findall(r"^── round [12] · 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC ──$", out, re.MULTILINE)) == 2
        assert out.count("1,234 │") == out.count("plays  ▁┊█") == 2
        assert err.count("newest event") == 2

    def test_csv(self, server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
        watching = ["--watch=1", "--rounds", "2", "--csv", "--url", server.url]
        assert run("top", "cdn", "plays", *watching, *INTERVAL) == 0
        block = "cdn,plays\n[red]north[/],7\n,5\n"
        assert capsys.readouterr() == (f"{block}\n{block}", "")

    def test_json_is_one_line_a_round(self, server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
        watching = ["--watch=1", "--rounds", "2", "--json", "--url", server.url]
        assert run("top", "cdn", "plays", *watching, *INTERVAL) == 0
        found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [len(each["rows"]) for each in found] == [2, 2]
        assert found[0]["query_id"] != found[1]["query_id"]

    def test_a_round_without_an_answer_is_told_with_its_time(self, capsys: pytest.CaptureFixture[str]) -> None:
        with loopback(druid) as server, fault_proxy(server.url) as proxy:
            proxy.faults.extend([Fault(instead(500, {"errorMessage": "out of order"}))])
            watching = ["--watch=1", "--rounds", "2", "--csv", "--url", proxy.url]
            assert run("top", "cdn", "plays", *watching, *INTERVAL) == 0
        out, err = capsys.readouterr()
        assert out.count("north") == 1
        assert re.fullmatch(r"round 1 · 20\d\d-\S+ \d\d:\d\d:\d\d UTC: no answer: .*out of order.*\n", err)

    def test_files_are_written_each_round(
        self, server: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "plays.parquet"
        watching = ["--watch=1", "--rounds", "2", "--parquet", str(path), "--url", server.url]
        assert run("top", "cdn", "plays", *watching, *INTERVAL) == 0
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count(f"wrote {path}: 2 rows") == 2
        assert list(tmp_path.iterdir()) == [path]


class TestTime:
    """A round may take as long as the period, unless said otherwise."""

    def timeout(self, server: Loopback) -> int:
        return max(int(body["context"]["timeout"]) for body in server.bodies)

    def test_is_that_of_the_period(self, server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("top", "cdn", "plays", "--watch=7", "--rounds", "1", "--url", server.url, *INTERVAL) == 0
        assert 5_000 < self.timeout(server) <= 7_000
        assert "longer" not in capsys.readouterr().err

    def test_may_be_shorter(self, server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
        asked = ["--watch=7", "--rounds", "1", "--timeout", "2", "--url", server.url]
        assert run("top", "cdn", "plays", *asked, *INTERVAL) == 0
        assert 1_000 < self.timeout(server) <= 2_000
        assert "longer" not in capsys.readouterr().err

    def test_may_be_longer_which_is_said(self, server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
        asked = ["--watch=7", "--rounds", "1", "--timeout", "90", "--url", server.url]
        assert run("top", "cdn", "plays", *asked, *INTERVAL) == 0
        assert 80_000 < self.timeout(server) <= 90_000
        assert "a round may take 90 s, longer than the 7 s to the next" in capsys.readouterr().err

    def test_that_is_up_ends_the_round_only(self, capsys: pytest.CaptureFixture[str]) -> None:
        with loopback(druid) as server, fault_proxy(server.url) as proxy:
            proxy.faults.append(HANGS)
            watching = ["--watch=1", "--rounds", "2", "--csv", "--url", proxy.url]
            assert run("top", "cdn", "plays", *watching, *INTERVAL) == 0
            assert len(proxy.cancelled()) == 1
        out, err = capsys.readouterr()
        assert out.count("north") == 1
        assert "no answer" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--watch=0"], "1 to 86,400"),
        (["--watch=nan"], "1 to 86,400"),
        (["--watch=inf"], "1 to 86,400"),
        (["--watch", "soon"], "--watch as the last word"),
        (["--rounds", "2"], "--rounds goes with --watch"),
        (["--watch=1", "--rounds", "0"], "0 is not in the range"),
        (["--show-query", "--watch=1"], "does not go with --watch"),
    ],
)
def test_options_that_make_no_sense(
    arguments: list[str], said: str, server: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("timeseries", "plays", "--url", server.url, *INTERVAL, *arguments) == 2
    assert said in capsys.readouterr().err
    assert server.requests == []


def test_ten_seconds_unless_given(server: Loopback) -> None:
    assert run("top", "cdn", "plays", "--rounds", "1", "--url", server.url, *INTERVAL, "--watch") == 0
    assert 8_000 < max(int(body["context"]["timeout"]) for body in server.bodies) <= 10_000


def test_a_wrong_question_ends_it(server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("timeseries", "playz", "--url", server.url, *INTERVAL, "--watch=1") == 1
    assert "plays" in capsys.readouterr().err


class TestOnATerminal:
    def test_the_newest_answer_takes_the_place_of_the_last(self) -> None:
        plays = iter([1, 22, 333, 4_444])

        def growing(request: Request) -> Reply:
            if request.method == "DELETE" or request.json["dataSource"] == "ledger":
                return druid(request)
            if request.json["queryType"] != "timeseries":
                return druid(request)
            found = {"plays": next(plays), "viewers_hll": 900.0}
            return json_reply([{"timestamp": "2026-11-23T20:01:00.000Z", "result": found}])

        with loopback(growing) as server, fault_proxy(server.url) as proxy:
            command = [FRONTROW, "query", "timeseries", "plays", "--watch=1", "--url", proxy.url, *INTERVAL]
            with terminal(command, columns=100, lines=30) as shown:
                shown.until("333")
                proxy.faults.append(Fault(instead(500, {"errorMessage": "out of order"})))
                shown.until("out of order")
                shown.until("below: the answer of ")
                shown.until("4,444")
                proxy.faults.append(HANGS)
                shown.press("\x03")
                assert shown.ended() == 130
        assert "plays  ▁┊█" in shown.text
        assert "newest event 2026-11-23 20:01:59 UTC" in shown.text
        assert "\x1b[1A" in shown.text  # up, to where the last one began
        assert shown.text.rstrip().endswith("interrupted")
        assert "\x1b[?25h" in shown.text  # the cursor is there again
        assert "Traceback" not in shown.text

    def test_no_more_rows_than_fit(self) -> None:
        def many(request: Request) -> Reply:
            return druid(request) if request.json["queryType"] == "dataSourceMetadata" else json_reply([])

        day = ["--interval", "2026-11-23/2026-11-24", "--granularity", "30m"]
        with loopback(many) as server:
            command = [
                FRONTROW,
                "query",
                "timeseries",
                "plays",
                "--watch=1",
                "--rounds",
                "1",
                "--url",
                server.url,
                *day,
            ]
            with terminal(command, columns=100, lines=20) as shown:
                assert shown.ended() == 0
        assert "earlier rows" in shown.text
        assert "23:30:00" in shown.text
        assert "00:30:00" not in shown.text
        assert "48 rows" in shown.text


@pytest.fixture
def proxy(server: Loopback) -> Iterator[FaultProxy]:
    with fault_proxy(server.url) as found:
        yield found


@pytest.mark.parametrize("keys", ["\x03", None], ids=["Ctrl-C", "SIGTERM"])
def test_the_query_that_is_under_way_ends_in_druid(proxy: FaultProxy, keys: str | None) -> None:
    proxy.faults.append(HANGS)
    command = [FRONTROW, "query", "top", "cdn", "plays", "--watch=60", "--url", proxy.url, *INTERVAL]
    with terminal(command) as shown:
        until("the query", proxy.queries)
        if keys is None:
            shown.process.terminate()
        else:
            shown.press(keys)
        assert shown.ended() == 130
    until("the request to end it to be read", proxy.cancelled)
    (query,) = proxy.queries()
    assert proxy.cancelled() == [f"/druid/v2/{query.json['context']['queryId']}"]
