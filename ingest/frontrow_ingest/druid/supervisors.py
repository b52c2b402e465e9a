"""Druid's Kafka supervisors: submit a spec, wait until it ingests, look at it, end it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from frontrow import BadQueryError, DruidError, NotFoundError, TransportError
from frontrow._transport import Transport
from frontrow_ingest.errors import SupervisorError

_PATH = "/druid/indexer/v1/supervisor"
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


class Supervisors:
    """Supervisors of one Druid, through its Router or Overlord."""

    def __init__(self, transport: Transport) -> None:
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
        try:
            if self._spec(name) == _significant(spec):
                return name
            answer = self._transport.request_json("POST", _PATH, dict(spec))
        except BadQueryError as error:
            raise SupervisorError(f"Druid does not accept the spec of {name!r}: {error}") from error
        return str(answer["id"])

    def await_ingesting(
        self, name: str, *, deadline_s: float = 90.0, waiting: Callable[[str], None] = lambda _: None
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

    def await_offsets(self, name: str, ends: Mapping[int, int], *, deadline_s: float = 120.0) -> None:
        """Wait until a supervisor's tasks have read each partition up to an offset.

        Druid tells its offsets every few seconds, and they only lag behind the truth.

        Raises:
            SupervisorError: they do not come so far in time
        """
        deadline = time.monotonic() + deadline_s
        while behind := {
            number: end for number, end in ends.items() if end and self._offsets(name).get(number, 0) < end
        }:
            if time.monotonic() > deadline:
                raise SupervisorError(
                    f"supervisor {name!r} has not read partition {min(behind)} up to {behind[min(behind)]:,} after "
                    f"{deadline_s:.0f} s. Look at: frontrow specs status."
                )
            time.sleep(0.5)

    def _offsets(self, name: str) -> dict[int, int]:
        """The offset that each partition will be read from next, as Druid knew it last."""
        payload = self._transport.request_json("GET", f"{_PATH}/{quote(name, safe='')}/status")["payload"]
        offsets: dict[int, int] = {}
        for task in [*payload.get("activeTasks", []), *payload.get("publishingTasks", [])]:
            for partition, offset in (task.get("currentOffsets") or {}).items():
                offsets[int(partition)] = max(int(offset), offsets.get(int(partition), 0))
        return offsets

    def status(self, name: str) -> SupervisorStatus:
        """A supervisor now.

        Raises:
            SupervisorError: there is none of that name
        """
        try:
            payload = self._transport.request_json("GET", f"{_PATH}/{quote(name, safe='')}/status")["payload"]
        except NotFoundError as error:
            raise SupervisorError(f"no supervisor {name!r}: frontrow specs apply makes it.") from error
        totals = self._totals(name)
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

    def terminate(self, name: str) -> None:
        """End a supervisor and its tasks; what they read is kept.

        Raises:
            SupervisorError: there is none of that name
        """
        try:
            self._transport.request_json("POST", f"{_PATH}/{quote(name, safe='')}/terminate", {})
        except NotFoundError as error:
            raise SupervisorError(f"no supervisor {name!r}.") from error

    def _spec(self, name: str) -> Any:
        """What Druid has of a supervisor's spec, as far as a change of it would matter; None if there is none."""
        try:
            return _significant(self._transport.request_json("GET", f"{_PATH}/{quote(name, safe='')}"))
        except NotFoundError:
            return None

    def _totals(self, name: str) -> dict[str, int]:
        try:
            stats = self._transport.request_json("GET", f"{_PATH}/{quote(name, safe='')}/stats") or {}
        except DruidError:
            return {}  # the tasks are only starting
        totals: dict[str, int] = {}
        for group in stats.values():
            for task in group.values():
                for what, count in task.get("totals", {}).get("buildSegments", {}).items():
                    totals[what] = totals.get(what, 0) + int(count)

        return totals


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
    return [dimensions, granularity, metrics, decoder, consumer, reading["topic"], reading["taskCount"]]


def _metric_shape(metric: Mapping[str, Any]) -> Any:
    inner = metric.get("aggregator", metric)
    condition = metric.get("filter", {})
    parts = condition.get("fields", [condition])
    fits = sorted((part.get("dimension", ""), str(part.get("value"))) for part in parts)
    return [metric["name"], inner["type"], inner.get("fieldName"), inner.get("expression"), fits]


def _said(status: SupervisorStatus) -> str:
    return f"Druid says: {'; '.join(status.errors[-3:])}" if status.errors else "Druid gives no reason."
