"""Metrics: counted, watched, shown, and told apart by their names."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from frontrow_ingest.metrics import Kind, Metric, Metrics, MetricsPortError, Sample, markdown_table, serve


def values(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """What Prometheus' own parser reads off a page."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_what_is_counted_is_shown() -> None:
    metrics = Metrics()
    metrics.add(Metric.INPUT_LINES)
    metrics.add(Metric.INPUT_LINES, 41)
    metrics.add(Metric.COLLECTOR_EVENTS, 3, outcome="accepted")
    metrics.set(Metric.COLLECTOR_CONNECTIONS, 7)
    metrics.observe(Metric.COLLECTOR_SECONDS, 0.003, endpoint="/events")
    found = values(metrics.text())
    assert found["frontrow_input_lines_total", ()] == 42
    assert found["frontrow_collector_events_total", (("outcome", "accepted"),)] == 3
    assert found["frontrow_collector_open_connections", ()] == 7
    assert found["frontrow_collector_request_seconds_bucket", (("endpoint", "/events"), ("le", "0.005"))] == 1
    assert found["frontrow_collector_request_seconds_bucket", (("endpoint", "/events"), ("le", "0.002"))] == 0


def test_what_nobody_counts_is_not_shown() -> None:
    assert Metrics().text() == ""


def test_what_is_watched_is_read_when_somebody_looks() -> None:
    metrics = Metrics()
    total = 0
    metrics.watch(
        lambda: (
            Sample(Metric.PRODUCER_SENT, total),
            Sample(Metric.PRODUCER_REFUSED, 2, {"reason": "not_json"}),
            Sample(Metric.PRODUCER_REFUSED, 1, {"reason": "missing ts"}),
            Sample(Metric.PRODUCER_IN_FLIGHT, 5),
        )
    )
    total = 9
    assert values(metrics.text()) == {
        ("frontrow_producer_sent_total", ()): 9,
        ("frontrow_producer_refused_total", (("reason", "not_json"),)): 2,
        ("frontrow_producer_refused_total", (("reason", "missing ts"),)): 1,
        ("frontrow_producer_in_flight_events", ()): 5,
    }


def test_a_metric_is_used_as_what_it_is() -> None:
    metrics = Metrics()
    with pytest.raises(KeyError):
        metrics.set(Metric.INPUT_LINES, 1)
    with pytest.raises(KeyError):
        metrics.add(Metric.COLLECTOR_CONNECTIONS)
    with pytest.raises(ValueError):
        metrics.add(Metric.COLLECTOR_EVENTS, viewer="x")


def test_the_page_is_served_on_the_loopback_and_goes_away() -> None:
    metrics = Metrics()
    metrics.add(Metric.INPUT_BYTES, 10)
    with serve(metrics, 0) as url:
        assert url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(url, timeout=600) as page:
            assert values(page.read().decode()) == {("frontrow_input_bytes_total", ()): 10}
    with pytest.raises(OSError):
        urllib.request.urlopen(url, timeout=600)


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(MetricsPortError, match=f"127.0.0.1:{port}.*--metrics-port"), serve(Metrics(), port):
            pass


def test_the_table_can_be_printed() -> None:
    command = [sys.executable, "-m", "frontrow_ingest.metrics", "frontrow_input_"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    assert done.stdout == markdown_table("frontrow_input_")
    assert len(done.stdout.splitlines()) == 4


@pytest.mark.parametrize("metric", Metric)
def test_names_follow_prometheus_rules(metric: Metric) -> None:
    assert metric.startswith("frontrow_")
    assert metric.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert metric.help.endswith(".")
    assert f"| `{metric.value}` | {metric.kind} |" in markdown_table()
