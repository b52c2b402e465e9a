"""Which partition a session's events go to."""

from __future__ import annotations

import struct
from typing import Any

from kafka.partitioner import Partitioner  # pyright: ignore[reportAttributeAccessIssue]  # stubs of an older release

MAX_SESSIONS = 65_536
_SEED = 0x9747B28C
_MULTIPLIER = 0x5BD1E995
_MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """MurmurHash 2 (32 bits, Kafka's seed) over little-endian words: the hash by which Kafka's clients place a key."""
    size = len(data)
    whole = size & ~3
    h = _SEED ^ size
    for k in struct.unpack(f"<{whole >> 2}I", data[:whole]):
        k = k * _MULTIPLIER & _MASK
        k ^= k >> 24
        h = h * _MULTIPLIER & _MASK ^ k * _MULTIPLIER & _MASK
    if whole != size:
        h = (h ^ int.from_bytes(data[whole:], "little")) * _MULTIPLIER & _MASK
    h ^= h >> 13
    h = h * _MULTIPLIER & _MASK
    return h ^ h >> 15


class SessionPartitioner(Partitioner):  # type: ignore[misc]  # kafka-python has no types
    """Kafka's own rule (murmur2 of the key, as every client does), remembered per key.

    A session sends dozens of events, and a hash in Python costs more than a lookup. What is remembered is forgotten
    when the topic's number of partitions changes, and when it holds more than ``MAX_SESSIONS`` keys.
    """

    def __init__(self) -> None:
        self._chosen: dict[bytes, int] = {}
        self._partitions: list[int] = []
        self._until_look = 0

    def partition(
        self,
        topic: str,
        key: Any,  # noqa: ARG002  # the names are kafka-python's
        serialized_key: bytes,
        value: Any,  # noqa: ARG002
        serialized_value: Any,  # noqa: ARG002
        cluster: Any,
    ) -> int | None:
        """The partition of a key, or None while the topic has none."""
        self._until_look -= 1
        if self._until_look < 0:
            self._look(topic, cluster)
        chosen = self._chosen.get(serialized_key)
        if chosen is None and self._partitions:
            chosen = self._partitions[(murmur2(serialized_key) & 0x7FFFFFFF) % len(self._partitions)]
            if len(self._chosen) >= MAX_SESSIONS:
                self._chosen.clear()
            self._chosen[serialized_key] = chosen
        return chosen

    def _look(self, topic: str, cluster: Any) -> None:
        partitions: list[int] = sorted(cluster.partitions_for_topic(topic) or ())
        self._until_look = 256 if partitions else 0
        if partitions != self._partitions:
            self._partitions = partitions
            self._chosen.clear()
