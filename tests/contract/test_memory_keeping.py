"""The double in memory does with lookup tables and upkeep what every Druid does."""

from __future__ import annotations

import pytest

from contract.druid_lookups import LookupBehaviour
from contract.druid_upkeep import UpkeepBehaviour
from contract.test_memory_druid import MemoryHarness


@pytest.fixture(scope="module")
def harness() -> MemoryHarness:
    return MemoryHarness()


class TestMemoryLookups(LookupBehaviour):
    """The suite, with the module's harness."""


class TestMemoryUpkeep(UpkeepBehaviour):
    """The suite, with the module's harness."""
