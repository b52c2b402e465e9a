"""How late or early an event may be, for its producer and for Druid."""

from __future__ import annotations

from typing import Any

import pytest

from frontrow_ingest.contract import EventRefusedError, ViewingEvent, encode
from frontrow_ingest.druid import Supervisors
from frontrow_ingest.producer import EventProducer, MemorySink, TimeWindow
from frontrow_ingest.producer.window import HOUR_MS
from frontrow_ingest.testing import MemoryDruid
from frontrow_specs import rollup
from support.clients import a_client
from support.viewing_events import a_line, an_event

NOW = 1_790_000_000_000
WINDOW = TimeWindow(6, 1, clock=lambda: NOW)


def reason(window: TimeWindow | None, ts: int, **how: Any) -> str | None:
    sink = MemorySink()
    producer = EventProducer(sink=sink, window=window)
    sends: list[Any] = [
        lambda: producer.send(an_event(ts=ts)),
        lambda: producer.send(ViewingEvent(**an_event(ts=ts))),
        lambda: producer.send_line(a_line(ts=ts)),
    ]
    found, told = set(), ""
    for send in sends:
        try:
            send()
            found.add(None)
        except EventRefusedError as error:
            found.add(error.refusals[0].label)
            told += str(error)
    (said,) = found
    assert str(ts) not in told
    assert len(sink.records) == (3 if said is None else 0)
    assert producer.stats.refused == ({} if said is None else {said: 3})
    return said


@pytest.mark.parametrize(
    ("offset_ms", "said"),
    [
        (0, None),
        (-6 * HOUR_MS, None),
        (-6 * HOUR_MS - 1, "late ts"),
        (HOUR_MS, None),
        (HOUR_MS + 1, "early ts"),
        (-10_000 * HOUR_MS, "late ts"),
    ],
)
def test_the_bounds(offset_ms: int, said: str | None) -> None:
    assert reason(WINDOW, NOW + offset_ms) == said


@pytest.mark.parametrize("window", [None, TimeWindow()])
def test_without_a_window_any_time_will_do(window: TimeWindow | None) -> None:
    assert reason(window, NOW - 10_000 * HOUR_MS) is None


def test_druid_takes_what_the_window_lets_pass_for_a_day() -> None:
    spec = TimeWindow(0.5, 1.2).applied(rollup("audience"))
    assert (spec.late_hours, spec.early_hours) == (25, 2)
    reading = spec.supervisor(bootstrap="b")["spec"]["ioConfig"]
    assert reading["lateMessageRejectionPeriod"] == "PT90000S"
    assert reading["earlyMessageRejectionPeriod"] == "PT7200S"
    assert TimeWindow().applied(spec) == spec


def test_a_changed_window_is_a_changed_spec() -> None:
    druid = MemoryDruid()
    supervisors = Supervisors(druid)
    spec = rollup("audience")
    now = TimeWindow().clock()
    events = [an_event(ts=now, seq=1), an_event(ts=now - 40 * HOUR_MS, seq=2), an_event(ts=now + 40 * HOUR_MS, seq=3)]
    messages = [encode(ViewingEvent(**event)) for event in events]
    client = a_client(transport=druid)

    def counted() -> int:
        whole = client.timeseries("events", interval="2020-01-01/2100-01-01", granularity="all", allow_large=True)
        return int(whole[0]["events"])

    supervisors.submit(spec.supervisor(bootstrap="b"))
    druid.send("events", messages)
    assert counted() == 3
    supervisors.submit(TimeWindow(12, 24).applied(spec).supervisor(bootstrap="b"))
    druid.send("events", messages)
    assert counted() == 4
