"""Druid's sampler in memory: the rows that a topic's records would become by a spec that is not submitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup import Rollup
from frontrow_ingest.rollup.values import only, required
from frontrow_ingest.testing.memory.supervisor import (
    Message,
    Records,
    is_reachable,
    read_supervisor,
)

SAMPLER = "/druid/indexer/v1/sampler"


def sampled(body: Any, topics: Mapping[str, Sequence[Message]]) -> dict[str, Any]:
    """As ``POST .../sampler`` answers.

    Raises:
        RollupError: the spec asks for what is not known here, or its Kafka has no address
    """
    only(body, "a sampler's question", "type spec samplerConfig")
    if body.get("type") != "kafka":
        raise RollupError(f"a sampler of type {body.get('type')!r} is not known here; there is kafka.")
    spec = only(required(body, "spec", "a sampler's question"), "a spec", "type dataSchema ioConfig tuningConfig")
    supervisor = {"type": "kafka", "spec": {key: found for key, found in spec.items() if key != "type"}}
    reader = read_supervisor(supervisor)
    if not is_reachable(supervisor):
        raise RollupError("Unable to create RecordSupplier: No resolvable bootstrap urls given in bootstrap.servers")
    count = int((body.get("samplerConfig") or {}).get("numRows", 500))
    messages = topics.get(reader.topic, ())[:count] if reader.from_start else ()
    data: list[dict[str, Any]] = []
    records, rollup, rows = Records(reader.schemas), Rollup(reader.schema), 0
    for message in messages:
        event = records.read(message)
        if event is None or not rollup.add(event):
            data.append({"unparseable": True, "error": "Message is not the Avro record the spec describes"})
        elif rollup.count.rows > rows:
            rows = rollup.count.rows
            data.append({"input": dict(event)})
    parsed = iter(rollup.rows())
    for row in data:
        if "input" in row:
            row["parsed"] = {name: _shown(value) for name, value in next(parsed).items()}
    return {"numRowsRead": len(messages), "numRowsIndexed": rollup.count.events, "data": data}


def _shown(value: Any) -> Any:
    """A state as JSON: a dimension's values as a list; of a sketch, which Druid gives as Base64, only a word."""
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, int | float | str | None) else "sketch"
