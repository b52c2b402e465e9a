"""Druid's Kafka supervisors: submit a spec, wait until it ingests, look at it, end it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from frontrow import BadQueryError, DruidError, DruidTransport, NotFoundError, TransportError
from frontrow_ingest.errors import SupervisorError

_PATH = "/druid/indexer/v1/supervisor"
# What becomes of an event that a task has read.
_OUTCOMES = ("processed", "processedWithError", "thrownAway", "unparseable")
_LOST = ("UNABLE_TO_CONNECT_TO_STREAM", "LOST_CONTACT_WITH_STREAM")


@dataclass(frozen=True)
class SupervisorStatus:
    """A supervisor now.

    Attributes:
        name: of the supervisor, which is its datasource's
        state: Druid's words, for example RUNNING or UNHEALTHY_TASKS
        tasks: that read now
        lag: events in Kafka not read yet; None while Druid does not know
        processed, unparseable: events since the tasks began; None while Druid does not know
        errors: what Druid says of recent failures
    """

    name: str
    topic: str
    state: str
    tasks: int
    lag: int | None
    processed: int | None
    unparseable: int | None
    errors: tuple[str, ...] = ()

    @property
    def ingesting(self) -> bool:
        """Whether it runs and has a task that reads."""
        return self.state == "RUNNING" and self.tasks > 0


@dataclass(frozen=True)
class Progress:
    """How far the reading tasks of a supervisor have come.

    Attributes:
        tasks: that read
        answering: those of them that tell what they have counted; a task that is only starting does not
        position: the sum of the offsets that they read next
        processed, unparseable: events since the tasks began
    """

    tasks: int
    answering: int
    position: int
    processed: int
    unparseable: int


@dataclass(frozen=True)
class SpecVersion:
    """One entry of what Druid remembers of a supervisor.

    Attributes:
        number: Druid's name of it, the moment of its submission
        spec: as it was submitted, with Druid's defaults; None where the supervisor was ended
    """

    number: str
    spec: Mapping[str, Any] | None


class Supervisors:
    """Supervisors of one Druid, through its Router or Overlord."""

    def __init__(self, transport: DruidTransport) -> None:
        self._transport = transport

    def names(self) -> list[str]:
        """Names of all supervisors."""
        return sorted(self._transport.request_json("GET", _PATH))

    def await_answering(self, *, deadline_s: float = 60.0) -> None:
        """Wait until Druid answers: what has been started a moment ago may need some seconds.

        Raises:
            FrontrowError: it does not in time, or answers that it will not
        """
        deadline = time.monotonic() + deadline_s
        while True:
            try:
                self.names()
                return
            except TransportError as error:
                if time.monotonic() > deadline or not (error.retryable or isinstance(error, NotFoundError)):
                    raise
            time.sleep(0.5)

    def submit(self, spec: Mapping[str, Any]) -> str:
        """Submit a supervisor spec; the same spec again changes nothing.

        Returns:
            The supervisor's name.

        Raises:
            SupervisorError: Druid does not accept it; says why
        """
        name = str(spec["spec"]["dataSchema"]["dataSource"])
        running = self.spec(name)
        if running is not None and _significant(running) == _significant(spec):
            return name
        return self.replace(spec)

    def replace(self, spec: Mapping[str, Any]) -> str:
        """Submit a supervisor spec; where one runs, its tasks publish what they read, and new ones go on there.

        Returns:
            The supervisor's name.

        Raises:
            SupervisorError: Druid does not accept it; says why
        """
        name = str(spec["spec"]["dataSchema"]["dataSource"])
        try:
            return str(self._transport.request_json("POST", _PATH, dict(spec))["id"])
        except BadQueryError as error:
            raise SupervisorError(f"Druid does not accept the spec of {name!r}: {error}") from error

    def spec(self, name: str) -> Mapping[str, Any] | None:
        """A running supervisor's spec, with Druid's defaults; None if there is no supervisor of that name."""
        try:
            found: Mapping[str, Any] = self._transport.request_json("GET", f"{_PATH}/{quote(name, safe='')}")
        except NotFoundError:
            return None
        return found

    def history(self, name: str) -> list[SpecVersion]:
        """What Druid remembers of a supervisor, the newest first; also of one that does not run any more."""
        try:
            entries = self._transport.request_json("GET", f"{_PATH}/{quote(name, safe='')}/history")
        except NotFoundError:
            return []
        return [
            SpecVersion(str(entry["version"]), entry["spec"] if entry["spec"].get("type") == "kafka" else None)
            for entry in entries
        ]

    def await_ingesting(
        self, name: str, *, deadline_s: float = 180.0, waiting: Callable[[str], None] = lambda _: None
    ) -> SupervisorStatus:
        """Wait until a supervisor runs and a task of it reads.

        Raises:
            SupervisorError: it fails, or does not come so far in time; says what Druid reports
        """
        deadline = time.monotonic() + deadline_s
        while True:
            status = self.status(name)
            if status.ingesting:
                return status
            if status.state.startswith("UNHEALTHY") or status.state in _LOST:
                raise SupervisorError(f"supervisor {name!r} is {status.state}: {_said(status)}")
            if time.monotonic() > deadline:
                raise SupervisorError(
                    f"supervisor {name!r} had no reading task after {deadline_s:.0f} s; it is {status.state} with "
                    f"{status.tasks} tasks. {_said(status)} "
                    "Look at the overlord's log: frontrow stack logs coordinator."
                )
            waiting(f"{name}: {status.state}, {status.tasks} tasks")
            time.sleep(0.2)

    def await_read(self, name: str, ends: Mapping[int, int], *, deadline_s: float = 300.0) -> None:
        """Wait until a supervisor's tasks have read all partitions up to ``ends``, the offset behind the last event.

        Raises:
            SupervisorError: they do not come so far in time
        """
        deadline = time.monotonic() + deadline_s
        while (read := self.progress(name).position) < sum(ends.values()):
            if time.monotonic() > deadline:
                raise SupervisorError(
                    f"supervisor {name!r} has read up to {read:,} of {sum(ends.values()):,} events after "
                    f"{deadline_s:.0f} s. Look at: frontrow specs status."
                )
            time.sleep(0.2)

    def progress(self, name: str) -> Progress:
        """How far a supervisor's reading tasks have come, asked from the tasks now.

        Their position is where each began and what it has counted since. Offsets in the supervisor's status are asked
        only every few seconds, and for the first time 15 s after its start, but know of the marks that transactions
        leave between events; the further counts.

        Raises:
            SupervisorError: there is none of that name
        """
        counted = self._counts(name)
        tasks = [task for task in self._payload(name).get("activeTasks", []) if task.get("startingOffsets")]
        answers = [counted[task["id"]] for task in tasks if task["id"] in counted]
        return Progress(
            tasks=len(tasks),
            answering=len(answers),
            position=sum(_position(task, counted.get(task["id"], {})) for task in tasks),
            processed=sum(outcomes["processed"] for outcomes in answers),
            unparseable=sum(outcomes["unparseable"] for outcomes in answers),
        )

    def status(self, name: str) -> SupervisorStatus:
        """A supervisor now.

        Raises:
            SupervisorError: there is none of that name
        """
        payload = self._payload(name)
        totals: Counter[str] = Counter()
        for counted in self._counts(name).values():
            totals.update(counted)
        lag = payload.get("aggregateLag")
        return SupervisorStatus(
            name=name,
            topic=str(payload.get("stream", "")),
            state=str(payload["detailedState"]),
            tasks=sum(1 for task in payload.get("activeTasks", []) if task.get("startingOffsets")),
            lag=int(lag) if lag is not None else None,
            processed=totals.get("processed"),
            unparseable=totals.get("unparseable"),
            errors=tuple(str(error.get("message", error)) for error in payload.get("recentErrors", [])),
        )

    def wanted_tasks(self, name: str) -> int:
        """How many tasks a supervisor's spec wants to read at a time.

        Raises:
            SupervisorError: there is none of that name
        """
        spec = self.spec(name)
        if spec is None:
            raise SupervisorError(f"no supervisor {name!r}.")
        return int(spec["spec"]["ioConfig"].get("taskCount") or 1)

    def offsets(self, name: str) -> tuple[str, list[tuple[dict[int, int], dict[int, int]]]]:
        """The topic of a supervisor, and where each of its tasks began and reads next, by partition.

        Raises:
            SupervisorError: there is none of that name
        """
        payload = self._payload(name)
        tasks = [
            (_by_partition(task["startingOffsets"]), _by_partition(task.get("currentOffsets") or {}))
            for task in (*payload.get("publishingTasks", []), *payload.get("activeTasks", []))
            if task.get("startingOffsets")
        ]
        return str(payload.get("stream", "")), tasks

    def publishing(self, name: str) -> int:
        """How many tasks of a supervisor have read to their end and not yet published.

        Raises:
            SupervisorError: there is none of that name
        """
        return len(self._payload(name).get("publishingTasks", []))

    def reset_offsets(self, name: str, topic: str, offsets: Mapping[int, int]) -> None:
        """Let a supervisor go on from these offsets, by partition; what its tasks read and did not keep is forgotten.

        Raises:
            SupervisorError: there is none of that name, or Druid does not take them
        """
        numbers = {str(partition): offset for partition, offset in offsets.items()}
        body = {
            "type": "kafka",
            "partitions": {"type": "end", "stream": topic, "topic": topic, "partitionSequenceNumberMap": numbers,
                           "partitionOffsetMap": numbers},
        }  # fmt: skip
        try:
            self._transport.request_json("POST", f"{_PATH}/{quote(name, safe='')}/resetOffsets", body)
        except NotFoundError as error:
            raise SupervisorError(f"no supervisor {name!r}.") from error
        except BadQueryError as error:
            raise SupervisorError(f"Druid does not take these offsets of {name!r}: {error}") from error

    def await_offsets(self, name: str, offsets: Mapping[int, int], *, deadline_s: float = 60.0) -> None:
        """Wait until tasks have begun at these offsets, by partition.

        Raises:
            SupervisorError: they have not in time
        """
        deadline = time.monotonic() + deadline_s
        while True:
            began: dict[int, int] = {}
            for task in self._payload(name).get("activeTasks", []):
                began |= _by_partition(task.get("startingOffsets") or {})
            if all(began.get(partition) == offset for partition, offset in offsets.items()):
                return
            if time.monotonic() > deadline:
                raise SupervisorError(
                    f"the tasks of {name!r} begin at {began} after {deadline_s:.0f} s, not at {offsets}."
                )
            time.sleep(0.2)

    def terminate(self, name: str, *, deadline_s: float = 10.0) -> None:
        """End a supervisor and its tasks; what they read is kept.

        A task whose start the supervisor has not heard of yet would be left running, read by nobody's order: it is
        awaited, and shut down if it is not heard of in time.

        Raises:
            SupervisorError: there is none of that name
        """
        deadline = time.monotonic() + deadline_s
        while (unheard := self._unheard(name)) and time.monotonic() < deadline:
            time.sleep(0.2)
        try:
            self._transport.request_json("POST", f"{_PATH}/{quote(name, safe='')}/terminate", {})
        except NotFoundError as error:
            raise SupervisorError(f"no supervisor {name!r}.") from error
        for task in unheard:
            try:
                self._transport.request_json("POST", f"/druid/indexer/v1/task/{quote(task, safe='')}/shutdown", {})
            except DruidError:
                continue  # it has ended by itself

    def _unheard(self, name: str) -> list[str]:
        """Tasks that a supervisor has started and not heard of."""
        return [task["id"] for task in self._payload(name).get("activeTasks", []) if not task.get("startTime")]

    def _payload(self, name: str) -> dict[str, Any]:
        try:
            answer = self._transport.request_json("GET", f"{_PATH}/{quote(name, safe='')}/status")
        except NotFoundError as error:
            raise SupervisorError(f"no supervisor {name!r}: frontrow specs apply makes it.") from error
        payload: dict[str, Any] = answer["payload"]
        return payload

    def _counts(self, name: str) -> dict[str, dict[str, int]]:
        """Events by task and outcome: processed, processedWithError, thrownAway, unparseable."""
        try:
            groups = self._transport.request_json("GET", f"{_PATH}/{quote(name, safe='')}/stats") or {}
        except DruidError:
            return {}  # the tasks are only starting
        return {
            task: {outcome: int(counted.get(outcome, 0)) for outcome in _OUTCOMES}
            for group in groups.values()
            for task, stats in group.items()
            if (counted := stats.get("totals", {}).get("buildSegments"))
        }


def _position(task: Mapping[str, Any], counted: Mapping[str, int]) -> int:
    """Of a task over its partitions."""
    began, told = (_by_partition(task.get(offsets) or {}) for offsets in ("startingOffsets", "currentOffsets"))
    return max(sum(began.values()) + sum(counted.values()), sum(told.values()))


def _by_partition(offsets: Mapping[str, Any]) -> dict[int, int]:
    return {int(partition): int(offset) for partition, offset in offsets.items()}


def _significant(spec: Mapping[str, Any]) -> Any:
    """The parts of a spec that Druid gives back as they were sent; it fills in the rest with defaults."""
    schema, reading = spec["spec"]["dataSchema"], spec["spec"]["ioConfig"]
    dimensions = [
        (dimension["name"], dimension.get("multiValueHandling", "SORTED_ARRAY"))
        for dimension in schema["dimensionsSpec"]["dimensions"]
    ]
    granularity = {key: schema["granularitySpec"][key] for key in ("queryGranularity", "segmentGranularity", "rollup")}
    metrics = [_metric_shape(metric) for metric in schema["metricsSpec"]]
    decoder = reading["inputFormat"].get("avroBytesDecoder", {}).get("schemas")
    consumer = reading["consumerProperties"]
    periods = [reading.get(f"{when}MessageRejectionPeriod") for when in ("late", "early")]
    locks = (spec.get("context") or {}).get("useConcurrentLocks")
    return [dimensions, granularity, metrics, decoder, consumer, reading["topic"], reading["taskCount"], periods, locks]


def _metric_shape(metric: Mapping[str, Any]) -> Any:
    inner = metric.get("aggregator", metric)
    condition = metric.get("filter", {})
    parts = condition.get("fields", [condition])
    fits = sorted((part.get("dimension", ""), str(part.get("value"))) for part in parts)
    return [metric["name"], inner["type"], inner.get("fieldName"), inner.get("expression"), fits]


def _said(status: SupervisorStatus) -> str:
    return f"Druid says: {'; '.join(status.errors[-3:])}" if status.errors else "Druid gives no reason."
