"""Ready means usable: Kafka takes a record, Druid answers a query and can run a task."""

from __future__ import annotations

import socket
from collections.abc import Callable

import orjson
import urllib3

from frontrow_ingest.stack.ports import LOOPBACK, Ports
from frontrow_ingest.stack.render import DRUID_SERVICES

READY_TOPIC = "_frontrow_ready"
_QUERY = {
    "queryType": "timeseries",
    "dataSource": "_frontrow_ready",
    "intervals": ["2000-01-01/2000-01-02"],
    "granularity": "all",
    "aggregations": [{"type": "count", "name": "n"}],
    "context": {"timeout": 5000},
}

# A check says what is not ready yet, in words, or None when it is.
Check = Callable[[], str | None]


class Druid:
    """Asks the Druid processes of one stack; every question has a short deadline."""

    def __init__(self, ports: Ports, host: str = LOOPBACK) -> None:
        self._ports = ports.by_name()
        self._host = host
        self._http = urllib3.PoolManager(
            num_pools=8,
            timeout=urllib3.Timeout(connect=2, read=10),
            retries=False,
            headers={"Accept": "application/json"},
        )

    def close(self) -> None:
        self._http.clear()

    def healthy(self, service: str) -> Check:
        def check() -> str | None:
            return None if self._get(service, "/status/health") is True else f"{service} to answer"

        return check

    def checks(self) -> list[Check]:
        """In the order in which they come true."""
        return [*(self.healthy(service) for service in DRUID_SERVICES), self._worker, self._query]

    def _worker(self) -> str | None:
        return None if self._get("router", "/druid/indexer/v1/workers") else "the indexer to be known to the overlord"

    def _query(self) -> str | None:
        answer = self._ask("router", "POST", "/druid/v2", _QUERY)
        return None if isinstance(answer, list) else "Druid to answer a query"

    def suits_one_historical(self) -> bool:
        """Whether Druid is set to a stack with one Historical.

        Its default rule to one replica (it wants two), and segments that compaction has replaced are let go at once: a
        Coordinator that has just become the leader of many would wait a quarter of an hour.
        """
        rule = [{"type": "loadForever", "tieredReplicants": {"_default_tier": 1}}]
        told = {"rules/_default": rule, "config": {"millisToWaitBeforeDeleting": 1000}}
        answers = [
            self._ask("coordinator", "POST", f"/druid/coordinator/v1/{path}", said) for path, said in told.items()
        ]
        return None not in answers

    def nudge(self) -> None:
        """Have the overlord look at tasks that wait from an earlier run of the stack.

        It looks when a worker appears, a moment before that worker can take one, and then only a minute later, or when
        a new task comes: an empty one spares the minute.
        """
        if self._get("router", "/druid/indexer/v1/pendingTasks"):
            self._ask("router", "POST", "/druid/indexer/v1/task", {"type": "noop", "runTime": 1})

    def _get(self, service: str, path: str) -> object:
        return self._ask(service, "GET", path, None)

    def _ask(self, service: str, method: str, path: str, body: object) -> object:
        """The JSON that a service answers; None for anything but an answer of success."""
        try:
            answer = self._http.request(
                method,
                f"http://{self._host}:{self._ports[service]}{path}",
                body=None if body is None else orjson.dumps(body),
                headers={"Content-Type": "application/json"},
            )
            if answer.status != 200:
                return None
            return orjson.loads(answer.data) if answer.data else {}
        except (urllib3.exceptions.HTTPError, orjson.JSONDecodeError):
            return None


def listening(port: int, what: str, host: str = LOOPBACK) -> Check:
    def check() -> str | None:
        with socket.socket() as probe:
            probe.settimeout(2)
            return None if probe.connect_ex((host, port)) == 0 else what

    return check


def kafka_takes_a_record(port: int, host: str = LOOPBACK) -> Check:
    """Writes one small record to a topic of its own."""
    connected = listening(port, "kafka to listen", host)

    def check() -> str | None:
        from kafka import KafkaProducer
        from kafka.errors import KafkaError

        if (waiting := connected()) is not None:
            return waiting
        try:
            producer = KafkaProducer(bootstrap_servers=f"{host}:{port}", acks="all", max_block_ms=5000, retries=3)
            try:
                producer.send(READY_TOPIC, b"ready").get(timeout=10)
            finally:
                producer.close(timeout=2)
        except (KafkaError, OSError) as error:
            return f"kafka to take a record ({type(error).__name__})"
        return None

    return check
