"""What frontrow's processes tell Prometheus: names as a type, one registry per process, a page on the loopback."""

from __future__ import annotations

from frontrow_ingest.metrics.names import Kind, Metric
from frontrow_ingest.metrics.registry import Metrics, MetricsPortError, Sample, serve
from frontrow_ingest.metrics.table import markdown_table

__all__ = ["Kind", "Metric", "Metrics", "MetricsPortError", "Sample", "markdown_table", "serve"]
