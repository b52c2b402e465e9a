"""Standard output that is closed, narrow, wide, or cannot show every character."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from frontrow import Interval, Result
from frontrow_ingest.cli.query.forms import as_table
from frontrow_ingest.cli.query.screen import screen
from support.loopback import Loopback, Reply, Request, json_reply, loopback
from support.query_command import INTERVAL, druid, run

FRONTROW = str(Path(sys.executable).parent / "frontrow")
MONTH = ["--interval", "2026-01-01/2026-02-04", "--granularity", "1m"]  # nearly 50,000 rows, more than a pipe holds
AT = datetime(2026, 11, 23, 20, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[Loopback]:
    def respond(request: Request) -> Reply:
        if request.method == "POST" and request.json["queryType"] == "timeseries" and "2026-01" in str(request.json):
            return json_reply([])
        return druid(request)

    with loopback(respond) as found:
        yield found


@pytest.mark.parametrize("form", [["--csv"], ["--json"], ["--csv", "--watch=1"]], ids=" ".join)
def test_a_reader_that_leaves_ends_it_quietly(server: Loopback, form: list[str]) -> None:
    command = [FRONTROW, "query", "timeseries", "plays", *form, "--url", server.url, *MONTH]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait(600) == 1
    assert said == ""


def test_a_table_whose_reader_has_left(server: Loopback) -> None:
    line = f"'{FRONTROW}' query timeseries plays --watch=1 --url {server.url} {' '.join(INTERVAL)} | head -1"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=600, check=False)
    assert done.stdout.startswith("── round 1")
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


class TestEncodings:
    """Tables show what they can; for programs it is UTF-8, and whole."""

    ISP = "Füße 東京\u2028\x00\x1b[31m"

    @pytest.fixture
    def far(self) -> Iterator[Loopback]:
        def respond(request: Request) -> Reply:
            if request.json["queryType"] != "topN":
                return druid(request)
            viewers = {"viewers_hll": 400.0}
            rows = [{"isp": self.ISP, "plays": 7, **viewers}, {"isp": None, "plays": 5, **viewers}]
            return json_reply([{"timestamp": "2026-11-23T20:00:00.000Z", "result": rows}])

        with loopback(respond) as found:
            yield found

    @pytest.fixture
    def written(self, far: Loopback, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bytes]:
        """What a question writes to a standard output of some encoding, as it is where nobody has set a better one."""

        def asked(encoding: str, *arguments: str) -> bytes:
            data = io.BytesIO()
            with monkeypatch.context() as patched:
                patched.setattr(sys, "stdout", io.TextIOWrapper(data, encoding=encoding, errors="strict"))
                assert run(*arguments, "--url", far.url, *INTERVAL) == 0
                sys.stdout.flush()
                return data.getvalue()

        return asked

    @pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
    def test_one(self, encoding: str, written: Callable[..., bytes]) -> None:
        table = written(encoding, "top", "isp", "plays").decode(encoding)
        assert ("Füße 東京" if encoding == "utf-8" else "??") in table
        assert "\x1b" not in table
        assert "\x00" not in table
        bars = written(encoding, "timeseries", "plays").decode(encoding)
        assert ("▁┊█" if encoding == "utf-8" else "_|#") in bars
        assert json.loads(written(encoding, "top", "isp", "plays", "--json"))["rows"][0]["isp"] == self.ISP
        assert self.ISP in written(encoding, "top", "isp", "plays", "--csv").decode()


def a_result(rows: int) -> Result:
    names = [f"title-{number:09}" for number in range(rows)]
    return Result(
        {"content_id": names, "plays": list(range(rows))},
        {"content_id": "string", "plays": "integer"},
        Interval(AT, AT.replace(hour=21)),
        "exact",
        None,
        0.1,
        "q",
        (),
    )


class TestSizes:
    @pytest.mark.parametrize("width", [20, 80, 65_000])
    def test_a_table_is_folded_and_nothing_of_it_is_cut(self, width: int) -> None:
        console = Console(file=io.StringIO(), width=width)
        with console.capture() as shown:
            console.print(as_table(a_result(3)))
        lines = shown.get().splitlines()
        assert all(len(line) <= width for line in lines)
        cells = "".join(line.split("│")[1].strip() for line in lines if line.startswith("│"))
        assert cells == "title-000000000title-000000001title-000000002"

    @pytest.mark.parametrize(("height", "rows"), [(24, 3), (24, 1_000), (8, 1_000), (1, 1_000), (10_000, 1_000)])
    def test_a_screen_is_no_higher_than_the_terminal(self, height: int, rows: int) -> None:
        console = Console(file=io.StringIO(), width=100, height=height)
        with console.capture() as shown:
            console.print(screen(console, "round 1", (a_result(rows), AT), None, AT))
        lines = shown.get().splitlines()
        assert len(lines) <= max(height, 10)
        shown_rows = sum(line.startswith("│ title") for line in lines)
        assert shown_rows == rows or f"… {rows - shown_rows:,} more rows" in lines

    def test_a_screen_without_an_answer_yet(self) -> None:
        console = Console(file=io.StringIO(), width=100, height=24)
        with console.capture() as shown:
            console.print(screen(console, "round 1", None, "nobody answers [red]there[/]", AT))
        assert shown.get().splitlines() == ["round 1", "no answer: nobody answers [red]there[/]"]
