"""A run: everything sent is counted, and it ends well however it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer import EventProducer, MemorySink
from frontrow_ingest.simulate import Simulation, Tally
from frontrow_ingest.simulate.report import progress, summary_object, summary_text
from frontrow_ingest.simulate.run import EVENTS_PER_LOOK, Summary, play

SMALL = Simulation(seed=2, viewers=400, start_ms=1_790_000_000_000, duration_s=300)


class ListOutput:
    """Keeps what it gets; fails, or is interrupted, after as many events as told."""

    def __init__(self, *, fail_after: int | None = None, with_error: BaseException | None = None) -> None:
        self.events: list[dict[str, Any]] = []
        self.closed = 0
        self.flushed = 0
        self.close_error: BaseException | None = None
        self._fail_after = fail_after
        self._error = with_error

    def send(self, event: dict[str, Any], /) -> None:
        if self._error is not None and len(self.events) == self._fail_after:
            raise self._error
        self.events.append(event)

    def flush(self) -> None:
        self.flushed += 1

    def close(self) -> None:
        self.closed += 1
        if self.close_error:
            raise self.close_error

    def abandon(self) -> None:
        raise AssertionError("whoever made the output lets go of it")


def test_everything_is_sent_and_counted_and_the_output_closed() -> None:
    output, tally = ListOutput(), Tally()
    summary = play(SMALL, output, speed=0, tally=tally)
    assert output.events == list(SMALL.events())
    assert output.closed == 1
    assert summary.totals == tally.totals()
    assert summary.totals.events == len(output.events)
    assert (summary.interrupted, summary.failure, summary.worst_lag_s) == (False, None, 0.0)
    assert summary.per_second > 0


def test_with_late_events_the_order_is_that_of_arrival() -> None:
    output = ListOutput()
    play(replace(SMALL, late_share=0.3), output, speed=0, tally=Tally())
    arrived = [event["received_ts"] for event in output.events]
    assert arrived == sorted(arrived)


def test_at_a_speed_it_takes_its_time() -> None:
    output = ListOutput()
    summary = play(replace(SMALL, viewers=5), output, speed=600, tally=Tally())
    assert summary.elapsed_s >= 0.3  # 300 s of event time; the last event is near the end of them
    assert output.closed == 1


def test_a_wish_to_stop_keeps_what_was_sent() -> None:
    output, tally = ListOutput(), Tally()
    summary = play(SMALL, output, speed=0, tally=tally, should_stop=lambda: tally.events >= EVENTS_PER_LOOK)
    assert summary.interrupted
    assert summary.totals.events == len(output.events) == EVENTS_PER_LOOK
    assert output.closed == 1


def test_a_second_interrupt_ends_it_at_once() -> None:
    output = ListOutput(fail_after=7, with_error=KeyboardInterrupt())
    summary = play(SMALL, output, speed=0, tally=Tally())
    assert summary.interrupted
    assert summary.totals.events == 7
    assert output.closed == 1


def test_an_interrupt_while_delivering_is_told_as_undelivered() -> None:
    output = ListOutput()
    output.close_error = KeyboardInterrupt()
    summary = play(SMALL, output, speed=0, tally=Tally())
    assert summary.interrupted
    assert isinstance(summary.failure, DeliveryError)


def test_a_failure_ends_the_run_and_is_in_the_summary() -> None:
    failure = DeliveryError("Kafka is gone")
    output = ListOutput(fail_after=9, with_error=failure)
    output.close_error = DeliveryError("and it stays away")
    summary = play(SMALL, output, speed=0, tally=Tally())
    assert summary.failure is failure
    assert summary.totals.events == 9


def test_a_failure_at_the_end_is_in_the_summary() -> None:
    output = ListOutput()
    output.close_error = DeliveryError("3 events were not acknowledged")
    assert play(SMALL, output, speed=0, tally=Tally()).failure is output.close_error


def test_a_fault_of_our_own_is_not_hidden() -> None:
    with pytest.raises(KeyError):
        play(SMALL, ListOutput(fail_after=1, with_error=KeyError("x")), speed=0, tally=Tally())


def test_the_producer_takes_every_event_unchecked() -> None:
    sink = MemorySink()
    producer = EventProducer(sink=sink)

    class ToProducer(ListOutput):
        def send(self, event: dict[str, Any], /) -> None:
            producer.send_unchecked(event)

    summary = play(SMALL, ToProducer(), speed=0, tally=Tally())
    producer.close()
    assert producer.stats.acknowledged == summary.totals.events


def a_summary(**changes: Any) -> Summary:
    totals = play(replace(SMALL, viewers=20), ListOutput(), speed=0, tally=Tally()).totals
    return replace(Summary(totals, 2.0, 0.0, interrupted=False, failure=None), **changes)


def test_the_summary_says_how_much_where_and_how_fast() -> None:
    summary = a_summary()
    text = summary_text(summary, "to topic events at 127.0.0.1:9092")
    assert f"{summary.totals.events:,}  to topic events at 127.0.0.1:9092" in text
    assert f"{summary.totals.events / 2:,.0f} events/s" in text
    assert "stopped" not in text
    assert "behind" not in text


def test_the_summary_says_what_went_wrong() -> None:
    text = summary_text(a_summary(interrupted=True, worst_lag_s=12.3), "to x")
    assert "stopped before the end" in text
    assert "12.3 s behind" in text


def test_the_summary_of_nothing_can_be_told() -> None:
    nothing = Summary(Tally().totals(), 0.0, 0.0, interrupted=True, failure=DeliveryError("gone"))
    assert "0 events/s" in summary_text(nothing, "to x")
    told = summary_object(nothing)
    assert (told["events"], told["failure"], told["events_by_minute"]) == (0, "gone", {})


def test_the_summary_for_programs_has_minutes_as_text() -> None:
    summary = a_summary()
    minutes = summary_object(summary)["events_by_minute"]
    assert minutes == {str(minute): count for minute, count in summary.totals.events_by_minute.items()}


def test_progress_elsewhere_than_on_a_terminal_is_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frontrow_ingest.simulate.report.LINE_EVERY_S", 0.0)
    tally = Tally()
    with progress(tally, SMALL.start_ms, SMALL.duration_s, shown=True) as watch:
        watch(0.0)
        for event in SMALL.events():
            tally.add(event)
        watch(3.2)
    first, second = capsys.readouterr().err.splitlines()
    assert "event time 0 of 300 s · 0 events" in first
    assert f"{tally.events:,} events" in second
    assert second.endswith("3.2 s behind")


def test_progress_can_be_silent(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frontrow_ingest.simulate.report.LINE_EVERY_S", 0.0)
    with progress(Tally(), SMALL.start_ms, 300.0, shown=False) as watch:
        watch(100.0)
    assert capsys.readouterr().err == ""
