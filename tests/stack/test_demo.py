"""``frontrow demo`` on a running stack: twice, since the second one finds the first one's events."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from frontrow._http.transport import Transport
from frontrow_ingest.druid import Supervisors
from frontrow_specs import rollup_names

pytestmark = pytest.mark.stack


def demo(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from frontrow_ingest.cli import main; main()", "demo", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


@pytest.fixture(scope="module")
def ended(stack: Any) -> Iterator[None]:
    """What a demonstration leaves running on a stack that is not its own ends here: it would hold half of the slots."""
    yield
    with Transport(stack.router_url) as http:
        supervisors = Supervisors(http)
        for name in set(rollup_names()) & set(supervisors.names()):
            supervisors.terminate(name)


@pytest.mark.usefixtures("ended")
@pytest.mark.parametrize("seed", ["1", "2"])
def test_every_event_is_accounted_for(stack: Any, seed: str) -> None:
    where = ("--url", stack.router_url, "--bootstrap", stack.bootstrap)
    done = demo(*where, "--seconds", "5", "--viewers", "300", "--seed", seed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "first answer after" in done.stdout
    assert "every event is accounted for" in done.stdout
    assert done.stdout.count("equal") == 17
    assert re.search(r"ledger +│ events .* equal", done.stdout), "the producer's own account is compared, too"
    assert "differs" not in done.stdout


def test_half_an_address_is_refused(stack: Any) -> None:
    done = demo("--url", stack.router_url)
    assert done.returncode == 2
    assert "--url and --bootstrap go together" in done.stderr
