"""Kafka as a place to send to that a test can disturb; what contract/record_sink.py asks of a harness."""

from __future__ import annotations

from dataclasses import replace

from frontrow_ingest.producer import KafkaSettings
from frontrow_ingest.producer.confluent_producer import ConfluentSink
from frontrow_ingest.producer.kafka_producer import KafkaSink
from support.kafka_proxy import KafkaProxy
from support.kafka_topics import stored
from support.waiting import until

GIVEN_UP_S = 60.0
Sink = KafkaSink | ConfluentSink
SINKS: dict[str, type[Sink]] = {"kafka-python": KafkaSink, "confluent": ConfluentSink}


class KafkaHarness:
    """Kafka, by either client, behind a proxy that can hold back what the client sends."""

    def __init__(self, bootstrap: str, topic: str, kind: type[Sink] = KafkaSink) -> None:
        self.proxy = KafkaProxy(bootstrap)
        self._bootstrap = bootstrap
        self._topic = topic
        self._kind = kind
        self._sinks: list[Sink] = []

    def sink(self, settings: KafkaSettings) -> Sink:
        settings = replace(settings, create_topic=True)
        sink = self._kind(self.proxy.address, topic=self._topic, settings=settings)
        self._sinks.append(sink)
        return sink

    def records(self) -> list[tuple[bytes, bytes]]:
        return [(key, value) for _, _, key, value in stored(self._bootstrap, self._topic)]

    def hold(self) -> None:
        self.proxy.hold()

    def release(self) -> None:
        self.proxy.release()

    def lose_held(self) -> None:
        """Break the connections, stay away until the records' delivery deadline is over, and come back."""
        self.proxy.cut()
        self.proxy.release()
        for sink in self._sinks:
            sink._in_flight.wait(0, GIVEN_UP_S)
        before = self.proxy.passed
        self.proxy.mend()
        for sink in self._sinks:
            if isinstance(sink, ConfluentSink):  # librdkafka connects when there is something to ask
                sink._producer.list_topics(timeout=GIVEN_UP_S)
        until("the broker to answer again", lambda: self.proxy.passed > before)

    def close(self) -> None:
        self.proxy.close()
