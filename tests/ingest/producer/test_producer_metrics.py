"""A run's account as Prometheus sees it."""

from __future__ import annotations

from frontrow_ingest.metrics import Metric, Metrics
from frontrow_ingest.producer import ProducerStats
from frontrow_ingest.producer.metrics import samples
from frontrow_ingest.producer.run import Tally


def test_every_number_of_the_account_is_shown() -> None:
    stats = ProducerStats(
        sent=9, acknowledged=5, failed=2, in_flight=2, bytes=900, in_flight_bytes=200, errors={"_MSG_TIMED_OUT": 2},
        shed=3, refused={"not_json": 4}, duplicates=6,
    )  # fmt: skip
    metrics = Metrics()
    metrics.watch(lambda: samples(Tally(lines=20, read_bytes=7_000), stats, 4_096))
    page = metrics.text()
    for name in Metric:
        assert (name in page) == name.startswith(("frontrow_producer_", "frontrow_input_")), name
    assert 'frontrow_producer_failed_total{error="_MSG_TIMED_OUT"} 2.0' in page
    assert 'frontrow_producer_refused_total{reason="not_json"} 4.0' in page
    assert "frontrow_producer_shed_total 3.0" in page
    assert "frontrow_producer_in_flight_limit_bytes 4096.0" in page
