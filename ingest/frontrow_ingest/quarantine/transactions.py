"""Kafka as the target of a replay: events and notes in one transaction, so that neither is there without the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer.errors import BrokerUnreachableError
from frontrow_ingest.producer.partitioner import SessionPartitioner
from frontrow_ingest.producer.settings import KafkaSettings
from frontrow_ingest.producer.topics import require_topic
from frontrow_ingest.quarantine.replay import Outgoing

TRANSACTION_S = 60.0


class TransactionalTarget:
    """A ReplayTarget. Making one fences off any other replay of the same quarantine topic that still runs: read what
    was replayed *after* making it. A context manager.

    Raises:
        BrokerUnreachableError, TopicMissingError
    """

    def __init__(self, bootstrap: str, *, events: str, quarantine: str, settings: KafkaSettings | None = None) -> None:
        settings = settings or KafkaSettings()
        for topic in (events, quarantine):
            require_topic(bootstrap, topic, settings)
        self._events = events
        self._quarantine = quarantine
        options: dict[str, Any] = {
            "bootstrap_servers": bootstrap,
            "client_id": "frontrow-replay",
            "transactional_id": f"frontrow-replay-{quarantine}",
            "transaction_timeout_ms": round(TRANSACTION_S * 1000),
            "enable_idempotence": True,
            "acks": "all",
            "partitioner": SessionPartitioner(),
            "bootstrap_timeout_ms": round(settings.connect_timeout_s * 1000),
            **settings.connection,
        }
        try:
            self._producer: Any = KafkaProducer(**options)
        except KafkaError as error:
            raise BrokerUnreachableError(bootstrap, settings.connect_timeout_s, type(error).__name__) from error
        try:
            self._producer.init_transactions()
        except KafkaError as error:
            self._producer.close(timeout=1)
            raise DeliveryError(f"Kafka at {bootstrap} does not begin a replay ({error}): check the broker") from error

    def __enter__(self) -> TransactionalTarget:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def commit(self, batch: Sequence[Outgoing]) -> None:
        """See ReplayTarget."""
        producer = self._producer
        try:
            producer.begin_transaction()
            sent = []
            for each in batch:
                if each.event is not None:
                    sent.append(producer.send(self._events, each.event, each.event_key))
                sent.append(producer.send(self._quarantine, each.note, each.note_key))
            producer.flush(TRANSACTION_S)
            for answer in sent:
                answer.get(TRANSACTION_S)
            producer.commit_transaction()
        except KafkaError as error:
            self._abort()
            raise DeliveryError(
                f"{len(batch)} replayed events were not kept ({error}); nothing of them was counted: replay again"
            ) from error

    def close(self) -> None:
        """Let go."""
        self._producer.close(timeout=5)

    def _abort(self) -> None:
        try:
            self._producer.abort_transaction()
        except KafkaError:
            return  # the broker ends it by its timeout
