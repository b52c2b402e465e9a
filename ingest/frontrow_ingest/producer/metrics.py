"""A run's account as samples for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from frontrow_ingest.metrics import Metric, Sample
from frontrow_ingest.producer.port import ProducerStats
from frontrow_ingest.producer.run import Tally


def samples(tally: Tally, stats: ProducerStats, limit: int) -> Iterator[Sample]:
    """What a scrape shows; ``limit`` is the bound on the bytes in flight."""
    yield Sample(Metric.INPUT_LINES, tally.lines)
    yield Sample(Metric.INPUT_BYTES, tally.read_bytes)
    yield Sample(Metric.PRODUCER_SENT, stats.sent)
    yield Sample(Metric.PRODUCER_SENT_BYTES, stats.bytes)
    yield Sample(Metric.PRODUCER_ACKNOWLEDGED, stats.acknowledged)
    yield Sample(Metric.PRODUCER_DUPLICATES, stats.duplicates)
    yield Sample(Metric.PRODUCER_SHED, stats.shed)
    yield Sample(Metric.PRODUCER_IN_FLIGHT, stats.in_flight)
    yield Sample(Metric.PRODUCER_IN_FLIGHT_BYTES, stats.in_flight_bytes)
    yield Sample(Metric.PRODUCER_IN_FLIGHT_LIMIT, limit)
    for error, count in stats.errors.items():
        yield Sample(Metric.PRODUCER_FAILED, count, {"error": error})
    for reason, count in stats.refused.items():
        yield Sample(Metric.PRODUCER_REFUSED, count, {"reason": reason})
