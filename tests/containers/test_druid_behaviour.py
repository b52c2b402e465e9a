"""Druid in containers does what every Druid does for frontrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from contract.druid import DruidBehaviour
from contract.druid_real import RealHarness, real_druid
from frontrow_ingest.testing import RunningStack

pytestmark = [
    pytest.mark.containers,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def harness(stack: RunningStack, fresh_name: Callable[[str], str]) -> Iterator[RealHarness]:
    name = fresh_name("behaviour")
    with real_druid(stack.router_url, stack.bootstrap, name, inner_bootstrap=stack.druid_bootstrap) as harness:
        yield harness


class TestDruidInContainers(DruidBehaviour):
    """The suite, with the module's harness."""
