"""Overlap, reach, comparisons, the time of an event, bounds and sketches of some events against plain sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

import frontrow
from frontrow import Client, Interval
from oracle.metrics import distinct, quantile_bounds
from oracle.sets import event_times, overlaps, reach, viewers
from support.agreement import interval_of
from support.set_answers import check_bounds, check_overlap, check_reach

Events = Sequence[dict[str, Any]]
MINUTE_MS = 60_000


def check_sets(client: Client, events: Events, event_id: str) -> None:
    """Everything that unites or intersects viewers, held against Python's sets of the same events.

    Args:
        events: all that the datasources hold of their time, with a live event of this id among them; of fewer viewers
            than a theta sketch holds exactly
    """
    interval = interval_of(events)
    _overlap(client, events, interval, event_id)
    _reach(client, events, interval)
    _time_of(client, events, event_id)
    _compare(client, events, interval)
    _bounds(client, events, interval)
    _sketches(client, events, interval)


def _overlap(client: Client, events: Events, interval: Interval, event_id: str) -> None:
    audiences: Any = {
        "event": ({"event_id": event_id}, lambda event: event["event_id"] == event_id),
        "sports": ({"segments": "sports"}, lambda event: "sports" in event["segments"]),
        "not DE": (~frontrow.eq("country", "DE"), lambda event: event["country"] != "DE"),
        "nobody": ({"country": "XX"}, lambda event: event["country"] == "XX"),
    }
    found = client.overlap({name: where for name, (where, _) in audiences.items()}, interval=interval)
    check_overlap(found.columns, overlaps(events, {name: fits for name, (_, fits) in audiences.items()}), exact=True)


def _reach(client: Client, events: Events, interval: Interval) -> None:
    start, end = (int(moment.timestamp() * 1000) for moment in (interval.start, interval.end))
    found = client.reach(interval=interval)
    check_reach(found.columns, reach(events, range(start, end + 1, MINUTE_MS)), exact=True)


def _time_of(client: Client, events: Events, event_id: str) -> None:
    first, start, end = (_moment(ms) for ms in event_times(events, event_id) or ())
    of_it = client.timeseries("events", interval=frontrow.event(event_id), granularity="all")
    assert of_it.interval == Interval(first, end)
    begun = client.timeseries("events", interval=frontrow.event(event_id, first="2m"), granularity="all")
    assert begun.interval == Interval(start, start + timedelta(minutes=2))


def _compare(client: Client, events: Events, interval: Interval) -> None:
    """A second half against the first, in buckets that begin with each."""
    middle = interval.start + timedelta(minutes=1 + (interval.end - interval.start) // timedelta(minutes=2))
    halves = (middle, interval.end), (interval.start, middle)
    asked = frontrow.timeseries(["plays", "unique_viewers"], interval=halves[0], granularity="2m")
    rows = client.compare(asked, against=halves[1])
    for row in rows:
        for suffix, (start, end) in zip(("", "_before"), halves, strict=True):
            begin = start + timedelta(minutes=row["elapsed"])
            # What is compared with is as long as what is asked about.
            until = min(begin + timedelta(minutes=2), end, start + (interval.end - middle))
            here = [event for event in events if begin <= _moment(event["ts"]) < until]
            assert row[f"plays{suffix}"] == sum(event["kind"] == "first_frame" for event in here)
            assert abs(row[f"unique_viewers{suffix}"] - len(viewers(here))) <= 1 + 0.05 * len(viewers(here))
        assert row["plays_change"] == row["plays"] - row["plays_before"]
    top = client.compare(frontrow.top_n("country", "plays", interval=halves[0]), against=halves[1])
    for row in top:
        for suffix, start in (("", middle), ("_before", interval.start)):
            until = start + (interval.end - middle)
            here = [event for event in events if start <= _moment(event["ts"]) < until]
            plays = sum(event["kind"] == "first_frame" and event["country"] == row["country"] for event in here)
            assert row[f"plays{suffix}"] == plays


def _bounds(client: Client, events: Events, interval: Interval) -> None:
    minutes = client.timeseries(["unique_viewers", "reach"], interval=interval, bounds=True)
    for name in ("unique_viewers", "reach"):
        truths = [
            distinct(name, [e for e in events if row["time"] <= _moment(e["ts"]) < _after(row)]) for row in minutes
        ]
        values = zip(*(minutes.columns[f"{name}{suffix}"] for suffix in ("", "_low", "_high")), truths, strict=True)
        check_bounds(list(values), exact=name == "reach")
    titles = client.top_n("country", ["startup_time_p50", "unique_viewers"], interval=interval, bounds=True)
    assert len(titles) > 1
    for row in titles:
        here = [event for event in events if event["country"] == row["country"]]
        exact = quantile_bounds("startup_time_p50", here, 0.0)
        if exact is not None:
            assert row["startup_time_p50_low"] <= exact[1]
            assert exact[0] <= row["startup_time_p50_high"]


def _sketches(client: Client, events: Events, interval: Interval) -> None:
    everybody = len(viewers(events))
    by_minute = client.sketches("reach", interval=interval, granularity="1m").columns["reach"]
    assert reduce(or_, by_minute).estimate == everybody
    by_country = client.sketches("reach", by="country", interval=interval)
    for row in by_country:
        here = viewers(events, lambda event, country=row["country"]: event["country"] == country)  # type: ignore[misc]
        assert row["reach"].estimate == len(here)
    by_device = client.sketches("unique_viewers", by="device_type", interval=interval, spec="audience")
    united = reduce(or_, by_device.columns["unique_viewers"])
    (whole,) = client.timeseries("unique_viewers", interval=interval, granularity="all", spec="audience")
    assert abs(united.estimate - whole["unique_viewers"]) <= 0.02 * everybody
    assert abs(united.estimate - everybody) <= 0.05 * everybody
    by_cdn = client.sketches("startup_time_p50", by="cdn", interval=interval).columns["startup_time_p50"]
    startups = [event["startup_ms"] for event in events if event["startup_ms"] is not None]
    assert reduce(or_, by_cdn).count == len(startups)


def _after(row: Any) -> datetime:
    found: datetime = row["time"] + timedelta(minutes=1)
    return found


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
