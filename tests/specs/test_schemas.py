"""The event schema: its released versions, what may change, and the supervisors that read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from frontrow_specs import (
    SchemaIncompatible,
    SpecInvalid,
    SpecNotFound,
    catalogue,
    compatibility,
    current_schema_id,
    event_fields,
    event_schema,
    released_schemas,
    rollup,
    rollup_names,
    topic_fields,
    topic_names,
    topic_schema,
)
from frontrow_specs.compatibility import check_schema
from frontrow_specs.rollups import read_rollup

Schema = dict[str, Any]


def field(schema: Schema, name: str) -> dict[str, Any]:
    return next(entry for entry in schema["fields"] if entry["name"] == name)


@pytest.mark.parametrize("topic", topic_names())
def test_the_tree_is_compatible_with_what_was_released(topic: str) -> None:
    newest = 1 if topic == "events" else 2
    assert check_schema(topic=topic) == list(released_schemas(topic)) == [*range(1, newest + 1)]
    assert current_schema_id(topic) == newest
    assert released_schemas(topic)[newest] == topic_schema(topic)


def test_the_identifiers_of_the_event() -> None:
    identifiers = {field.name for field in event_fields().values() if field.privacy == "identifier"}
    assert identifiers == {"session_id", "viewer_id"}


def test_a_field_with_a_default_may_be_added() -> None:
    schema = event_schema()
    schema["fields"].append({"name": "added", "type": "int", "default": 0, "privacy": "public"})
    assert check_schema(schema) == [1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda s: s["fields"].append({"name": "added", "type": "int", "privacy": "public"}),
            "cannot read what id 1 wrote: field added",
        ),
        (lambda s: s["fields"].remove(field(s, "session_id")), "readers of id 1 cannot read .* field session_id"),
        (lambda s: field(s, "play_ms").update(type="string"), "field play_ms: .*type_mismatch"),
        (lambda s: field(s, "play_ms").update(type="long"), "readers of id 1 cannot read .* field play_ms"),
        (lambda s: field(s, "kind")["type"]["symbols"].append("added"), "field kind: .*missing_enum_symbols"),
        (lambda s: s.update(name="Renamed"), "name_mismatch"),
    ],
)
def test_a_change_that_readers_could_not_read_is_refused(change: Callable[[Schema], None], said: str) -> None:
    schema = event_schema()
    change(schema)
    with pytest.raises(SchemaIncompatible, match=said):
        check_schema(schema)


def test_a_field_needs_a_privacy_class() -> None:
    schema = event_schema()
    del field(schema, "isp")["privacy"]
    with pytest.raises(SpecInvalid, match="field 'isp' has the privacy class None: give it one of identifier"):
        check_schema(schema)


@pytest.mark.parametrize("schema", [{"type": "enum", "name": "E", "symbols": ["A"]}, {"type": "nothing"}])
def test_what_is_no_record_is_refused(schema: Schema) -> None:
    with pytest.raises(SpecInvalid):
        check_schema(schema)


def test_a_released_schema_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = {1: {**released_schemas()[1], "doc": "changed"}}
    monkeypatch.setattr(compatibility, "released_schemas", lambda _topic="events": changed)
    with pytest.raises(SchemaIncompatible, match="released schema 1 of events was changed"):
        check_schema()


def test_wrong_names_are_answered_with_the_near_ones() -> None:
    for ask in (
        lambda: rollup("audiance"),
        lambda: released_schemas("event"),
        lambda: topic_schema("ledgr"),
        lambda: catalogue().metric("play"),
        lambda: catalogue().dimension("contry"),
    ):
        with pytest.raises(SpecNotFound, match="did you mean"):
            ask()


@pytest.mark.parametrize("name", rollup_names())
def test_a_supervisor_reads_every_released_schema_and_names_no_identifier(name: str) -> None:
    spec = rollup(name).supervisor(bootstrap="kafka:9092", topic="t", datasource="d")["spec"]
    reading, schema = spec["ioConfig"], spec["dataSchema"]
    assert reading["topic"] == "t"
    assert schema["dataSource"] == "d"
    assert reading["consumerProperties"] == {"bootstrap.servers": "kafka:9092"}
    decoder = reading["inputFormat"]["avroBytesDecoder"]
    released = {str(number): schema for number, schema in released_schemas(rollup(name).topic).items()}
    assert decoder == {"type": "multiple_schemas_inline", "schemas": released}
    assert schema["granularitySpec"]["rollup"] is True
    identifiers = {field.name for field in topic_fields(rollup(name).topic).values() if field.privacy == "identifier"}
    assert identifiers
    assert not identifiers & {dimension["name"] for dimension in schema["dimensionsSpec"]["dimensions"]}


def test_counts_of_kinds_are_made_in_the_spec() -> None:
    metrics = rollup("audience").supervisor(bootstrap="b")["spec"]["dataSchema"]["metricsSpec"]
    assert next(metric for metric in metrics if metric["name"] == "start_failures") == {
        "type": "filtered",
        "name": "start_failures",
        "filter": {
            "type": "and",
            "fields": [
                {"type": "selector", "dimension": "kind", "value": "end"},
                {"type": "selector", "dimension": "started", "value": "false"},
                {"type": "selector", "dimension": "end_reason", "value": "fatal_error"},
            ],
        },
        "aggregator": {"type": "count", "name": "start_failures"},
    }
    assert next(metric for metric in metrics if metric["name"] == "viewers_hll") == {
        "type": "HLLSketchBuild",
        "name": "viewers_hll",
        "fieldName": "viewer_id",
        "lgK": 12,
        "tgtHllType": "HLL_4",
        "stringEncoding": "utf8",
    }


@pytest.mark.parametrize(("period", "hours"), [("P7D", 168), ("PT36H", 36), ("P1DT12H", 36), ("PT0H", 0), (None, None)])
def test_druid_drops_what_a_spec_says(period: str | None, hours: int | None) -> None:
    content = {
        "name": "x", "description": "x", "topic": "events", "queryGranularity": "MINUTE", "segmentGranularity": "HOUR",
        "rollup": True, "dimensions": [], "metrics": [], "lateMessageRejectionPeriod": period,
    }  # fmt: skip
    spec = read_rollup(content)
    assert (spec.late_hours, spec.early_hours) == (hours, None)
    reading = spec.supervisor(bootstrap="b")["spec"]["ioConfig"]
    assert reading.get("lateMessageRejectionPeriod") == (None if hours is None else f"PT{hours * 3600}S")
    assert "earlyMessageRejectionPeriod" not in reading


@pytest.mark.parametrize("period", ["P", "PT", "7D", "P7W", "PT90M"])
def test_a_period_of_something_else_is_refused(period: str) -> None:
    content = {"name": "x", "description": "x", "topic": "events", "queryGranularity": "MINUTE",
               "segmentGranularity": "HOUR", "rollup": True, "dimensions": [], "metrics": [],
               "earlyMessageRejectionPeriod": period}  # fmt: skip
    with pytest.raises(SpecInvalid, match="no period of days and hours"):
        read_rollup(content)
