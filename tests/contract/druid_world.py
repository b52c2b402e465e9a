"""The events of the suite in ``druid.py``, and where they are sent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Protocol

from frontrow import Client, DruidTransport, Interval
from frontrow_ingest.contract import ViewingEvent, encode
from frontrow_ingest.druid import Supervisors
from frontrow_ingest.simulate import Simulation
from frontrow_specs import rollup, rollup_names
from frontrow_specs.avro_schemas import EVENTS
from support.agreement import SPECS
from support.clients import a_client
from support.other_records import deltas, encoded_as, refusals
from support.viewing_events import an_event

DEADLINE_S = 300
EVENING_MS = int(datetime(2026, 3, 1, 20, 0, tzinfo=UTC).timestamp() * 1000)
DAY_MS = int(datetime(2026, 5, 1, tzinfo=UTC).timestamp() * 1000)
# Datasources of records that are no events, each of a topic of its own.
COUNTED = tuple(name for name in rollup_names() if name not in SPECS)
WHOLE = Interval(datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))


class Harness(Protocol):
    """A Druid, and the topics that its supervisors read."""

    @property
    def transport(self) -> DruidTransport:
        """To this Druid."""
        ...

    def supervisor(self, spec: str, name: str) -> dict[str, Any]:
        """The supervisor of a rollup spec for a datasource of this name; reads the topic of its records whole."""
        ...

    def produce(self, messages: Sequence[bytes | None], topic: str = EVENTS) -> None:
        """Append to the topic of these records; returns when they are stored."""
        ...

    def datasource(self, spec: str) -> str:
        """The name of the datasource for a spec."""
        ...


@cache
def evening() -> tuple[dict[str, Any], ...]:
    """Some minutes of a simulated live event, every field present."""
    simulation = Simulation(seed=7, viewers=260, start_ms=EVENING_MS, duration_s=240, end_open=True)
    return tuple(event for event in simulation.events() if event["ts"] < EVENING_MS + 3_600_000)


def small_day() -> list[dict[str, Any]]:
    """A day of a few events, small enough to be added up by hand: ``(minute of the day, what is special)``."""
    told: list[tuple[float, dict[str, Any]]] = [
        (600.1, {"kind": "attempt", "started": False, "segments": [], "play_ms": 0}),
        (600.2, {"kind": "first_frame", "startup_ms": 400, "segments": ["a", "b"], "play_ms": 0}),
        (600.3, {"segments": ["b"], "play_ms": 1_000, "app_version": "10.5"}),
        (600.4, {"segments": ["b", "a"], "play_ms": 2_000, "country": "FR", "app_version": None}),
        (601.0, {"segments": [], "play_ms": 4_000, "event_id": None, "live_latency_ms": None}),
        (603.5, {"kind": "first_frame", "startup_ms": 900, "segments": ["c"], "play_ms": 0, "app_version": "9"}),
        (603.6, {"kind": "first_frame", "startup_ms": 100, "segments": ["c"], "play_ms": 0, "app_version": "beta"}),
        (725.0, {"kind": "end", "end_reason": "viewer", "segments": [], "play_ms": 8_000, "country": "AT"}),
    ]
    return [
        an_event(
            **{
                "ts": DAY_MS + int(minute * 60_000),
                "session_id": f"s{number}",
                "viewer_id": f"viewer{number // 2:016d}",
                "rebuffer_ms": 0,
                "seek_rebuffer_ms": 0,
                **special,
            }
        )
        for number, (minute, special) in enumerate(told)
    ]


def encoded(event: dict[str, Any]) -> bytes:
    """As it lies in Kafka."""
    return encode(ViewingEvent(**event))


def bad_messages() -> list[bytes]:
    """Bytes that are no event."""
    good = encoded(an_event())
    return [
        b"",
        b"\x01\x00",
        b"\x00" + good[1:],
        b"\x01\x00\x00\x00\x63" + good[5:],
        good[:40],
        good[:-1],
        good + b"\x00",
        b'{"session_id": "s1", "kind": "heartbeat"}',
        good[:5] + b"\x00" * 40,
        good[:5] + b"\xff" * 200,
    ]


@dataclass(frozen=True)
class World:
    """What the suite's events became."""

    harness: Harness
    names: dict[str, str]
    client: Client
    supervisors: Supervisors
    evening: tuple[dict[str, Any], ...]
    day: list[dict[str, Any]]
    bad: int

    def native(self, query: dict[str, Any], spec: str = "audience") -> Any:
        """Druid's answer to a native query over the small day."""
        whole = {"dataSource": self.names[spec], "intervals": ["2026-05-01/2026-05-02"], "granularity": "all", **query}
        source = whole["dataSource"]
        if isinstance(source, dict):
            inner = {"dataSource": self.names[spec], "intervals": whole["intervals"], **source["query"]}
            whole["dataSource"] = {**source, "query": inner}
        return self.harness.transport.request_json("POST", "/druid/v2", whole)


def await_events(client: Client, spec: str, count: int) -> None:
    """Wait until a spec's datasource counts so many events."""
    deadline = time.monotonic() + DEADLINE_S
    while (
        found := client.timeseries("events", interval=WHOLE, granularity="all", spec=spec, allow_large=True)[0][
            "events"
        ]
    ) != count:
        assert time.monotonic() < deadline, f"waited for {count} events in {spec}, where there are {found}"
        time.sleep(0.1)


def await_outcome(supervisors: Supervisors, name: str, **counts: int) -> None:
    """Wait until a supervisor reports these counts: Druid tells them some seconds late."""
    deadline = time.monotonic() + DEADLINE_S
    while (found := {key: getattr(supervisors.status(name), key) for key in counts}) != counts:
        assert time.monotonic() < deadline, f"waited for {counts} of {name}, which reports {found}"
        time.sleep(0.1)


def make_world(harness: Harness) -> World:
    """Submit, await that tasks read, send everything, await that it is counted."""
    names = {spec: harness.datasource(spec) for spec in SPECS}
    supervisors = Supervisors(harness.transport)
    for spec, name in names.items():
        assert supervisors.submit(harness.supervisor(spec, name)) == name
    for name in names.values():
        assert supervisors.await_ingesting(name, deadline_s=DEADLINE_S).ingesting
    day, bad = small_day(), bad_messages()
    good = [encoded(event) for event in (*evening(), *day)]
    # The bad ones stand among the good, and one has no value.
    harness.produce([*good[:100], *bad, None, *good[100:]])
    client = a_client(transport=harness.transport, datasources=names)
    for spec in SPECS:
        await_events(client, spec, len(good))
    return World(harness, names, client, supervisors, evening(), day, len(bad))


@dataclass(frozen=True)
class Counted:
    """What the records of the topics beside events became."""

    client: Client
    records: dict[str, list[dict[str, Any]]]


def make_counted(harness: Harness) -> Counted:
    """The same for the datasources of refusals and of the ledger."""
    records = {"quarantine": refusals(400, EVENING_MS), "ledger": deltas(400, EVENING_MS)}
    names = {spec: harness.datasource(spec) for spec in COUNTED}
    supervisors = Supervisors(harness.transport)
    for spec, name in names.items():
        supervisors.submit(harness.supervisor(spec, name))
    for spec, name in names.items():
        supervisors.await_ingesting(name, deadline_s=DEADLINE_S)
        topic = rollup(spec).topic
        harness.produce(encoded_as(topic, records[spec]), topic)
    for spec, name in names.items():
        await_outcome(supervisors, name, processed=len(records[spec]), unparseable=0)
    return Counted(a_client(transport=harness.transport, datasources=names), records)
