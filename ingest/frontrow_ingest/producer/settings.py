"""How the producer talks to Kafka."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

RECONNECT_MS = 1_000
"""At most, between two tries. After a long outage kafka-python would let 30 s pass, librdkafka 10 s."""

Backend = Literal["kafka-python", "confluent"]
Compression = Literal["lz4", "zstd", "gzip", "none"]
WhenFull = Literal["block", "shed", "raise"]


@dataclass(frozen=True)
class KafkaSettings:
    """Settings of the Kafka side of a producer; the defaults were measured (tests/bench/bench_producer.py).

    - ``backend``: the Kafka client: ``kafka-python``, or ``confluent`` (confluent-kafka, the extra ``fast``); both put
      a key on the same partition.
    - ``compression``: of whole batches; zstd needs its own package with kafka-python.
    - ``batch_bytes``, ``linger_ms``: a batch leaves when it is full or this old.
    - ``max_in_flight_bytes``: bound on keys and values handed in and not yet answered. ``when_full``: what a send does
      when there is no room: ``block`` up to ``block_timeout_s``, ``shed`` the event and count it, or ``raise``.
    - ``max_record_bytes``: a larger record is refused before it is sent; below Kafka's own default limit of 1 MiB.
    - ``max_failed``: after more failed records than this, sending stops with DeliveryFailedError instead of going on to
      lose the rest of the input.
    - ``connect_timeout_s``: for the first answer of a broker. ``delivery_timeout_s``: from handing a record in to its
      answer, retries included; while a broker is away, kafka-python tells it of the first batch, and of later ones only
      when the broker is back. ``block_timeout_s``: how long a send waits for room.
    - ``create_topic``: create a missing topic with ``partitions`` partitions instead of failing.
    - ``connection``: further options for reaching the broker, by kafka-python's names (``security_protocol``,
      ``sasl_*``, ``ssl_*``, ``proxy_url``); they are used for the topic check as well.
    """

    backend: Backend = "kafka-python"
    compression: Compression = "lz4"
    batch_bytes: int = 262_144
    linger_ms: int = 5
    max_in_flight_bytes: int = 4_194_304
    when_full: WhenFull = "block"
    max_record_bytes: int = 1_000_000
    max_failed: int = 1_000
    connect_timeout_s: float = 10.0
    delivery_timeout_s: float = 30.0
    block_timeout_s: float = 30.0
    create_topic: bool = False
    partitions: int = 2
    connection: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for name in ("batch_bytes", "max_in_flight_bytes", "max_record_bytes", "partitions"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in ("connect_timeout_s", "delivery_timeout_s", "block_timeout_s"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be more than 0 seconds, not {getattr(self, name)}")
        for name in ("linger_ms", "max_failed"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, not {getattr(self, name)}")
