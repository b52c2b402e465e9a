"""Applying with a seat belt: what does not ingest is put back; what vanished is started again; nobody is left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from frontrow import DruidTransport, ServerError
from frontrow._errors import druid_error
from frontrow_ingest.errors import SupervisorError
from frontrow_ingest.rollout import RolledBackError, Rollout, look
from frontrow_specs import RollupSpec

from .conftest import World

SUPERVISORS = "/druid/indexer/v1/supervisor"
NOWHERE = "nowhere.invalid:9092"


class Disturbed:
    """The way to a Druid on which a request can go wrong: ``disturb`` sees each, and may answer or raise itself."""

    def __init__(self, druid: DruidTransport, disturb: Callable[[str, str, Any], Any]) -> None:
        self._druid = druid
        self._disturb = disturb

    def __getattr__(self, name: str) -> Any:
        return getattr(self._druid, name)

    def request_json(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        answer = self._disturb(method, path, body)
        return self._druid.request_json(method, path, body, **options) if answer is None else answer


def away(status: int = 502) -> ServerError:
    error = druid_error(status, {"error": "Bad Gateway"}, "Bad Gateway", url="memory://druid")
    assert isinstance(error, ServerError)
    return error


def total(world: World) -> int:
    return world.druid.count("small").events


def test_a_change_is_applied_and_no_record_is_missed_or_counted_twice(
    world: World, small: RollupSpec, wider: RollupSpec
) -> None:
    world.apply(small)
    world.event()
    said = world.apply(wider)
    assert said.startswith("small: changed; version 20")
    assert ", before it 20" in said
    world.event()
    assert total(world) == 2
    assert world.apply(wider).startswith("small: left as it is")


def test_what_does_not_ingest_is_put_back(world: World, small: RollupSpec, wider: RollupSpec) -> None:
    world.apply(small)
    rollout = world.rollout(world.plan(wider, bootstrap=NOWHERE))
    rollout.submit()
    world.event()
    with pytest.raises(RolledBackError) as caught:
        rollout.watch()
    versions = look(world.supervisors, "small").versions
    assert [version.spec is None for version in versions] == [False, False, False]
    assert caught.value.restored == versions[2].number
    said = str(caught.value)
    assert "it is PENDING: Failed to construct kafka consumer. Version 20" in said
    assert "was put back, and ingests again; no record is lost" in said
    assert total(world) == 1


def test_the_next_apply_goes_on_where_a_killed_one_was(world: World, small: RollupSpec, wider: RollupSpec) -> None:
    world.apply(small)
    world.rollout(world.plan(wider)).submit()
    assert world.apply(wider).startswith("small: left as it is"), "it ingested meanwhile"
    world.rollout(world.plan(small, bootstrap=NOWHERE)).submit()
    with pytest.raises(RolledBackError, match=r"was put back, and ingests again"):
        world.apply(small, bootstrap=NOWHERE)
    assert look(world.supervisors, "small").running == wider.supervisor(bootstrap="memory:9092")


def test_a_first_spec_that_does_not_ingest_has_nothing_before_it(world: World, small: RollupSpec) -> None:
    with pytest.raises(RolledBackError, match=r"There is no version before it to put back") as caught:
        world.apply(small, bootstrap=NOWHERE)
    assert caught.value.restored is None


def test_a_spec_of_which_nothing_can_be_read_is_put_back(world: World, small: RollupSpec, wider: RollupSpec) -> None:
    world.apply(small)
    rollout = world.rollout(world.plan(wider), deadline_s=0.5)
    rollout.submit()
    world.send(b"no event", b"nor this")
    with pytest.raises(RolledBackError, match="all of 2 records were unparseable"):
        rollout.watch()


def test_a_failed_update_that_ends_the_supervisor_is_mended(world: World, small: RollupSpec, wider: RollupSpec) -> None:
    """Druid ends the old supervisor before it makes the new one; if that fails, nothing runs (apache/druid#18827)."""
    world.apply(small)
    failed = []

    def disturb(method: str, path: str, body: Any) -> None:
        if (method, path) == ("POST", SUPERVISORS) and not failed:
            failed.append(body)
            world.supervisors.terminate("small")
            raise away(500)

    rollout = world.rollout(world.plan(wider), transport=Disturbed(world.druid, disturb))
    with pytest.raises(SupervisorError, match="Druid had ended what ran before; it was started again and ingests"):
        rollout.submit()
    world.event()
    assert total(world) == 1


def test_a_supervisor_that_vanishes_while_it_is_watched_is_mended(
    world: World, small: RollupSpec, wider: RollupSpec
) -> None:
    world.apply(small)
    rollout = world.rollout(world.plan(wider))
    rollout.submit()
    world.supervisors.terminate("small")
    with pytest.raises(RolledBackError, match=r"is gone: Druid ended it without a word. Version 20.* ingests again"):
        rollout.watch()
    assert world.apply(wider).startswith("small: changed")


def test_an_ended_one_is_started_again(world: World, small: RollupSpec) -> None:
    world.apply(small)
    world.event()
    world.supervisors.terminate("small")
    world.event()
    assert world.apply(small).startswith("small: started again; version 20")
    assert total(world) == 2


@pytest.mark.parametrize("heard", [False, True], ids=["the request was lost", "the answer was lost"])
def test_a_coordinator_that_is_away_is_awaited(world: World, small: RollupSpec, wider: RollupSpec, heard: bool) -> None:
    world.apply(small)
    left = [3]

    def disturb(method: str, path: str, body: Any) -> None:
        if (method, path) == ("POST", SUPERVISORS) and left[0] == 3 and heard:
            world.druid.request_json(method, path, body)
        if path.startswith(SUPERVISORS) and left[0]:
            left[0] -= 1
            raise away()

    rollout = world.rollout(world.plan(wider), transport=Disturbed(world.druid, disturb))
    rollout.submit()
    assert str(rollout.watch()).startswith("small: changed")
    assert len(look(world.supervisors, "small").versions) == 2, "submitted once"


def test_an_ended_one_is_started_again_when_the_coordinator_comes_back(world: World, small: RollupSpec) -> None:
    world.apply(small)
    world.supervisors.terminate("small")
    answers = [away(500), away(), away(500)]

    def disturb(method: str, path: str, _body: Any) -> None:
        if (method, path) == ("POST", SUPERVISORS) and answers:
            raise answers.pop()

    rollout = world.rollout(world.plan(small), transport=Disturbed(world.druid, disturb))
    rollout.submit()
    assert str(rollout.watch()).startswith("small: started again")


def test_an_earlier_roll_over_is_let_publish_first(world: World, small: RollupSpec, wider: RollupSpec) -> None:
    world.apply(small)
    publishing = [3]
    submitted = []

    def disturb(method: str, path: str, _body: Any) -> Any:
        if (method, path) == ("POST", SUPERVISORS):
            submitted.append(publishing[0])
        if path.endswith("/status") and publishing[0]:
            publishing[0] -= 1
            return {"payload": {"publishingTasks": [{"id": "earlier"}], "detailedState": "RUNNING"}}
        return None

    plan = world.plan(wider)
    world.rollout(plan, transport=Disturbed(world.druid, disturb)).submit()
    assert submitted == [0]
    publishing[0] = 1_000
    with pytest.raises(SupervisorError, match="1 tasks of 'small' still publish"):
        world.rollout(plan, transport=Disturbed(world.druid, disturb), deadline_s=0.3).submit()
    assert submitted == [0]


def test_a_kafka_that_is_not_there_for_us_changes_nothing(world: World, small: RollupSpec, wider: RollupSpec) -> None:
    def ends() -> dict[int, int]:
        raise SupervisorError("Kafka does not answer")

    world.apply(small)
    with pytest.raises(SupervisorError, match="Kafka does not answer"):
        Rollout(world.supervisors, world.plan(wider), ends=ends, deadline_s=1).submit()
    assert len(look(world.supervisors, "small").versions) == 1


def test_a_coordinator_that_stays_away(world: World, small: RollupSpec) -> None:
    def disturb(_method: str, path: str, _body: Any) -> None:
        if path.startswith(SUPERVISORS):
            raise away()

    rollout = world.rollout(world.plan(small), transport=Disturbed(world.druid, disturb), deadline_s=0.3)
    with pytest.raises(ServerError, match="502"):
        rollout.submit()


def test_somebody_elses_spec_is_left_alone(world: World, small: RollupSpec, wider: RollupSpec) -> None:
    world.apply(small)
    rollout = world.rollout(world.plan(wider), deadline_s=60)
    rollout.submit()
    other = small.supervisor(bootstrap="memory:9092", task_count=2)
    world.supervisors.replace(other)
    with pytest.raises(
        RolledBackError, match=r"another spec was submitted meanwhile, by somebody else. Nothing was put"
    ):
        rollout.watch()
    assert look(world.supervisors, "small").running == other


def test_a_refused_spec_leaves_what_runs(world: World, small: RollupSpec) -> None:
    world.apply(small)
    plan = world.plan(small)
    plan.wanted["spec"]["dataSchema"]["metricsSpec"].append({"type": "no_such", "name": "x"})  # type: ignore[index]
    broken = type(plan)(plan.name, plan.wanted, plan.standing, tuple(world.plan(small, topic="t").changes))
    with pytest.raises(SupervisorError, match=r"no_such.* What ran before runs on."):
        world.rollout(broken).submit()
