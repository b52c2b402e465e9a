"""Reading a topic where nobody answers; the rest is tested on Kafka in ``stack``."""

from __future__ import annotations

import gc

import pytest

from frontrow_ingest.producer import BrokerUnreachableError
from frontrow_ingest.quarantine import reading

# kafka-python leaves the socket of a failed connection attempt to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


def test_nobody_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CONNECT_S", 0.2)
    with pytest.raises(BrokerUnreachableError, match=r"no Kafka broker at 127\.0\.0\.1:1"):
        list(reading.read_quarantine("127.0.0.1:1", "quarantine"))
    gc.collect()  # here, where it is expected, not in a test that comes later
