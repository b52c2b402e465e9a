"""What can go wrong in the collector.

::

    CollectorError
    ├── KafkaAwayError   events cannot be made safe now; the client may send them again
    ├── TooBusyError     more events wait than may
    └── PortTakenError   the address cannot be listened on
"""

from __future__ import annotations

from frontrow_ingest.errors import IngestError


class CollectorError(IngestError):
    """Root of the collector's errors."""


class KafkaAwayError(CollectorError):
    """Kafka does not acknowledge: what was posted is not safe, and may be sent again."""

    retryable = True


class TooBusyError(CollectorError):
    """``waiting`` events wait for Kafka, and there may be ``limit``."""

    retryable = True

    def __init__(self, waiting: int, limit: int) -> None:
        self.waiting = waiting
        self.limit = limit
        super().__init__(f"{waiting} events wait for Kafka, of at most {limit}: send again later")


class PortTakenError(CollectorError):
    """The address cannot be listened on. ``host`` and ``port`` name it."""

    def __init__(self, host: str, port: int, why: str) -> None:
        self.host = host
        self.port = port
        super().__init__(f"cannot listen on {host} port {port} ({why}): give another with --port, or --port 0")
