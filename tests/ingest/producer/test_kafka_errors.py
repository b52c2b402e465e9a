"""How kafka-python's errors are told; its client is replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from kafka import errors as kafka_errors

from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer import (
    BrokerUnreachableError,
    DeliveryTimeoutError,
    KafkaSettings,
    ProducerClosedError,
    RecordTooLargeError,
    TopicMissingError,
    kafka_producer,
    topics,
)
from frontrow_ingest.producer.kafka_producer import KafkaSink
from frontrow_ingest.producer.topics import require_topic


class Client:
    """Stands for kafka-python's producer; ``answer`` is what send does."""

    answer: Callable[[], Any]
    partitions: Callable[[], Any] = staticmethod(lambda: {0})

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.closed = False

    def partitions_for(self, _topic: str) -> Any:
        return type(self).partitions()

    def send(self, _topic: str, _value: bytes, _key: bytes) -> Any:
        return type(self).answer()

    def close(self, **_: float) -> None:
        self.closed = True


def failing(error: Exception) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> type[Client]:
    class Fresh(Client):
        pass

    monkeypatch.setattr(kafka_producer, "KafkaProducer", Fresh)
    monkeypatch.setattr(kafka_producer, "require_topic", lambda *_: None)
    return Fresh


def a_sink() -> KafkaSink:
    return KafkaSink("broker:1", topic="events", settings=KafkaSettings(connection={"sasl_plain_password": "hunter2"}))


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (kafka_errors.MessageSizeTooLargeError("x"), RecordTooLargeError),
        (kafka_errors.KafkaTimeoutError("x"), DeliveryTimeoutError),
        (kafka_errors.IllegalStateError("x"), ProducerClosedError),
        (ValueError("Partitioner did not assign a partition"), TopicMissingError),
        (kafka_errors.TopicAuthorizationFailedError("x"), DeliveryError),
    ],
)
def test_what_send_raises(client: type[Client], error: Exception, told: type[DeliveryError]) -> None:
    client.answer = staticmethod(failing(error))
    sink = a_sink()
    with pytest.raises(told) as caught:
        sink.send_encoded(b"k", b"v")
    assert type(caught.value) is told
    assert caught.value.__cause__ is error
    assert sink.stats.sent == 0
    sink.close(60)


def test_the_guarantees_are_asked_of_kafka(client: type[Client]) -> None:
    sink = a_sink()
    options = sink._producer.options
    assert (options["acks"], options["enable_idempotence"]) == ("all", True)
    assert options["allow_auto_create_topics"] is False
    assert options["sasl_plain_password"] == "hunter2"
    assert options["reconnect_backoff_max_ms"] == 1_000, "a broker that is back is found within a second"
    assert options["delivery_timeout_ms"] >= options["request_timeout_ms"] + options["linger_ms"]
    sink.close(60)


def test_a_topic_without_partitions_lets_go_of_the_client(client: type[Client]) -> None:
    made: list[Client] = []
    client.__init__ = lambda self, **_: made.append(self)  # type: ignore[method-assign]
    client.partitions = staticmethod(failing(kafka_errors.KafkaTimeoutError("x")))
    with pytest.raises(DeliveryTimeoutError, match="partitions of topic events"):
        a_sink()
    assert made[0].closed


def test_an_unreachable_broker(client: type[Client], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: Any) -> Any:
        raise kafka_errors.KafkaTimeoutError("x")

    monkeypatch.setattr(kafka_producer, "KafkaProducer", refuse)
    with pytest.raises(BrokerUnreachableError, match="broker:1") as caught:
        a_sink()
    assert caught.value.retryable
    assert "hunter2" not in str(caught.value)


def test_options_that_kafka_does_not_know(client: type[Client], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: Any) -> Any:
        raise ValueError(f"Unrecognized configs: {options}")

    monkeypatch.setattr(kafka_producer, "KafkaProducer", refuse)
    with pytest.raises(DeliveryError, match="HOST:PORT") as caught:
        a_sink()
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_codec_that_is_not_installed(client: type[Client], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_producer, "KafkaProducer", lambda **_: failing(RuntimeError("no zstd"))())
    with pytest.raises(DeliveryError, match="lz4"):
        a_sink()


class Admin:
    """Stands for kafka-python's admin client."""

    existing: tuple[str, ...] = ()
    on_create: Callable[[], Any] = staticmethod(lambda: None)

    def __init__(self, **_: Any) -> None:
        self.created: list[Any] = []
        type(self).last = self  # type: ignore[attr-defined]
        self.closed = False

    def list_topics(self) -> list[str]:
        return list(self.existing)

    def create_topics(self, wanted: Any, *, wait_for_metadata: bool) -> None:
        assert wait_for_metadata
        self.created.append(wanted)
        type(self).on_create()

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def admin(monkeypatch: pytest.MonkeyPatch) -> Any:
    class Fresh(Admin):
        pass

    monkeypatch.setattr(topics, "KafkaAdminClient", Fresh)
    return Fresh


def test_an_existing_topic_is_left_alone(admin: Any) -> None:
    admin.existing = ("events",)
    require_topic("broker:1", "events", KafkaSettings(create_topic=True))
    assert (admin.last.created, admin.last.closed) == ([], True)


def test_a_missing_topic(admin: Any) -> None:
    with pytest.raises(TopicMissingError, match="frontrow specs apply"):
        require_topic("broker:1", "events", KafkaSettings())
    assert admin.last.closed


def test_a_missing_topic_is_made_when_asked(admin: Any) -> None:
    require_topic("broker:1", "events", KafkaSettings(create_topic=True, partitions=3))
    assert admin.last.created == [{"events": {"num_partitions": 3}}]


def test_two_that_make_it_at_once(admin: Any) -> None:
    admin.on_create = staticmethod(failing(kafka_errors.TopicAlreadyExistsError("x")))
    require_topic("broker:1", "events", KafkaSettings(create_topic=True))
    assert admin.last.closed


def test_a_topic_that_may_not_be_made(admin: Any) -> None:
    admin.on_create = staticmethod(failing(kafka_errors.InvalidTopicError("x")))
    with pytest.raises(DeliveryError, match="name and your rights"):
        require_topic("broker:1", "bad topic", KafkaSettings(create_topic=True))
    assert admin.last.closed


def test_partitions_are_awaited_as_long_as_a_broker_may_be_not_as_a_send_may(client: type[Client]) -> None:
    late = iter([kafka_errors.KafkaTimeoutError("x")] * 3)

    def partitions() -> Any:
        for error in late:
            raise error
        return {0}

    client.partitions = staticmethod(partitions)
    KafkaSink("broker:1", topic="events", settings=KafkaSettings(block_timeout_s=0.001))
    client.partitions = staticmethod(failing(kafka_errors.KafkaTimeoutError("x")))
    with pytest.raises(DeliveryTimeoutError, match=r"waited 0\.05 s for the partitions of topic events"):
        KafkaSink("broker:1", topic="events", settings=KafkaSettings(block_timeout_s=0.001, connect_timeout_s=0.05))
