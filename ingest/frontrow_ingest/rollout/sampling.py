"""What Druid makes of real records by a spec that it does not run yet: its own sampler is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from frontrow import BadQueryError, DruidTransport
from frontrow_ingest.rollout.shape import Column, Json, read_shape

SAMPLER = "/druid/indexer/v1/sampler"
TIMEOUT_MS = 10_000

Scratch: TypeAlias = Callable[[str], AbstractContextManager[tuple[str, int]]]
"""From a topic to another that holds only its last records, and how many; it is gone afterwards."""


@dataclass(frozen=True)
class Sample:
    """What became of the last records of a topic.

    Attributes:
        read: records that the sampler was given
        parsed: those of them that became part of a row
        filled: new columns, and in how many of the parsed records each has a value that is not null, 0 or empty
        errors: why records were not parsed, each once
        refusal: why the sampler does not take the spec at all
    """

    read: int
    parsed: int = 0
    filled: Mapping[str, int] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    refusal: str = ""

    def words(self) -> list[str]:
        """What it found, a sentence each."""
        if self.refusal or not self.read:
            return [] if self.refusal else ["the topic holds no records to try it with."]
        said = [f"Druid parses {self.parsed} of the last {self.read} records."]
        if self.errors:
            said.append(f"The others: {'; '.join(self.errors)}.")
        empty = [name for name, count in self.filled.items() if not count]
        filled = [f"{name} in {count}" for name, count in self.filled.items() if count]
        if filled:
            said.append(f"New columns with a value: {', '.join(filled)}.")
        if empty and self.parsed:
            said.append(f"New columns without any value yet: {', '.join(empty)}.")
        return said


def take_sample(transport: DruidTransport, supervisor: Json, scratch: Scratch, columns: Sequence[str]) -> Sample:
    """Let Druid read the topic's last records by a supervisor's spec. Nothing is stored.

    Druid's sampler begins at a topic's oldest record or waits behind its newest; so the last ones are copied to a topic
    of their own, byte for byte.

    Args:
        columns: whose values are counted

    Raises:
        FrontrowError: Druid does not answer
    """
    with scratch(supervisor["spec"]["ioConfig"]["topic"]) as (topic, count):
        if not count:
            return Sample(0)
        spec: dict[str, Any] = {**deepcopy(supervisor["spec"]), "type": "kafka"}
        spec["ioConfig"] |= {"topic": topic, "useEarliestOffset": True}
        spec["dataSchema"]["granularitySpec"]["rollup"] = False  # so that each record is a row of the answer
        for period in ("lateMessageRejectionPeriod", "earlyMessageRejectionPeriod"):
            spec["ioConfig"].pop(period, None)
        # A Kafka that Druid cannot reach is told soon, not after a minute.
        spec["ioConfig"]["consumerProperties"] |= {"default.api.timeout.ms": TIMEOUT_MS, "request.timeout.ms": 5_000}
        # An answer comes as soon as so many are read.
        asked = {"type": "kafka", "spec": spec, "samplerConfig": {"numRows": count, "timeoutMs": TIMEOUT_MS}}
        try:
            answer = transport.request_json("POST", SAMPLER, asked, timeout=TIMEOUT_MS / 1000 + 20)
        except BadQueryError as error:
            return Sample(count, refusal=error.error_message or error.error or str(error))
    rows = answer["data"]
    good = [row for row in rows if row.get("parsed") and not row.get("unparseable")]
    errors = dict.fromkeys(str(row.get("error")) for row in rows if row.get("unparseable"))
    metrics = read_shape(supervisor).metrics
    filled = {name: sum(_has_value(row, metrics.get(name), name) for row in good) for name in columns}
    return Sample(int(answer["numRowsRead"]), int(answer["numRowsIndexed"]), filled, tuple(errors)[:5])


def _has_value(row: Json, metric: Column | None, name: str) -> bool:
    """Whether a record has something in a column. A sketch is never empty to look at: what it reads is looked at."""
    value: Any = row["parsed"].get(name)
    if metric is not None and isinstance(value, str) and "fieldName" in metric.meaning:
        value = (row.get("input") or {}).get(metric.meaning["fieldName"])
    return value not in (None, 0, "", "0", 0.0, [])
