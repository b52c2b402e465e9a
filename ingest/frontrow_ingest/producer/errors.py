"""What can go wrong between the producer and Kafka.

::

    DeliveryError
    ├── BrokerUnreachableError   no broker answered within the deadline
    ├── TopicMissingError        the topic does not exist
    ├── DeliveryTimeoutError     Kafka did not acknowledge in time; how many wait is a fact
    ├── DeliveryFailedError      Kafka refused, or gave up on, some records; they are counted by error
    ├── InFlightFullError        no room among the bytes in flight, where the settings say not to wait
    ├── RecordTooLargeError      a single record is larger than Kafka takes
    ├── WorkerCrashedError       one of several processes ended before its end
    └── ProducerClosedError      used after close()
"""

from __future__ import annotations

from collections.abc import Mapping

from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer.ranges import FileRange


class BrokerUnreachableError(DeliveryError):
    """No broker answered. ``bootstrap`` is the address that was tried, ``waited_s`` for how long."""

    def __init__(self, bootstrap: str, waited_s: float, why: str) -> None:
        self.bootstrap = bootstrap
        self.waited_s = waited_s
        super().__init__(
            f"no Kafka broker at {bootstrap} within {waited_s:g} s ({why}): "
            "start it (frontrow stack up) or give its address with --bootstrap"
        )


class TopicMissingError(DeliveryError):
    """The topic does not exist, and nobody asked to create it."""

    retryable = False

    def __init__(self, topic: str, bootstrap: str) -> None:
        self.topic = topic
        self.bootstrap = bootstrap
        super().__init__(
            f"topic {topic} does not exist at {bootstrap}: apply the rollup specs that read it (frontrow specs apply), "
            "or create it (--create-topic)"
        )


class DeliveryTimeoutError(DeliveryError):
    """Kafka did not acknowledge in time. Each of ``in_flight`` records (``in_flight_bytes``) may be stored or not."""

    def __init__(
        self, waited_for: str, waited_s: float, bootstrap: str, *, in_flight: int, in_flight_bytes: int
    ) -> None:
        self.bootstrap = bootstrap
        self.waited_s = waited_s
        self.in_flight = in_flight
        self.in_flight_bytes = in_flight_bytes
        super().__init__(
            f"waited {waited_s:g} s for {waited_for} at {bootstrap}; {in_flight} events ({in_flight_bytes} bytes) are "
            "not acknowledged and may or may not be stored: check the broker (frontrow stack status), then send again"
        )


class DeliveryFailedError(DeliveryError):
    """Kafka did not take ``failed`` records, counted by kind of error in ``errors``."""

    def __init__(self, topic: str, bootstrap: str, *, acknowledged: int, errors: Mapping[str, int]) -> None:
        self.topic = topic
        self.bootstrap = bootstrap
        self.acknowledged = acknowledged
        self.errors = dict(errors)
        self.failed = sum(errors.values())
        kinds = ", ".join(f"{name} × {count}" for name, count in sorted(errors.items(), key=lambda item: -item[1]))
        super().__init__(
            f"{self.failed} events were not delivered to topic {topic} at {bootstrap} ({kinds}); "
            f"{acknowledged} were acknowledged: check the broker and its log, then send the rest again"
        )


class InFlightFullError(DeliveryError):
    """There is no room among the ``limit`` bytes in flight, of ``in_flight`` records; the record was not sent."""

    def __init__(self, limit: int, bootstrap: str, *, in_flight: int) -> None:
        self.limit = limit
        self.bootstrap = bootstrap
        self.in_flight = in_flight
        super().__init__(
            f"no room among the {limit} bytes in flight to {bootstrap}: {in_flight} events have no answer yet; "
            "send later, or look at the broker (frontrow stack status)"
        )


class RecordTooLargeError(DeliveryError):
    """A record of ``size`` bytes is over the ``limit``; it was not sent."""

    retryable = False

    def __init__(self, size: int, limit: int) -> None:
        self.size = size
        self.limit = limit
        super().__init__(f"a record of {size} bytes is over the limit of {limit}: an event is far smaller; look at it")


class WorkerCrashedError(DeliveryError):
    """The process ``worker`` (from 1) ended with ``exitcode``, a negative one by a signal, before its part was sent."""

    def __init__(self, worker: int, exitcode: int | None, part: FileRange | None, *, acknowledged: int) -> None:
        self.worker = worker
        self.exitcode = exitcode
        self.part = part
        how = f"signal {-exitcode}" if exitcode is not None and exitcode < 0 else f"exit status {exitcode}"
        again = "send its lines again"
        if part is not None:
            again = (
                f"send its part again: tail -c +{part.start + 1} {part.path} | head -c {part.stop - part.start} | "
                "frontrow produce -"
            )
        super().__init__(
            f"worker {worker} ended by {how} before its work was done; at least {acknowledged} of its events are "
            f"stored, more may be: {again}"
        )


class ProducerClosedError(DeliveryError):
    """The producer was closed; make a new one."""

    retryable = False

    def __init__(self) -> None:
        super().__init__("the producer is closed: make a new one to send more")
