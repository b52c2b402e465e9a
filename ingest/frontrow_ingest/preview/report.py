"""A preview as JSON values, and the words of its table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from frontrow_ingest.preview.run import Preview
from frontrow_ingest.preview.sample import Sample


def as_json(made: Preview, sample: Sample) -> dict[str, Any]:
    """Everything that a preview has found."""
    count = made.count
    return {
        "spec": made.spec.name,
        "sample": sample.name,
        "complete": made.complete,
        "events": count.events,
        "rows": count.rows,
        "events_per_row": count.ratio,
        "refused": dict(sample.refused.most_common()),
        "timeless": made.timeless,
        "query_granularity": made.spec.query_granularity,
        "segment_granularity": made.spec.segment_granularity,
        "segments": [{"start": _iso(start), "bytes": size} for start, size in made.segments.items()],
        "bytes": made.bytes,
        "bytes_per_row": made.bytes_per_row,
        "columns": [
            {"name": name, "bytes": size, "bytes_per_row": size / count.rows} for name, size in made.columns.items()
        ],
        "dimensions": [
            {
                "name": cost.name,
                "values": cost.values,
                "null_share": cost.null_share,
                "rows_without": cost.rows_without,
                "events_per_row_without": _ratio(count.events, cost.rows_without),
                "times_rows": _ratio(count.rows, cost.rows_without),
            }
            for cost in made.dimensions
        ],
        "answers": [each.metric for each in made.answers if not each.lacks],
        "cannot_answer": {each.metric: each.lacks for each in made.answers if each.lacks},
    }


def summary(made: Preview, sample: Sample) -> list[str]:
    """What a preview comes to, in some sentences."""
    count, said = made.count, []
    if not count.events:
        said.append(f"{made.spec.name}: no events in {sample.name}")
    else:
        grain, span = _words(made.spec.query_granularity), _words(made.spec.segment_granularity)
        segments = f"{len(made.segments):,} segment{'s' if len(made.segments) > 1 else ''} by the {span}"
        each = f"{count.ratio:.2f} events a row, {made.bytes_per_row:,.0f} bytes a row"
        said.append(
            f"{made.spec.name}: {count.events:,} events of {sample.name} become {count.rows:,} rows by the {grain} "
            f"in {segments}: {each}, about {made.bytes:,} bytes"
        )
    if sample.refused:
        reasons = ", ".join(f"{reason} {number:,}" for reason, number in sample.refused.most_common(8))
        said.append(f"{sample.refused.total():,} refused: {reasons}")
    if made.timeless:
        said.append(f"{made.timeless:,} without a time that Druid would take")
    if not made.complete:
        said.append("the rows do not fit into --max-memory: this is about the first part of the sample only")
    return said


def _words(granularity: str) -> str:
    return granularity.lower().replace("_", " ")


def _ratio(over: int, under: int) -> float | None:
    return over / under if under else None


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat().replace("+00:00", "Z")
