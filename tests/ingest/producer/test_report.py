"""What is said on the way and at the end."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from frontrow_ingest.producer import DeliveryFailedError, EventProducer, MemorySink, ProducerStats, report
from frontrow_ingest.producer.report import progress, summary_object, summary_text
from frontrow_ingest.producer.run import Summary, Tally


def a_summary(**changes: object) -> Summary:
    tally = Tally(lines=1_004, blank=1, read_bytes=560_000, refused=Counter({"out_of_range ts": 2, "not_json": 1}))
    stats = ProducerStats(sent=1_000, acknowledged=1_000, bytes=225_000)
    return Summary(**{"tally": tally, "stats": stats, "elapsed_s": 0.5, "failure": None, **changes})  # type: ignore[arg-type]


def test_the_summary_for_people() -> None:
    text = summary_text(a_summary(), Path("in.refused.jsonl"), bootstrap="b:1", topic="events")
    assert text.splitlines() == [
        "read              1,004  lines, 560.0 kB, 1 of them blank",
        "sent              1,000  events, 225.0 kB as Avro, to topic events at b:1",
        "acknowledged      1,000  2,000 events/s over 0.5 s",
        "refused               3  written to in.refused.jsonl",
        "                      2  out_of_range ts",
        "                      1  not_json",
    ]


def test_what_was_not_acknowledged_has_a_line_of_its_own() -> None:
    stats = ProducerStats(sent=1_000, acknowledged=900, failed=100, errors={"KafkaTimeoutError": 100})
    failure = DeliveryFailedError("events", "b:1", acknowledged=900, errors=stats.errors)
    text = summary_text(a_summary(stats=stats, failure=failure), None, bootstrap="b:1", topic="events")
    assert "not acknowledged    100  may or may not be stored: KafkaTimeoutError × 100" in text
    assert "stopped before the end of the input" in text.splitlines()[0]


def test_what_was_sent_before_has_a_line_of_its_own() -> None:
    text = summary_text(a_summary(stats=ProducerStats(duplicates=12_000)), None, bootstrap="b:1", topic="events")
    assert "not sent again    12,000  events that were sent before" in text


def test_the_summary_for_programs() -> None:
    found = summary_object(a_summary(), Path("r.jsonl"))
    assert found == {
        "read": 1_004,
        "blank": 1,
        "read_bytes": 560_000,
        "sent": 1_000,
        "sent_bytes": 225_000,
        "acknowledged": 1_000,
        "not_acknowledged": 0,
        "errors": {},
        "shed": 0,
        "duplicates": 0,
        "refused": 3,
        "refused_by_reason": {"out_of_range ts": 2, "not_json": 1},
        "refused_file": "r.jsonl",
        "interrupted": False,
        "failure": None,
        "elapsed_s": 0.5,
        "events_per_s": 2_000,
    }


def test_an_empty_run_has_no_rate() -> None:
    summary = Summary(Tally(), ProducerStats(), 0.0, None)
    assert summary.per_second == 0.0
    assert "0 bytes" in summary_text(summary, None, bootstrap="b:1", topic="t")


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1.0 kB"), (2_500_000, "2.5 MB"), (3e12, "3,000.0 GB")],
)
def test_sizes(number: int, said: str) -> None:
    assert report._bytes(number) == said


def _read(size: int) -> bytes:
    return b"x" * size


def test_progress_off_a_terminal_is_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(report, "LINE_EVERY_S", 0.0)
    with progress(None, Tally(lines=12), EventProducer(sink=MemorySink()), shown=True) as watched:
        assert watched(_read)(5) == b"xxxxx"
    assert capsys.readouterr().err == "12 read · 0 acknowledged · 0 refused\n"


def test_progress_is_not_chatty(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(10, Tally(), EventProducer(sink=MemorySink()), shown=True) as watched:
        for _ in range(100):
            watched(_read)(5)
    assert capsys.readouterr().err == ""


def test_no_progress_leaves_the_reading_alone() -> None:
    with progress(10, Tally(), EventProducer(sink=MemorySink()), shown=False) as watched:
        assert watched(_read) is _read


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with progress(10, Tally(lines=3), EventProducer(sink=MemorySink()), shown=True) as watched:
        assert watched(_read)(5) == b"xxxxx"
    assert "3 read" in capsys.readouterr().err
