"""The values of a process's metrics, and the page that Prometheus reads them from."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from frontrow_ingest.errors import IngestError
from frontrow_ingest.metrics.names import Kind, Metric

LOOPBACK = "127.0.0.1"
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True)
class Sample:
    """A value read at the moment of a scrape: a counter's total so far, or a gauge's value."""

    metric: Metric
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


class MetricsPortError(IngestError):
    """The port of the metrics page cannot be listened on. ``host`` and ``port`` name it."""

    def __init__(self, host: str, port: int, why: str) -> None:
        self.host = host
        self.port = port
        super().__init__(f"metrics cannot be shown at {host}:{port} ({why}): give a free port with --metrics-port")


class Metrics:
    """The metrics of one process. For any number of threads.

    Count where it is cheap; where it is not, keep own totals and let ``watch`` read them when somebody looks.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._counters: dict[Metric, Counter] = {}
        self._gauges: dict[Metric, Gauge] = {}
        self._histograms: dict[Metric, Histogram] = {}
        for metric in Metric:
            # What has labels shows up with its first value; a plain one would show a 0 that nobody counts.
            if metric.kind is Kind.COUNTER:
                self._counters[metric] = Counter(metric, metric.help, metric.labels, registry=None)
            elif metric.kind is Kind.GAUGE:
                self._gauges[metric] = Gauge(metric, metric.help, metric.labels, registry=None)
            else:
                self._histograms[metric] = Histogram(
                    metric, metric.help, metric.labels, registry=None, buckets=_SECONDS
                )
        self._shown: set[Metric] = set()
        self._showing = threading.Lock()

    def add(self, metric: Metric, amount: float = 1, **labels: str) -> None:
        """Count ``amount`` more. KeyError unless it is a counter, ValueError for other labels than its own."""
        counter = self._counters[metric]
        self._show(metric, counter)
        (counter.labels(**labels) if labels else counter).inc(amount)

    def set(self, metric: Metric, value: float, **labels: str) -> None:
        """Set a gauge. KeyError unless it is one, ValueError for other labels than its own."""
        gauge = self._gauges[metric]
        self._show(metric, gauge)
        (gauge.labels(**labels) if labels else gauge).set(value)

    def observe(self, metric: Metric, value: float, **labels: str) -> None:
        """Put a value into a histogram. KeyError unless it is one, ValueError for other labels than its own."""
        histogram = self._histograms[metric]
        self._show(metric, histogram)
        (histogram.labels(**labels) if labels else histogram).observe(value)

    def watch(self, read: Callable[[], Iterable[Sample]]) -> None:
        """Ask ``read`` at every scrape, in the scraping thread. A metric is either watched or counted, not both."""
        self._registry.register(_Watched(read))

    def text(self) -> str:
        """The page as Prometheus reads it."""
        return generate_latest(self._registry).decode()

    def _show(self, metric: Metric, values: Collector) -> None:
        if metric in self._shown:
            return
        with self._showing:
            if metric not in self._shown:
                self._registry.register(values)
                self._shown.add(metric)


class _Watched(Collector):
    def __init__(self, read: Callable[[], Iterable[Sample]]) -> None:
        self._read = read

    def describe(self) -> Iterable[CounterMetricFamily]:
        return ()  # nothing is read before somebody looks

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        families: dict[Metric, CounterMetricFamily | GaugeMetricFamily] = {}
        for sample in self._read():
            metric = sample.metric
            family = families.get(metric)
            if family is None:
                kind = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
                family = families[metric] = kind(metric, metric.help, labels=metric.labels)
            family.add_metric([sample.labels[name] for name in metric.labels], sample.value)
        yield from families.values()


@contextmanager
def serve(metrics: Metrics, port: int, *, host: str = LOOPBACK) -> Iterator[str]:
    """Show the metrics at ``/metrics`` for the time of the block; yields the page's address. Port 0 takes a free one.

    Raises MetricsPortError.
    """
    try:
        server, thread = start_http_server(port, addr=host, registry=metrics._registry)
    except OSError as error:
        raise MetricsPortError(host, port, error.strerror or type(error).__name__) from error
    try:
        yield f"http://{host}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
