"""What is kept of refused events: as much as a minute may hold, and of no kind all of it."""

from __future__ import annotations

import json
from typing import Any

from frontrow_ingest.collector import Context
from frontrow_ingest.collector.budget import MINUTE_S, BudgetedQuarantine
from frontrow_ingest.contract import KEY_VARIABLE, Refusal, ViewerKeys
from frontrow_ingest.producer import TimeWindow
from frontrow_ingest.quarantine import MemoryQuarantine, Position, Rejected, Stage
from support.cmcd_lines import T0, a_report
from support.viewing_events import a_line, an_event

KEY = b"a key of more than sixteen bytes"


def refused(reason: str, size: int = 10) -> Rejected:
    return Rejected(
        b"x" * size, [Refusal("ts", reason, "no")], Stage.COLLECTOR, Position("/events", 0), 1_790_000_000_000
    )


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def test_a_minute_holds_so_many_records_and_half_as_many_of_one_kind() -> None:
    clock, memory = Clock(), MemoryQuarantine()
    budget = BudgetedQuarantine(memory, records=10, clock=clock)
    for _ in range(50):
        budget.put(refused("missing"))
    assert (budget.kept, budget.left_out) == (5, 45)
    for reason in ("empty", "too_long", "invalid"):
        for _ in range(3):
            budget.put(refused(reason))
    assert (budget.kept, budget.left_out, len(memory.values)) == (10, 49, 10)
    clock.now += MINUTE_S
    budget.put(refused("missing"))
    assert len(memory.values) == 11


def test_a_minute_holds_so_many_bytes() -> None:
    budget = BudgetedQuarantine(MemoryQuarantine(), records=10, size=100, clock=Clock())
    for size in (60, 60, 40):
        budget.put(refused("missing", size))
    assert (budget.kept, budget.left_out) == (2, 1)
    none = BudgetedQuarantine(MemoryQuarantine(), records=0)
    none.put(refused("missing"))
    assert none.left_out == 1


def test_an_endpoint_goes_on_over_its_budget(rig: Any) -> None:
    memory = MemoryQuarantine(producer="edge-1")
    collector = rig(delivery={"quarantine": BudgetedQuarantine(memory, records=4)})
    for number in range(6):
        assert collector.post(a_line(seq=-1) + b"\n" + a_line(seq=number), "application/jsonl").status == 207
    assert [event["seq"] for event in collector.events] == list(range(6))
    assert len(memory.records) == 2
    first, second = memory.records
    assert (first.stage, first.producer, first.reason, first.field, first.number) == (
        "collector", "edge-1", "out_of_range", "seq", 0,
    )  # fmt: skip
    assert (first.time_is, first.original, first.redacted) == ("event", a_line(seq=-1), "no")
    assert first.source is not None
    assert first.source.startswith("/events ")
    assert first.source != second.source, "a request has a name of its own"


def test_raw_viewer_ids_are_in_no_record_wherever_they_stand(rig: Any) -> None:
    keys = ViewerKeys.from_environment({KEY_VARIABLE: f"a:{KEY.hex()}"})
    memory = MemoryQuarantine(viewer_keys=keys)
    context = Context(pseudonymize=keys.pseudonym)
    collector = rig(delivery={"quarantine": memory}, context=context)
    bodies = [
        a_line(viewer_id="anna@example.org", seq=-1),
        a_line(viewer_id="anna@example.org", seq=-1, content_id="for Anna@Example.org"),
        a_line(viewer_id=4_917_212, content_id="4917212"),
        a_line(viewer_id="AAECAwQFBgcICQoLDA0ODw", seq=-1, region="AAECAwQFBgcICQoLDA0ODw"),
        a_line(viewer_id="anna@example.org")[:-5],
        a_report(-1, 0, com_user="anna@example.org").encode(),
    ]
    for body in bodies:
        kind = "application/cmcd" if body.startswith(b"sid") else "application/json"
        assert collector.post(body, kind).status == 400
    shown = [(record.redacted, record.original is not None) for record in memory.records]
    assert shown == [("no", True), *[("masked", True)] * 3, *[("withheld", False)] * 2]
    assert [record.viewer_key_epoch for record in memory.records[:2]] == ["a", "a"]
    assert keys.pseudonym("anna@example.org").encode() in (memory.records[0].original or b"")
    assert [record.size > 0 for record in memory.records] == [True] * 6
    for raw in (b"anna", b"4917212", b"AAECAwQFBgcICQoLDA0ODw"):
        assert not [value for value in memory.values if raw in value.lower() or raw in value]


def test_what_comes_too_late_or_too_early_is_refused_with_its_delay(rig: Any) -> None:
    memory = MemoryQuarantine()
    now = 1_790_000_000_500
    context = Context(defaults={"viewer": an_event()["viewer_id"]})
    window = TimeWindow(24, 1, lambda: now)
    collector = rig(delivery={"quarantine": memory}, window=window, context=context)
    late, early = now - 25 * 3_600_000, now + 2 * 3_600_000
    events = [an_event(seq=0), an_event(seq=1, ts=late), an_event(seq=2, ts=early)]
    answer = collector.post(json.dumps(events).encode())
    assert (answer.status, [error["reason"] for error in answer.json["errors"]]) == (207, ["late", "early"])
    assert collector.post(a_line(seq=3, ts=late), "application/jsonl").status == 400
    assert collector.cmcd(a_report(0, late - T0, "ps", "p")).status == 400
    assert [event["seq"] for event in collector.events] == [0]
    assert [(record.reason, record.delay_ms) for record in memory.records[:2]] == [
        ("late", 25 * 3_600_000),
        ("early", -2 * 3_600_000),
    ]
