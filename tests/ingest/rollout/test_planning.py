"""The plan of a rollout: what stands, what would change, and what Druid makes of real records."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from frontrow_ingest.cli import specs_plan
from frontrow_ingest.errors import SupervisorError
from frontrow_ingest.rollout import Verdict, planning, refuse
from frontrow_specs import RollupDimension, RollupSpec

from .conftest import CHANGES, World, read


def test_a_spec_that_was_never_applied_would_start(world: World, small: RollupSpec) -> None:
    plan = world.plan(small)
    assert (plan.verdict, plan.changes) == (Verdict.CREATE, ())
    assert plan.standing.words() == "was never applied."


def test_what_runs_already_is_nothing_to_do(world: World, small: RollupSpec) -> None:
    assert world.apply(small).startswith("small: started; version 20")
    plan = world.plan(small)
    assert plan.verdict is Verdict.NOTHING
    assert plan.standing.words().endswith("ingests from the topic events.")


def test_the_sampler_tells_what_new_columns_hold(world: World, small: RollupSpec, wider: RollupSpec) -> None:
    world.apply(small)
    world.event(ad_ms=0)
    world.event(ad_ms=5_000)
    world.send(b"no event")
    plan = world.plan(wider, sample=True)
    assert plan.sample is not None
    assert (plan.sample.read, plan.sample.parsed, plan.sample.filled) == (3, 2, {"ad_ms": 1})
    assert plan.sample.words()[0] == "Druid parses 2 of the last 3 records."
    assert plan.verdict is Verdict.CHANGE
    sketch = replace(wider, dimensions=(*wider.dimensions, RollupDimension("error_code", "The code of an error.")))
    empty = world.plan(sketch, sample=True).sample
    assert empty is not None
    assert "New columns without any value yet: error_code." in empty.words()


def test_records_that_nobody_could_read_are_a_refusal(world: World, small: RollupSpec) -> None:
    world.send(b"no event", b"nor this")
    plan = world.plan(small, sample=True)
    assert plan.verdict is Verdict.REFUSED
    with pytest.raises(
        SupervisorError, match=r"nothing was submitted\.\nsmall: records: none of the last 2 can be read"
    ):
        refuse([plan])


def test_a_kafka_that_druid_cannot_reach_is_a_refusal(world: World, small: RollupSpec) -> None:
    world.event()
    plan = world.plan(small, sample=True, bootstrap="nowhere.invalid:9092")
    assert plan.verdict is Verdict.REFUSED
    assert "Druid's sampler does not take it: Unable to create RecordSupplier" in str(plan.changes[-1])


def test_a_topic_without_records(world: World, small: RollupSpec) -> None:
    sample = world.plan(small, sample=True).sample
    assert sample is not None
    assert sample.words() == ["the topic holds no records to try it with."]


def test_offsets_of_another_topic_are_told_even_when_nothing_runs(world: World, small: RollupSpec) -> None:
    world.apply(small)
    world.event()
    world.supervisors.terminate("small")
    plan = world.plan(small, topic="other")
    assert plan.verdict is Verdict.REFUSED
    assert str(plan.changes[0]).startswith("topic: events becomes other: the offsets kept for the datasource")
    same = world.plan(small)
    assert same.verdict is Verdict.CREATE
    assert "no supervisor runs since" in same.standing.words()


def test_offsets_that_may_be_of_another_topic_are_told_whoever_changed_it(world: World, small: RollupSpec) -> None:
    world.apply(small)
    world.supervisors.replace(small.supervisor(bootstrap="memory:9092", topic="other"))
    (note,) = world.plan(small, topic="other").notes
    assert note.endswith("and may not keep what is read of other while they are those of events.")


def test_rows_of_nobody_known(world: World, small: RollupSpec) -> None:
    world.apply(small)
    world.event()
    world.supervisors.terminate("small")
    world.druid._history._versions.clear()
    assert "holds rows, but Druid remembers no supervisor" in world.plan(small).notes[0]


def test_a_spec_that_was_taken_back_is_remembered(world: World, small: RollupSpec, wider: RollupSpec) -> None:
    for spec in (small, wider, small):
        world.apply(spec)
    versions = world.plan(wider).standing.versions
    (note,) = world.plan(wider).notes
    assert note.startswith(f"the same ran as version {versions[1].number}, until {versions[0].number}, when another")


def test_an_interrupted_rollout_says_where_it_stands(world: World, small: RollupSpec, wider: RollupSpec) -> None:
    world.apply(small)
    world.rollout(world.plan(wider, bootstrap="nowhere.invalid:9092")).submit()
    # ... and here the command was killed.
    plan = world.plan(wider, bootstrap="nowhere.invalid:9092")
    assert plan.verdict is Verdict.UNFINISHED
    words = plan.standing.words()
    assert "does not ingest: it is PENDING with 0 tasks; before it ran version 20" in words
    assert "Failed to construct kafka consumer" in words


def test_a_field_that_no_message_has_yet(monkeypatch: pytest.MonkeyPatch, world: World, wider: RollupSpec) -> None:
    known = planning.released_schemas()

    def without_ads(_topic: str = "events") -> dict[int, Any]:
        fields = [field for field in known[1]["fields"] if field["name"] != "ad_ms"]
        return {1: {**known[1], "fields": fields}}

    monkeypatch.setattr(planning, "released_schemas", without_ads)
    (change,) = world.plan(wider).changes
    assert str(change).startswith(
        "ad_ms: reads the field ad_ms, which schema id 1 of events, the newest released, lacks"
    )
    assert change.stops


def test_the_registry_is_checked(monkeypatch: pytest.MonkeyPatch, world: World, small: RollupSpec) -> None:
    monkeypatch.setattr(planning, "_registry", lambda topic: f"{topic} cannot be read")
    (change,) = world.plan(small).changes
    assert str(change) == "schema of events: events cannot be read"


class NoClose:
    """The Druid in memory where a command opens and closes a transport."""

    def __init__(self, world: World) -> None:
        self._druid = world.druid

    def __enter__(self) -> Any:
        return self._druid

    def __exit__(self, *_: object) -> None: ...


def test_the_command_and_its_exit_status(monkeypatch: pytest.MonkeyPatch, world: World, small: RollupSpec) -> None:
    monkeypatch.setattr(specs_plan, "Transport", lambda _url: NoClose(world))

    def run(path: str, *more: str) -> tuple[int, str]:
        arguments = [str(CHANGES / path), "--sample", "0", "--bootstrap", "memory:9092", *more]
        done = CliRunner().invoke(specs_plan.command, arguments, standalone_mode=False)
        return done.return_value if done.exception is None else 1, done.output

    before = "allowed/nothing/before.yaml"
    assert run(before)[0] == 3
    world.apply(small)
    world.event()
    code, said = run(before)
    assert (code, said.splitlines()[0]) == (0, "small: nothing to do")
    code, said = run("allowed/added_metric/after.yaml")
    assert code == 3
    assert "from now on: metric ad_ms: added" in said
    code, said = run("refused/renamed_metric/after.yaml")
    assert code == 1
    assert "refused: metric played_ms: is play_ms under another name" in said
    code, said = run("refused/coarser_rows/after.yaml", "--json")
    (plan,) = json.loads(said)
    assert (code, plan["verdict"], plan["now"]["ingesting"]) == (1, "refused", True)
    assert plan["changes"][0]["effect"] == "refused"
    assert run("refused/unknown_field/after.yaml")[0] == 1
    assert read(CHANGES / before) == small
