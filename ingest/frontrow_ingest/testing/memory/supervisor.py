"""A supervisor in memory: reads a topic at once, and tells of itself as Druid's Overlord does."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeAlias

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup import RollupSchema, parse_schema
from frontrow_ingest.rollup.values import only, required
from frontrow_ingest.testing.memory.datasource import Datasource, iso

Message: TypeAlias = "bytes | Mapping[str, Any] | None"
"""A framed event, an event as a dict, or a record without a value."""

# What changes how often or by how many tasks a topic is read, but not what becomes of it.
_SPEED = (
    "consumerProperties taskCount replicas taskDuration completionTimeout startDelay period pollTimeout stopTaskCount "
    "autoScalerConfig idleConfig"
)

_LATE, _EARLY = "lateMessageRejectionPeriod", "earlyMessageRejectionPeriod"
_TASK_MS = 3_600_000  # how long a task reads
_OUTCOMES = ("processed", "processedWithError", "thrownAway", "unparseable")
_NO_KAFKA = {"message": "Failed to construct kafka consumer", "streamException": False}


@dataclass(frozen=True)
class SupervisorSpec:
    """The JSON of a supervisor, and what was read of it."""

    json: Mapping[str, Any]
    topic: str
    from_start: bool
    schema: RollupSchema
    schemas: Mapping[int, Any]
    late_ms: int | None = None
    early_ms: int | None = None


def read_supervisor(json: Any) -> SupervisorSpec:
    """A supervisor spec, checked.

    Raises:
        RollupError: it is none, or asks for what is not known here
    """
    only(json, "a supervisor spec", "type spec context suspended")
    if json.get("type") != "kafka":
        raise RollupError(f"a supervisor of type {json.get('type')!r} is not known here; there is kafka.")
    spec = only(required(json, "spec", "a supervisor spec"), "a spec", "dataSchema ioConfig tuningConfig")
    reading = required(spec, "ioConfig", "a spec")
    only(reading, "an ioConfig", f"type topic inputFormat useEarliestOffset {_LATE} {_EARLY} {_SPEED}")
    form = only(required(reading, "inputFormat", "an ioConfig"), "an inputFormat", "type avroBytesDecoder")
    decoder = form.get("avroBytesDecoder") or {}
    if (form.get("type"), decoder.get("type")) != ("avro_stream", "multiple_schemas_inline"):
        raise RollupError("the inputFormat is not known here; there is avro_stream with multiple_schemas_inline.")
    return SupervisorSpec(
        deepcopy(dict(json)),
        required(reading, "topic", "an ioConfig"),
        bool(reading.get("useEarliestOffset")),
        parse_schema(required(spec, "dataSchema", "a spec")),
        {int(number): schema for number, schema in required(decoder, "schemas", "an avroBytesDecoder").items()},
        _period_ms(reading, _LATE),
        _period_ms(reading, _EARLY),
    )


def _period_ms(reading: Mapping[str, Any], name: str) -> int | None:
    period = reading.get(name)
    if period is None:
        return None
    found = re.fullmatch(r"PT(\d+)S", str(period))
    if found is None:
        raise RollupError(f"the {name} {period!r} is not known here; there are seconds, like PT3600S.")
    return int(found[1]) * 1000


def is_reachable(supervisor: Mapping[str, Any]) -> bool:
    """Whether the Kafka of a spec could have an address: names that end with ``.invalid`` never do."""
    servers = str(supervisor["spec"]["ioConfig"].get("consumerProperties", {}).get("bootstrap.servers", ""))
    return not servers.partition(":")[0].endswith(".invalid")


def reset_to(body: Any, topic: str) -> int:
    """The offset in the body of a resetOffsets, where a topic has the one partition 0.

    Raises:
        RollupError: it names another topic or partition
    """
    only(body, "a reset of offsets", "type partitions")
    partitions = required(body, "partitions", "a reset of offsets")
    offsets = required(partitions, "partitionOffsetMap", "partitions")
    if partitions.get("topic") != topic or set(offsets) != {"0"}:
        raise RollupError(f"the supervisor reads the topic {topic!r}, which has the partition 0 only.")
    return int(offsets["0"])


class Records:
    """Reads messages by some schemas, resolved to the newest."""

    def __init__(self, schemas: Mapping[int, Any]) -> None:
        self._schemas = schemas
        self._decode: Callable[[bytes], dict[str, Any]] | None = None

    def read(self, message: Message) -> Mapping[str, Any] | None:
        """The record of a message; None if it is none."""
        if message is None or isinstance(message, Mapping):
            return message if message is None else self._whole(message)
        from frontrow_ingest.contract.codec import FrameReader  # needs Avro, which dicts do not
        from frontrow_ingest.contract.errors import WireError

        if self._decode is None:
            self._decode = FrameReader(self._schemas)
        try:
            return self._decode(message)
        except WireError:
            return None

    def _whole(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """With the defaults of the newest schema, as the event would come off the wire."""
        newest = self._schemas[max(self._schemas)]
        defaults = {field["name"]: field["default"] for field in newest["fields"] if "default" in field}
        return {**defaults, **event}


class Supervisor:
    """Feeds a datasource from a topic."""

    def __init__(self, spec: SupervisorSpec, datasource: Datasource, offset: int) -> None:
        self.spec = spec
        self.offset = offset
        self._started_at = offset
        self._began_ms = time.time_ns() // 1_000_000
        self._datasource = datasource
        self._outcomes: dict[str, int] = dict.fromkeys(_OUTCOMES, 0)
        self._records = Records(spec.schemas)
        # As Druid does, a supervisor is there whose Kafka has no address; it only never begins.
        self._reachable = is_reachable(spec.json)
        datasource.begin(spec.schema)

    def begin_at(self, offset: int) -> None:
        """Go on from another offset; what it has read is forgotten, as that of tasks that have published nothing."""
        self._datasource.forget()
        self.offset = self._started_at = offset
        self._outcomes = dict.fromkeys(_OUTCOMES, 0)

    def read(self, topic: Sequence[Message]) -> None:
        """Take every message that is not read yet."""
        while self._reachable and self.offset < len(topic):
            message = topic[self.offset]
            self.offset += 1
            self._outcomes[self._take(message)] += 1

    def _take(self, message: Message) -> str:
        if message is None:
            return "thrownAway"
        event = self._records.read(message)
        if event is not None and self._is_rejected(event[self.spec.schema.time]):
            return "thrownAway"
        return "processed" if event is not None and self._datasource.add(event) else "unparseable"

    def _is_rejected(self, moment: Any) -> bool:
        """Whether an event is too late or too early: here one task begins with the supervisor and reads for ever."""
        late, early = self.spec.late_ms, self.spec.early_ms
        if not isinstance(moment, int):
            return False
        return (late is not None and moment < self._began_ms - late) or (
            early is not None and moment > self._began_ms + _TASK_MS + early
        )

    def status(self) -> dict[str, Any]:
        """As ``GET .../status`` answers."""
        offsets = {"0": self.offset}
        task = {
            "id": f"index_kafka_{self.spec.schema.datasource}_memory",
            "startingOffsets": {"0": self._started_at},
            "startTime": iso(self._began_ms),
            "currentOffsets": offsets,
            "lag": {"0": 0},
            "type": "ACTIVE",
        }
        state = "RUNNING" if self._reachable else "PENDING"
        payload = {
            "dataSource": self.spec.schema.datasource,
            "stream": self.spec.topic,
            "partitions": 1,
            "replicas": 1,
            "activeTasks": [task] if self._reachable else [],
            "publishingTasks": [],
            "latestOffsets": offsets,
            "minimumLag": {"0": 0},
            "aggregateLag": 0,
            "suspended": False,
            "healthy": True,
            "state": state,
            "detailedState": state,
            "recentErrors": [] if self._reachable else [_NO_KAFKA] * 3,
        }
        return {"id": self.spec.schema.datasource, "payload": payload}

    def stats(self) -> dict[str, Any]:
        """As ``GET .../stats`` answers."""
        if not self._reachable:
            return {}
        task = {"movingAverages": {"buildSegments": {}}, "totals": {"buildSegments": dict(self._outcomes)}}
        return {"0": {f"index_kafka_{self.spec.schema.datasource}_memory": task}}
