"""The double in memory does what every Druid does for frontrow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from contract.druid import DruidBehaviour
from frontrow_ingest.testing import MemoryDruid
from frontrow_specs import rollup
from frontrow_specs.avro_schemas import EVENTS


class MemoryHarness:
    def __init__(self) -> None:
        self.transport = MemoryDruid()

    def datasource(self, spec: str) -> str:
        return f"mem_{spec}"

    def supervisor(self, spec: str, name: str) -> dict[str, Any]:
        return rollup(spec).supervisor(bootstrap="memory:9092", datasource=name)

    def produce(self, messages: Sequence[bytes | None], topic: str = EVENTS) -> None:
        self.transport.send(topic, messages)


@pytest.fixture(scope="module")
def harness() -> MemoryHarness:
    return MemoryHarness()


class TestMemoryDruid(DruidBehaviour):
    """The suite, with the module's harness."""
