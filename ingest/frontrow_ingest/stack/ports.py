"""The stack's ports: which they are, which are free, and who holds one that is not."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import psutil

from frontrow_ingest.errors import StackError

LOOPBACK = "127.0.0.1"
_FILE = "ports.json"
# 20,000 to 31,999. Linux gives 32,768 and more to connections and to servers that name no port, others 49,152 and more.
_FREE_FROM, _PLACES, _PLACE = 20_000, 1_200, 10
_NEXT_PLACE = 401  # so that neighbours do not meet when they go on
_turns = itertools.count()


class PortTaken(StackError):
    """A port of the stack is in use. ``port``, ``service`` and ``owner`` say which and by whom."""

    def __init__(self, port: int, service: str, owner: str) -> None:
        super().__init__(
            f"port {port} ({service}) is taken by {owner}. "
            f"End that program, or choose another port: --port {service}=NUMBER, or --ports auto for free ones."
        )
        self.port = port
        self.service = service
        self.owner = owner


@dataclass(frozen=True)
class Ports:
    """One port for each listener; the defaults are Kafka's, ZooKeeper's and Druid's own."""

    zookeeper: int = 2181
    kafka: int = 9092
    kafka_controller: int = 9093
    metadata: int = 1527
    coordinator: int = 8081
    broker: int = 8082
    historical: int = 8083
    indexer: int = 8091
    router: int = 8888

    def __post_init__(self) -> None:
        numbers = self.by_name()
        for name, number in numbers.items():
            if not 1 <= number <= 65535:
                raise StackError(f"port {number} for {name} is not between 1 and 65535.")
        if len(set(numbers.values())) < len(numbers):
            twice = sorted({number for number in numbers.values() if list(numbers.values()).count(number) > 1})
            raise StackError(f"port {twice[0]} is given to two services of the stack: choose different ones.")

    def by_name(self) -> dict[str, int]:
        return asdict(self)

    def changed(self, numbers: Mapping[str, int]) -> Ports:
        """These ports with some replaced.

        Raises:
            StackError: no service of that name
        """
        known = [field.name for field in fields(self)]
        for name in numbers:
            if name not in known:
                raise StackError(f"no service {name!r} has a port; there are {', '.join(known)}.")
        return replace(self, **numbers)


def free_port() -> int:
    """A port that nobody holds now, and that nobody is likely to get before it is used.

    It is below those that systems give to whoever asks for any, and processes that look side by side look in different
    places; to one that asks again another port is given.
    """
    for _ in range(_PLACES * _PLACE):
        turn, within = divmod(next(_turns), _PLACE)
        number = _FREE_FROM + (os.getpid() + turn * _NEXT_PLACE) % _PLACES * _PLACE + within
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, number))
            return number
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def free_ports() -> Ports:
    """Ports for a whole stack, each as :func:`free_port` gives it."""
    return Ports(**{field.name: free_port() for field in fields(Ports)})


def read_ports(directory: Path) -> Ports | None:
    """The ports that the stack in a directory has, or had last; None if it was never started.

    Raises:
        StackError: the file that holds them is damaged
    """
    path = directory / _FILE
    try:
        return Ports(**json.loads(path.read_text()))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError) as error:
        raise StackError(f"{path} is damaged ({error!r}). Delete it.") from error


def write_ports(directory: Path, ports: Ports) -> None:
    """Remember the ports of the stack in a directory."""
    (directory / _FILE).write_text(json.dumps(ports.by_name()))


def automatic_ports(directory: Path) -> Ports:
    """Ports for a stack in a directory: those that it had last where nobody else holds them now, else free ones.

    Druid's supervisors and their tasks remember Kafka by its address: on another port they would wait for it in vain.
    """
    last = read_ports(directory)
    with contextlib.suppress(PortTaken):
        if last is not None:
            check_free(last.by_name())
            return last
    return free_ports()


def check_free(ports: Mapping[str, int]) -> None:
    """Refuse a port that is taken.

    Raises:
        PortTaken: names the port, the service that wants it and the program that holds it
    """
    for service, port in ports.items():
        with socket.socket() as probe:
            # As Java does: a connection of the last run that still lingers (TIME_WAIT) does not count as taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except PermissionError as error:
                raise StackError(
                    f"port {port} ({service}) may not be used: {error.strerror}. Choose another."
                ) from error
            except OSError as error:
                raise PortTaken(port, service, owner_of(port)) from error


def owner_of(port: int) -> str:
    """Who listens on a local port, in words."""
    try:
        listeners = [each for each in psutil.net_connections("tcp") if each.status == psutil.CONN_LISTEN]
        found = [each for each in listeners if tuple(each.laddr)[1:2] == (port,)]
    except psutil.AccessDenied:
        found = []
    for connection in found:
        if connection.pid is not None:
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(connection.pid)
                command = " ".join(process.cmdline())[:80]
                return f"process {connection.pid} ({process.name()}: {command})"
    return "a program of another user, or one that this system does not show"
