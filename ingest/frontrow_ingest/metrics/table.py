"""The table of all metrics, for the documentation."""

from __future__ import annotations

from collections.abc import Iterator

from frontrow_ingest.metrics.names import Metric


def markdown_table(prefix: str = "frontrow_") -> str:
    """Every metric whose name begins with ``prefix``, as a Markdown table."""
    return "\n".join(_lines(prefix)) + "\n"


def _lines(prefix: str) -> Iterator[str]:
    yield "| Metric | Kind | Labels | What it says |"
    yield "|---|---|---|---|"
    for metric in Metric:
        if metric.startswith(prefix):
            labels = ", ".join(f"`{name}`" for name in metric.labels)
            yield f"| `{metric.value}` | {metric.kind} | {labels} | {metric.help} |"
