"""Does the topic exist? A producer that asks first can say so, instead of waiting for it."""

from __future__ import annotations

from typing import Any

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer.errors import BrokerUnreachableError, TopicMissingError
from frontrow_ingest.producer.settings import KafkaSettings


def require_topic(bootstrap: str, topic: str, settings: KafkaSettings) -> None:
    """Return when the topic exists; create it first if the settings say so.

    Raises BrokerUnreachableError, TopicMissingError, or DeliveryError where Kafka refuses the question.
    """
    timeout_ms = round(settings.connect_timeout_s * 1000)
    options: dict[str, Any] = {
        "bootstrap_servers": bootstrap,
        "client_id": "frontrow-topics",
        "bootstrap_timeout_ms": timeout_ms,
        "request_timeout_ms": timeout_ms,
        **settings.connection,
    }
    try:
        admin: Any = KafkaAdminClient(**options)
    except KafkaError as error:
        raise BrokerUnreachableError(bootstrap, settings.connect_timeout_s, type(error).__name__) from error
    try:
        if topic in admin.list_topics():
            return
        if not settings.create_topic:
            raise TopicMissingError(topic, bootstrap)
        admin.create_topics({topic: {"num_partitions": settings.partitions}}, wait_for_metadata=True)
    except TopicAlreadyExistsError:
        return  # somebody else created it meanwhile
    except KafkaError as error:
        raise DeliveryError(
            f"topic {topic} at {bootstrap} cannot be looked up or created ({error}): check its name and your rights"
        ) from error
    finally:
        admin.close()
