"""What a changed spec means, in words: each pair of files beside is a change, named after it."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from frontrow_ingest.rollout import Effect, compare
from frontrow_specs import RollupSpec
from frontrow_specs.validate import validate

from .conftest import CHANGES, KAFKA, read

REFUSED = {
    "metric_of_another_type": "metric play_ms: type change: longSum becomes longMax; Druid cannot merge the two.",
    "metric_of_another_field": (
        "metric play_ms: another meaning under the same name: longSum of play_ms becomes longSum of ad_ms."
    ),
    "metric_of_another_filter": (
        "metric plays: another meaning under the same name: count of events where kind=first_frame becomes "
        "count of events where kind=attempt."
    ),
    "renamed_metric": "metric played_ms: is play_ms under another name: no row has both",
    "coarser_rows": "queryGranularity: rows by the minute become rows by the hour: what is asked finer than that",
    "another_topic": "topic: ledger becomes quarantine: the offsets kept for the datasource are those of ledger.",
    "dimension_becomes_metric": "metric seq: is a dimension in the rows that are there.",
    "metric_becomes_dimension": "dimension seq: is a metric in the rows that are there.",
}
INVALID = {
    "unknown_field": "metrics[1].field: there is no field 'play_mss': did you mean play_ms",
    "identifier_as_dimension": "dimensions[1].name: viewer_id is an identifier",
}
ALLOWED = {
    "nothing": (),
    "added_dimension": ("dimension device_type: added: rows are kept apart by it from now on",),
    "removed_dimension": ("dimension cdn: removed: rows are not kept apart by it from now on",),
    "reordered_dimensions": ("order of dimensions: rows are sorted otherwise",),
    "added_metric": ("metric ad_ms: added: kept from now on; older rows answer null and add nothing.",),
    "removed_metric": ("metric plays: removed: not kept from now on",),
    "finer_rows": ("queryGranularity: rows by the minute become rows by the second; older rows keep their grain.",),
    "longer_segments": ("segmentGranularity: hour becomes day; segments that are there stay.",),
    "late_events_dropped": ("ioConfig.lateMessageRejectionPeriod: none becomes 172800 s: events that are older",),
}


def changes(path: Path, *, has_rows: bool = True) -> list[Any]:
    before, after = (read(path / f"{when}.yaml").supervisor(bootstrap=KAFKA) for when in ("before", "after"))
    return compare(before, after, has_rows=has_rows)


def test_every_pair_has_its_words() -> None:
    assert {path.name for path in (CHANGES / "refused").iterdir()} == {*REFUSED, *INVALID}
    assert {path.name for path in (CHANGES / "allowed").iterdir()} == set(ALLOWED)


@pytest.mark.parametrize("fault", REFUSED)
def test_a_change_that_old_rows_forbid_is_refused(fault: str) -> None:
    path = CHANGES / "refused" / fault
    assert validate(path / "before.yaml") == validate(path / "after.yaml") == []
    stopping = [change for change in changes(path) if change.stops]
    assert len(stopping) == 1
    assert str(stopping[0]).startswith(REFUSED[fault]), str(stopping[0])
    assert stopping[0].fix


@pytest.mark.parametrize("fault", INVALID)
def test_a_spec_that_breaks_a_rule_never_comes_to_a_plan(fault: str) -> None:
    path = CHANGES / "refused" / fault
    assert validate(path / "before.yaml") == []
    assert str(validate(path / "after.yaml")[0]).startswith(f"after.yaml: {INVALID[fault]}")


@pytest.mark.parametrize("name", ALLOWED)
def test_a_change_that_begins_now(name: str) -> None:
    found = changes(CHANGES / "allowed" / name)
    assert len(found) == len(ALLOWED[name])
    for change, words in zip(found, ALLOWED[name], strict=True):
        assert str(change).startswith(words), str(change)
        assert change.effect is Effect.FROM_NOW


@pytest.mark.parametrize("fault", sorted(REFUSED.keys() - {"another_topic"}))
def test_without_rows_there_is_nothing_to_differ_from(fault: str) -> None:
    assert not [change for change in changes(CHANGES / "refused" / fault, has_rows=False) if change.stops]


def wanted(spec: RollupSpec) -> dict[str, Any]:
    return spec.supervisor(bootstrap=KAFKA)


def test_a_schema_may_be_added_but_neither_changed_nor_dropped(small: RollupSpec) -> None:
    before, after = wanted(small), wanted(small)
    schemas = after["spec"]["ioConfig"]["inputFormat"]["avroBytesDecoder"]["schemas"]
    schemas["2"] = deepcopy(schemas["1"])
    (added,) = compare(before, after, has_rows=True)
    assert (added.effect, added.subject) == (Effect.READS, "schema id 2")
    (dropped,) = compare(after, before, has_rows=True)
    assert "schema id 2: is not read any more: every record that it wrote would be unparseable" in str(dropped)
    schemas.pop("2")
    schemas["1"]["doc"] = "changed"
    (changed,) = compare(before, after, has_rows=True)
    assert changed.effect is Effect.REFUSED


def test_sketches(small: RollupSpec) -> None:
    before, after = wanted(small), wanted(small)
    sketch = {
        "type": "HLLSketchBuild",
        "name": "viewers",
        "fieldName": "viewer_id",
        "lgK": 12,
        "stringEncoding": "utf8",
    }
    before["spec"]["dataSchema"]["metricsSpec"].append(sketch)
    after["spec"]["dataSchema"]["metricsSpec"].append(sketch | {"lgK": 14})
    (finer,) = compare(before, after, has_rows=True)
    assert str(finer) == "metric viewers: lgK 12 becomes 14; together with older rows, the coarser of both counts."
    after["spec"]["dataSchema"]["metricsSpec"][-1] = sketch | {"stringEncoding": "utf16le"}
    (other,) = compare(before, after, has_rows=True)
    assert other.effect is Effect.REFUSED
    assert "the same viewer would count twice" in str(other)


def test_reading_and_tuning_replace_the_tasks_and_no_row(small: RollupSpec) -> None:
    before, after = wanted(small), wanted(small)
    after["spec"]["ioConfig"] |= {"taskCount": 2, "taskDuration": "PT30M"}
    after["spec"]["ioConfig"]["consumerProperties"]["bootstrap.servers"] = "other:9092"
    after["spec"]["tuningConfig"]["maxRowsInMemory"] = 5
    before["context"] = {}
    found = {change.subject: change for change in compare(before, after, has_rows=True)}
    assert {change.effect for change in found.values()} == {Effect.READS}
    assert "3600 s becomes 1800 s" in found["ioConfig.taskDuration"].words
    assert "if it is another cluster" in found["ioConfig.consumerProperties.bootstrap.servers"].words
    assert set(found) == {
        "ioConfig.taskCount",
        "ioConfig.taskDuration",
        "ioConfig.consumerProperties.bootstrap.servers",
        "tuningConfig.maxRowsInMemory",
        "context.useConcurrentLocks",
    }


def test_a_suspended_one_reads_on_and_one_without_rollup_begins_to_merge(small: RollupSpec) -> None:
    before = wanted(small) | {"suspended": True}
    before["spec"]["dataSchema"]["granularitySpec"]["rollup"] = False
    rollup, suspended = compare(before, wanted(small), has_rows=True)
    assert str(rollup) == "rollup: equal rows are merged from now on."
    assert "it reads on from where it was suspended" in suspended.words


def test_what_druid_fills_in_is_no_change(small: RollupSpec) -> None:
    given, echoed = wanted(small), wanted(small)
    echoed["spec"]["ioConfig"] |= {"taskDuration": "PT3600S", "pollTimeout": 100, "lateMessageRejectionPeriod": None}
    echoed["spec"]["dataSchema"]["transformSpec"] = {"filter": None, "transforms": []}
    echoed["spec"]["dataSchema"]["timestampSpec"]["missingValue"] = None
    for dimension in echoed["spec"]["dataSchema"]["dimensionsSpec"]["dimensions"]:
        dimension |= {"multiValueHandling": "SORTED_ARRAY", "createBitmapIndex": True}
    for metric in echoed["spec"]["dataSchema"]["metricsSpec"]:
        metric["expression"] = None
    echoed |= {"suspended": False, "dataSchema": {}, "ioConfig": {}}
    assert compare(echoed, given, has_rows=True) == []


def test_what_a_record_is(small: RollupSpec) -> None:
    before, after = wanted(small), wanted(small)
    before["spec"]["dataSchema"]["transformSpec"] = {
        "transforms": [{"type": "expression", "name": "cdn", "expression": "lower(isp)"}]
    }
    after["spec"]["dataSchema"]["transformSpec"] = {
        "transforms": [{"type": "expression", "name": "country", "expression": "upper(region)"}],
        "filter": {"type": "selector", "dimension": "kind", "value": "end"},
    }
    after["spec"]["dataSchema"]["timestampSpec"]["column"] = "received_ts"
    found = {change.subject: change for change in compare(before, after, has_rows=True)}
    assert set(found) == {"time", "transform filter", "dimension cdn", "dimension country"}
    assert all(change.effect is Effect.REFUSED for change in found.values())
    assert found["dimension cdn"].words.endswith("lower(isp) becomes the field.")
    assert found["dimension country"].words.endswith("the field becomes upper(region).")
