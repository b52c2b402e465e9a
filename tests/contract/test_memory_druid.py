"""The double in memory does what every Druid does for frontrow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

pytest.register_assert_rewrite("contract.druid", "contract.druid_world", "support.agreement")

from contract.druid import DruidBehaviour  # noqa: E402
from frontrow_ingest.testing import MemoryDruid  # noqa: E402
from frontrow_specs import rollup  # noqa: E402


class MemoryHarness:
    def __init__(self) -> None:
        self.transport = MemoryDruid()

    def datasource(self, spec: str) -> str:
        return f"mem_{spec}"

    def supervisor(self, spec: str, name: str) -> dict[str, Any]:
        return rollup(spec).supervisor(bootstrap="memory:9092", datasource=name)

    def produce(self, messages: Sequence[bytes | None]) -> None:
        self.transport.send("events", messages)


@pytest.fixture(scope="module")
def harness() -> MemoryHarness:
    return MemoryHarness()


class TestMemoryDruid(DruidBehaviour):
    """The suite, with the module's harness."""
