"""A Druid in memory, its topics, and small specs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from frontrow_ingest.druid import Supervisors
from frontrow_ingest.rollout import Plan, Rollout, make_plan
from frontrow_ingest.testing import MemoryDruid
from frontrow_specs import RollupSpec
from frontrow_specs.files import load_yaml
from frontrow_specs.rollups import read_rollup
from support.viewing_events import an_event

CHANGES = Path(__file__).parents[2] / "specs" / "changes"
KAFKA = "memory:9092"


def read(path: Path) -> RollupSpec:
    return read_rollup(load_yaml(path))


class World:
    """One Druid, and what was sent to it."""

    def __init__(self) -> None:
        self.druid = MemoryDruid()
        self.supervisors = Supervisors(self.druid)
        self.sent: dict[str, list[Any]] = {}

    def send(self, *messages: Any, topic: str = "events") -> None:
        self.sent.setdefault(topic, []).extend(messages)
        self.druid.send(topic, messages)

    def event(self, **fields: Any) -> None:
        self.send(an_event(**fields))

    @contextmanager
    def scratch(self, topic: str) -> Iterator[tuple[str, int]]:
        messages = self.sent.get(topic, [])[-50:]
        name = f"scratch{len(self.sent)}"
        self.send(*messages, topic=name)
        yield name, len(messages)

    def plan(self, spec: RollupSpec, *, bootstrap: str = KAFKA, sample: bool = False, **options: Any) -> Plan:
        wanted = spec.supervisor(bootstrap=bootstrap, **options)
        return make_plan(self.druid, spec, wanted, scratch=self.scratch if sample else None)

    def rollout(self, plan: Plan, *, deadline_s: float = 60.0, transport: Any = None) -> Rollout:
        supervisors = self.supervisors if transport is None else Supervisors(transport)
        topic = plan.wanted["spec"]["ioConfig"]["topic"]
        ends: Callable[[], dict[int, int]] = lambda: {0: len(self.sent.get(topic, []))}  # noqa: E731
        return Rollout(supervisors, plan, ends=ends, deadline_s=deadline_s)

    def apply(self, spec: RollupSpec, **options: Any) -> str:
        rollout = self.rollout(self.plan(spec, **options))
        rollout.submit()
        return str(rollout.watch())


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def small() -> RollupSpec:
    return read(CHANGES / "allowed" / "nothing" / "before.yaml")


@pytest.fixture
def wider() -> RollupSpec:
    """The small spec with one more metric."""
    return read(CHANGES / "allowed" / "added_metric" / "after.yaml")
