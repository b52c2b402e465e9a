"""The real Druid of the stack does with lookup tables and upkeep what every Druid does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from contract.druid_lookups import LookupBehaviour
from contract.druid_real import RealHarness, real_druid
from contract.druid_upkeep import UpkeepBehaviour

pytestmark = [pytest.mark.stack, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def harness(stack: Any, fresh_name: Callable[[str], str]) -> Iterator[RealHarness]:
    with real_druid(stack.router_url, stack.bootstrap, fresh_name("keeping")) as harness:
        yield harness


class TestStackLookups(LookupBehaviour):
    """The suite, with the module's harness."""


class TestStackUpkeep(UpkeepBehaviour):
    """The suite, with the module's harness."""
