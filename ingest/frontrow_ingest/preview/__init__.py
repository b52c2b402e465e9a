"""What a rollup spec would make of events, before Druid sees it: rows, bytes, cost of each dimension, what it answers.

>>> events = Sample.of_file(Path("evening.jsonl"), "events")
>>> made = preview(rollup("audience"), events)
>>> made.count
RowCount(events=48122, rows=9377)
"""

from __future__ import annotations

from frontrow_ingest.preview.answers import Answer, answers
from frontrow_ingest.preview.run import DEFAULT_MEMORY_BYTES, DimensionCost, Preview, preview
from frontrow_ingest.preview.sample import Sample

__all__ = ["DEFAULT_MEMORY_BYTES", "Answer", "DimensionCost", "Preview", "Sample", "answers", "preview"]
