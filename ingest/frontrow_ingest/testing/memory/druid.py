"""A Druid in memory for unit tests: the transport that clients and supervisors talk through, and what answers it."""

from __future__ import annotations

from collections.abc import Iterable
from threading import RLock
from typing import Any
from urllib.parse import unquote

import orjson

from frontrow import AskError, Timeouts
from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup import RowCount
from frontrow_ingest.testing.memory.coordination import PATH as COORDINATOR
from frontrow_ingest.testing.memory.coordination import TASKS, Coordination
from frontrow_ingest.testing.memory.datasource import Datasource, Tables
from frontrow_ingest.testing.memory.history import History
from frontrow_ingest.testing.memory.lookups import PATH as LOOKUPS
from frontrow_ingest.testing.memory.lookups import LookupMissing, Lookups
from frontrow_ingest.testing.memory.queries import answer
from frontrow_ingest.testing.memory.replies import bad_request, failed, not_found
from frontrow_ingest.testing.memory.sampler import SAMPLER, sampled
from frontrow_ingest.testing.memory.supervisor import Message, Supervisor, read_supervisor, reset_to
from frontrow_specs import rollup

_SUPERVISORS = "/druid/indexer/v1/supervisor"


class MemoryDruid:
    """Druid, and the Kafka that it reads, in memory: a transport for ``frontrow.Client`` and for ``Supervisors``.

    ::

        druid = MemoryDruid()
        druid.apply("audience", "quality")
        druid.send("events", [event, ...])
        client = frontrow.Client(transport=druid)

    Events are queryable when ``send`` returns. It answers the native queries timeseries, topN, groupBy, timeBoundary,
    dataSourceMetadata and scan of a lookup, and refuses with BadQueryError, saying what, everything it does not know.
    Where Druid is approximate it is exact: distinct counts, quantiles, and the choice of a topN among many values. Safe
    for threads.
    """

    def __init__(self, *, timeouts: Timeouts | None = None) -> None:
        self._timeouts = timeouts or Timeouts()
        self._lock = RLock()
        self._topics: dict[str, list[Message]] = {}
        self._datasources: dict[str, Datasource] = {}
        self._supervisors: dict[str, Supervisor] = {}
        self._lookups = Lookups()
        self._coordination = Coordination()
        # How far each datasource has read each topic: a later supervisor goes on there.
        self._offsets: dict[tuple[str, str], int] = {}
        self._history = History()

    def __repr__(self) -> str:
        return f"MemoryDruid(datasources={sorted(self._datasources)})"

    @property
    def url(self) -> str:
        """A name for messages; there is no such address."""
        return "memory://druid"

    @property
    def timeouts(self) -> Timeouts:
        """What the client tells Druid; nothing takes any time here."""
        return self._timeouts

    def close(self) -> None:
        """Nothing is held; everything stays as it is."""

    def apply(self, *names: str) -> None:
        """Submit rollup specs that frontrow carries, by name.

        Raises:
            SpecNotFound: there is none of a name
        """
        for name in names:
            self.request_json("POST", _SUPERVISORS, rollup(name).supervisor(bootstrap="memory:9092"))

    def send(self, topic: str, messages: Iterable[Message]) -> None:
        """Append to a topic; the supervisors that read it take everything at once.

        Args:
            messages: framed Avro as bytes, where what cannot be read counts as unparseable; events as dicts, which get
                the schema's defaults and are not checked otherwise; None, a record without a value

        Raises:
            RollupError: a field of a dict holds what Druid's rollup in plain Python does not know
        """
        with self._lock:
            log = self._topics.setdefault(topic, [])
            log.extend(messages)
            for name, supervisor in self._supervisors.items():
                if supervisor.spec.topic == topic:
                    self._read(name, supervisor)

    def count(self, datasource: str) -> RowCount:
        """How many events a datasource has taken, and how many rows it keeps of them; none of either if unknown."""
        with self._lock:
            found = self._datasources.get(datasource)
            return found.count if found else RowCount(0, 0)

    def request_json(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        timeout: float | None = None,  # noqa: ARG002 - never late
    ) -> Any:
        """See :class:`frontrow.DruidTransport`."""
        try:
            asked = None if body is None else orjson.loads(orjson.dumps(body))
        except orjson.JSONEncodeError as error:
            raise AskError(f"the query cannot be written as JSON: {error}.") from error
        where = self.url + path
        with self._lock:
            try:
                found = self._route(method, path.rstrip("/"), asked, where)
            except RollupError as error:
                raise bad_request(where, str(error)) from error
            except (ZeroDivisionError, LookupMissing) as error:
                raise failed(where, str(error)) from error
            return orjson.loads(orjson.dumps(found))

    def _route(self, method: str, path: str, body: Any, where: str) -> Any:
        if (method, path) == ("POST", "/druid/v2"):
            return answer(body, self._tables())
        if path.startswith(LOOKUPS):
            return self._lookups.route(method, path, body, where)
        if path.startswith(COORDINATOR):
            return self._coordination.route(method, path, body, self._tables(), where)
        if path.partition("?")[0] == TASKS:
            return []  # events are taken without any
        if (method, path) == ("POST", SAMPLER):
            return sampled(body, self._topics)
        if path == _SUPERVISORS:
            return self._submit(body) if method == "POST" else sorted(self._supervisors)
        if not path.startswith(_SUPERVISORS):
            raise not_found(where, f"there is no {method} {path} here")
        name, _, what = path.removeprefix(f"{_SUPERVISORS}/").partition("/")
        return self._of_one(method, unquote(name), what, body, where)

    def _tables(self) -> Tables:
        return Tables(self._datasources, self._lookups.maps())

    def _submit(self, body: Any) -> dict[str, str]:
        spec = read_supervisor(body)
        name, log = spec.schema.datasource, self._topics.setdefault(spec.topic, [])
        first = 0 if spec.from_start else len(log)
        offset = self._offsets.setdefault((name, spec.topic), first)
        datasource = self._datasources.setdefault(name, Datasource())
        self._supervisors[name] = Supervisor(spec, datasource, offset)
        self._history.add(name, spec.json)
        self._read(name, self._supervisors[name])
        return {"id": name}

    def _of_one(self, method: str, name: str, what: str, body: Any, where: str) -> Any:
        if (method, what) == ("GET", "history"):
            return self._history.of(name, where)
        supervisor = self._supervisors.get(name)
        if supervisor is None:
            raise not_found(where, f"Cannot find any supervisor with id: [{name}]")
        match method, what:
            case "GET", "":
                return supervisor.spec.json
            case "GET", "status":
                return supervisor.status()
            case "GET", "stats":
                return supervisor.stats()
            case "POST", "terminate":
                del self._supervisors[name]
                self._history.end(name)
                return {"id": name}
            case "POST", "resetOffsets":
                supervisor.begin_at(reset_to(body, supervisor.spec.topic))
                self._read(name, supervisor)
                return {"id": name}
            case _:
                raise not_found(where, f"there is no {method} {what or 'of a supervisor'} here")

    def _read(self, name: str, supervisor: Supervisor) -> None:
        try:
            supervisor.read(self._topics[supervisor.spec.topic])
        finally:
            self._offsets[name, supervisor.spec.topic] = supervisor.offset
