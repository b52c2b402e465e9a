"""Going back to a version that ran before, and to other offsets."""

from __future__ import annotations

from typing import Any

import pytest

from frontrow_ingest.errors import SupervisorError
from frontrow_ingest.rollout import Verdict
from frontrow_ingest.rollout.offsets import parse_to, plan_reset, reset
from frontrow_ingest.rollout.rollback import plan_rollback
from frontrow_specs import RollupSpec

from .conftest import World


def rolled_back(world: World, version: str | None = None) -> str:
    rollout = world.rollout(plan_rollback(world.druid, "small", version))
    rollout.submit()
    return str(rollout.watch())


def test_back_and_forth(world: World, small: RollupSpec, wider: RollupSpec) -> None:
    world.apply(small)
    world.apply(wider)
    first = world.plan(wider).standing.versions[-1].number
    world.event()
    plan = plan_rollback(world.druid, "small")
    assert [str(change).partition(":")[0] for change in plan.changes] == ["metric ad_ms"]
    assert rolled_back(world).startswith("small: changed")
    assert world.plan(small).verdict is Verdict.NOTHING
    # What was taken back is not gone back to, unless it is named.
    with pytest.raises(SupervisorError, match=r"but what was taken back; there are .*\. Name one with --to\."):
        plan_rollback(world.druid, "small")
    rolled_back(world, world.plan(wider).standing.versions[1].number)
    assert world.plan(wider).verdict is Verdict.NOTHING
    rolled_back(world, first)
    assert world.plan(small).verdict is Verdict.NOTHING
    world.event()
    assert world.druid.count("small").events == 2


def test_an_earlier_version_goes_on_to_read_newer_schemas(world: World, small: RollupSpec, wider: RollupSpec) -> None:
    world.apply(small)
    newer = wider.supervisor(bootstrap="memory:9092")
    schemas = newer["spec"]["ioConfig"]["inputFormat"]["avroBytesDecoder"]["schemas"]
    schemas["2"] = schemas["1"]
    world.supervisors.replace(newer)
    plan = plan_rollback(world.druid, "small")
    assert plan.verdict is Verdict.CHANGE
    assert set(plan.wanted["spec"]["ioConfig"]["inputFormat"]["avroBytesDecoder"]["schemas"]) == {"1", "2"}


def test_there_is_nothing_to_go_back_to(world: World, small: RollupSpec) -> None:
    with pytest.raises(SupervisorError, match="Druid remembers no supervisor 'small'"):
        plan_rollback(world.druid, "small")
    world.apply(small)
    with pytest.raises(SupervisorError, match="'small' has no version before the one that runs; there is 20"):
        plan_rollback(world.druid, "small")
    with pytest.raises(SupervisorError, match="'small' has no version 'yesterday'; there is 20"):
        plan_rollback(world.druid, "small", "yesterday")


def test_an_ended_supervisor_comes_back_as_it_was(world: World, small: RollupSpec) -> None:
    world.apply(small)
    world.supervisors.terminate("small")
    assert rolled_back(world).startswith("small: started again")


@pytest.mark.parametrize(
    ("to", "skipped", "reread"),
    [("earliest", 0, 4), ("latest", 3, 0), ({0: 5}, 1, 0), ({0: 2}, 0, 2), ({0: 4}, 0, 0)],
)
def test_a_reset_counts_what_it_costs(world: World, small: RollupSpec, to: Any, skipped: int, reread: int) -> None:
    for _ in range(4):
        world.event()
    world.apply(small)
    # A second supervisor begins where the first has stopped: the first four are kept.
    world.supervisors.terminate("small")
    world.apply(small)
    for _ in range(3):
        world.event()
    plan = plan_reset(world.supervisors, "small", {0: 0}, {0: 7}, to=to)
    assert (plan.skipped, plan.reread) == (skipped, reread)
    assert plan.words()[-1].startswith(f"In all, {skipped} records would never be counted and {reread} would be")


def test_a_reset_says_which_and_does_it(world: World, small: RollupSpec) -> None:
    world.apply(small)
    for _ in range(3):
        world.event()
    plan = plan_reset(world.supervisors, "small", {0: 0}, {0: 3}, to={0: 2})
    assert plan.words()[0] == (
        "events-0: kept up to 0, would go on at 2; skips 2 records (0 to 1), of which 2 can be asked for now"
    )
    reset(world.supervisors, plan)
    world.supervisors.await_offsets("small", {0: 2}, deadline_s=1)
    with pytest.raises(SupervisorError, match=r"the tasks of 'small' begin at \{0: 2\} after 0 s, not at \{0: 3\}"):
        world.supervisors.await_offsets("small", {0: 3}, deadline_s=0)


def test_offsets_that_are_not_there(world: World, small: RollupSpec) -> None:
    world.apply(small)
    with pytest.raises(SupervisorError, match="partition 0 of 'events' has 5 to 9, but not 3"):
        plan_reset(world.supervisors, "small", {0: 5}, {0: 9}, to={0: 3})
    with pytest.raises(SupervisorError, match="has no partition 1: there are"):
        plan_reset(world.supervisors, "small", {0: 5}, {0: 9}, to={1: 3})
    with pytest.raises(SupervisorError, match="no supervisor 'other'"):
        plan_reset(world.supervisors, "other", {0: 5}, {0: 9}, to="latest")
    expired = plan_reset(world.supervisors, "small", {0: 5}, {0: 9}, to="earliest")
    assert "5 records before 5 are in Kafka no more" in expired.words()[0]


def test_what_to_says() -> None:
    assert parse_to("latest") == "latest"
    assert parse_to("0=12,1=7") == {0: 12, 1: 7}
    for text in ("newest", "0", "0=a", "0=1=2"):
        with pytest.raises(ValueError):
            parse_to(text)
