"""Lookup tables in a Druid whose processes do not follow, or whose clock was ahead."""

from __future__ import annotations

from typing import Any

import pytest

from frontrow_ingest.lookups import LookupRegistry, LookupsNotLoaded
from frontrow_ingest.testing import MemoryDruid
from frontrow_specs import lookup_table

TITLE = lookup_table("title")
OLD, NEW = {"a": {"name": "A"}}, {"b": {"name": "B", "genre": "drama"}}


class OneLags(MemoryDruid):
    """A second process that never loads anything."""

    nodes = ("memory:8083",)

    def request_json(self, method: str, path: str, body: Any = None, *, timeout: float | None = None) -> Any:
        answer = super().request_json(method, path, body, timeout=timeout)
        if "nodeStatus" in path:
            answer["__default"] |= {node: {"current": {}} for node in self.nodes}
        return answer


class NobodyThere(MemoryDruid):
    """No process takes part in lookups."""

    def request_json(self, method: str, path: str, body: Any = None, *, timeout: float | None = None) -> Any:
        answer = super().request_json(method, path, body, timeout=timeout)
        return {} if "nodeStatus" in path else answer


def test_a_process_that_lags_is_named() -> None:
    registry, told = LookupRegistry(OneLags()), []
    with pytest.raises(LookupsNotLoaded, match=r"waited 0 s for memory:8083 to follow a change of title\.") as caught:
        registry.load(TITLE, OLD, deadline_s=0.25, waiting=told.append)
    assert caught.value.retryable
    assert told[0] == "waiting for memory:8083"
    state = registry.state(TITLE)
    assert state is not None
    assert (state.entries, state.loaded, state.pending) == (1, 1, ("memory:8083",))


def test_a_druid_without_processes_is_not_taken_for_done() -> None:
    with pytest.raises(LookupsNotLoaded, match="for any process to follow"):
        LookupRegistry(NobodyThere()).load(TITLE, OLD, deadline_s=0)


def test_a_version_is_always_greater() -> None:
    druid = MemoryDruid()
    registry = LookupRegistry(druid)
    registry.submit(TITLE, OLD)
    ahead = {"version": "2999-01-01", "lookupExtractorFactory": {"type": "map", "map": {"x": "X"}}}
    body = {"__default": {TITLE.lookup("name"): ahead}}
    druid.request_json("POST", "/druid/coordinator/v1/lookups/config", body)
    assert registry.load(TITLE, NEW).version == "2999-01-01+"
    assert registry.load(TITLE, OLD).version == "2999-01-01++"
    assert registry.entries(TITLE) == OLD


def test_what_a_new_file_does_not_tell_is_gone() -> None:
    registry = LookupRegistry(MemoryDruid())
    registry.load(TITLE, NEW)
    registry.load(TITLE, OLD)
    assert registry.entries(TITLE) == OLD
