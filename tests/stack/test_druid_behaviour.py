"""The real Druid of the stack does what every Druid does for frontrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from contract.druid import DruidBehaviour
from contract.druid_real import RealHarness, real_druid

pytestmark = [pytest.mark.stack, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def harness(stack: Any, fresh_name: Callable[[str], str]) -> Iterator[RealHarness]:
    with real_druid(stack.router_url, stack.bootstrap, fresh_name("behaviour")) as harness:
        yield harness


class TestStackDruid(DruidBehaviour):
    """The suite, with the module's harness."""
