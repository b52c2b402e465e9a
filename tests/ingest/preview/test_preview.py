"""A preview against what the events say themselves, and against the Druid in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontrow_ingest.preview import Preview, answers, preview
from frontrow_ingest.simulate import Simulation
from frontrow_ingest.testing import MemoryDruid
from frontrow_specs import RollupSpec, catalogue, rollup, rollup_names
from frontrow_specs.rollups import RollupMetric
from support.other_records import deltas, refusals
from support.viewing_events import an_event, valid_events

START_MS = 1_772_398_500_000  # 20:55: an hour of the clock ends five minutes later


@cache
def records(topic: str) -> Sequence[dict[str, Any]]:
    if topic == "quarantine":
        return refusals(800, START_MS, over_ms=600_000)
    if topic == "ledger":
        return deltas(800, START_MS, over_ms=600_000)
    return list(Simulation(seed=2, viewers=120, start_ms=START_MS, duration_s=600).events())


def of(spec: RollupSpec | str, events: Sequence[dict[str, Any]] | None = None, **more: Any) -> Preview:
    found = rollup(spec) if isinstance(spec, str) else spec
    return preview(found, records(found.topic) if events is None else events, **more)


def without(spec: RollupSpec, dimension: str) -> RollupSpec:
    return replace(spec, dimensions=tuple(each for each in spec.dimensions if each.name != dimension))


@pytest.mark.parametrize("name", rollup_names())
def test_rows_are_those_of_the_druid_in_memory(name: str) -> None:
    druid = MemoryDruid()
    druid.apply(name)
    druid.send(rollup(name).topic, records(rollup(name).topic))
    made = of(name)
    assert made.count == druid.count(name)
    assert 0 < made.count.rows < made.count.events == len(records(rollup(name).topic))
    assert (len(made.segments), made.timeless, made.complete) == (2, 0, True)


@pytest.mark.parametrize("name", rollup_names())
def test_leaving_a_dimension_out_is_a_preview_without_it(name: str) -> None:
    made = of(name)
    assert [cost.name for cost in made.dimensions] == [each.name for each in rollup(name).dimensions]
    for cost in made.dimensions:
        assert cost.rows_without == of(without(rollup(name), cost.name)).count.rows, cost.name


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(valid_events(), min_size=1, max_size=16), name=st.sampled_from(["audience", "quality"]))
def test_any_events(drawn: list[dict[str, Any]], name: str) -> None:
    druid = MemoryDruid()
    druid.apply(name)
    druid.send("events", drawn)
    made = of(name, drawn)
    assert made.count == druid.count(name)
    for cost in made.dimensions:
        assert cost.rows_without == of(without(rollup(name), cost.name), drawn).count.rows
        held = [event[cost.name] for event in drawn]
        labels = {label for value in held for label in (value if isinstance(value, list) else [value])} - {None}
        assert cost.values == len(labels)
        assert cost.null_share == pytest.approx(sum(value in (None, []) for value in held) / len(drawn))


def test_bytes_are_those_of_the_columns_and_more_with_a_larger_sketch() -> None:
    made = of("audience")
    assert set(made.columns) == {"__time", *(cost.name for cost in made.dimensions)} | {
        metric.name for metric in rollup("audience").metrics
    }
    assert 0 < made.bytes - sum(made.columns.values()) <= 2 * 1_600  # two segments have a little beside columns
    lean = replace(rollup("audience"), metrics=tuple(m for m in rollup("audience").metrics if m.type != "thetaSketch"))
    assert of(lean).bytes == pytest.approx(made.bytes - made.columns["viewers_theta"], abs=4)


def test_another_grain_and_larger_segments() -> None:
    fine, coarse = (of(replace(rollup("audience"), query_granularity=grain)) for grain in ("SECOND", "HOUR"))
    assert coarse.count.rows < of("audience").count.rows < fine.count.rows
    day = of(replace(rollup("audience"), segment_granularity="DAY"))
    assert (day.count, len(day.segments)) == (of("audience").count, 1)
    assert day.bytes < of("audience").bytes


def test_no_events_and_events_without_a_time() -> None:
    made = of("audience", [])
    assert (made.count.rows, made.bytes, made.bytes_per_row, made.segments) == (0, 0, None, {})
    assert {(cost.values, cost.null_share, cost.rows_without) for cost in made.dimensions} == {(0, 0.0, 0)}
    assert of("audience", [an_event(ts=1 << 62)]).timeless == 1


def test_reading_stops_where_rows_do_not_fit() -> None:
    many = [an_event(content_id=f"title-{number}") for number in range(12_000)]
    made = of("audience", many, memory_bytes=1_000_000)
    assert not made.complete
    assert made.count.events == 10_000


def test_a_sketch_that_no_longer_grows_takes_no_more_memory() -> None:
    viewers = [an_event(viewer_id=f"{number:022d}") for number in range(15_000)]
    spec = replace(
        rollup("audience"),
        metrics=tuple(metric for metric in rollup("audience").metrics if "theta" not in metric.name),
    )
    assert of(spec, viewers, memory_bytes=100_000).complete


def lacks(spec: RollupSpec) -> dict[str, str]:
    return {each.metric: each.lacks for each in answers(spec)}


@pytest.mark.parametrize("name", rollup_names())
def test_a_spec_of_ours_answers_what_the_catalogue_says(name: str) -> None:
    able = {metric for metric, why in lacks(rollup(name)).items() if not why}
    named = {metric.name for metric in catalogue().metrics.values() if name in metric.datasources}
    assert named <= able


def test_why_a_metric_cannot_be_answered() -> None:
    spec = rollup("audience")
    assert lacks(spec)["rebuffer_ratio"] == "no column rebuffer_ms (longSum of rebuffer_ms)"
    assert lacks(spec)["quarantined"] == "it is of the topic quarantine"

    def with_(**change: Any) -> dict[str, str]:
        (name,) = change
        metrics = tuple(change[name] if metric.name == name else metric for metric in spec.metrics)
        return lacks(replace(spec, metrics=metrics))

    other = with_(plays=RollupMetric("plays", "count", "Ends.", filter={"kind": "end"}))
    assert other["plays"] == "plays is count of events where kind=end, not count of events where kind=first_frame"
    assert other["average_view_duration"] == other["plays"]
    theta = with_(viewers_hll=RollupMetric("viewers_hll", "thetaSketch", "Viewers.", field="viewer_id"))
    assert theta["unique_viewers"] == "viewers_hll is a thetaSketch, not an HLL sketch"
    assert not theta["reach"]
