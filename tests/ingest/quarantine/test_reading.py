"""Reading a topic where nobody answers; the rest is tested on Kafka in ``stack``."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator

import pytest

from frontrow_ingest.producer import BrokerUnreachableError
from frontrow_ingest.quarantine import reading

# kafka-python leaves the socket of a failed connection attempt to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(autouse=True, scope="module")
def collect_sockets() -> Iterator[None]:
    """Collect the sockets left over here, where they are expected, not in a test that comes later."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def test_nobody_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CONNECT_S", 0.2)
    with pytest.raises(BrokerUnreachableError, match=r"no Kafka broker at 127\.0\.0\.1:1"):
        list(reading.read_quarantine("127.0.0.1:1", "quarantine"))
