"""A local stack: ZooKeeper, Kafka and Druid as processes of this machine, kept by one directory."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from frontrow_ingest.errors import StackError
from frontrow_ingest.stack import processes
from frontrow_ingest.stack.archives import Archives
from frontrow_ingest.stack.cache import Cache, java
from frontrow_ingest.stack.locks import locked
from frontrow_ingest.stack.logs import tail
from frontrow_ingest.stack.ports import LOOPBACK, Ports, check_free, read_ports, write_ports
from frontrow_ingest.stack.processes import Record
from frontrow_ingest.stack.readiness import Check, Druid, kafka_takes_a_record
from frontrow_ingest.stack.render import (
    DRUID_SERVICES,
    SERVICES,
    Classpaths,
    jvm_flags,
    main_and_arguments,
    write_arguments,
    write_configuration,
)
from frontrow_ingest.stack.report import Reporter, Silent
from frontrow_ingest.stack.settings import StackSettings, cache_directory

# Which listeners belong to which service, beside the one of its own name.
_MORE_PORTS = {"kafka": ("kafka_controller",), "coordinator": ("metadata",)}
# Together: what leans on the next group. With ZooKeeper gone first, the others would hang.
_STOP_ORDER = (("router", "indexer", "historical", "broker"), ("coordinator",), ("kafka",), ("zookeeper",))
_STOP_PATIENCE_S = 20.0
_ARCHIVE_PATIENCE_S = 60.0
_OTHER_COMMAND_S = 300.0
_FORMAT_S = 300.0


@dataclass(frozen=True)
class ServiceStatus:
    """One service now. ``state`` is running, stopped (never started, or ended on purpose) or dead."""

    service: str
    state: str
    port: int
    pid: int | None = None
    resident_bytes: int = 0
    uptime_s: float = 0.0


class LocalStack:
    """A stack that lives in ``settings.directory``; any process may bring it up, look at it and take it down.

    Example::

        stack = LocalStack(StackSettings(Path("state"), ports=free_ports()))
        stack.up()
        ...
        stack.down()
    """

    def __init__(self, settings: StackSettings, *, report: Reporter | None = None, cache: Path | None = None) -> None:
        self._asked = settings
        self._report: Reporter = report or Silent()
        self._cache = Cache.at(cache or cache_directory())
        self._archives = Archives(self._cache.directory) if settings.class_archives else None
        self._records = settings.directory / "processes.json"

    @property
    def settings(self) -> StackSettings:
        """What was asked for, with the ports that the stack in this directory really has, if it runs."""
        return replace(self._asked, ports=self._running_ports() or self._asked.ports)

    @property
    def router_url(self) -> str:
        return f"http://{LOOPBACK}:{self.settings.ports.router}"

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self.settings.ports.kafka}"

    def url(self, service: str) -> str:
        """HTTP address of one of Druid's services."""
        return f"http://{LOOPBACK}:{self.settings.ports.by_name()[service]}"

    def up(self, *, deadline_s: float = 300.0, download_only: bool = False) -> bool:
        """Bring the stack up and return when it is usable. Starts only what does not run.

        Returns:
            False when all of it ran already.

        Raises:
            PortTaken: another program holds a port
            StackError: a service ended, or the stack was not usable within ``deadline_s`` (counted after the download);
                the message ends with the tail of the log that tells why. What this call started is ended again.
        """
        settings = self._asked
        try:
            settings.directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StackError(f"cannot make {settings.directory}: {error}. Choose another by --dir.") from error
        with self._only_one():
            records = processes.read_records(self._records)
            alive = {name: record for name, record in records.items() if record.process()}
            running_ports = self._running_ports()
            if alive and running_ports not in (None, settings.ports):
                raise StackError(
                    f"a stack runs in {settings.directory} on other ports. Take it down first: frontrow stack down."
                )
            if len(alive) == len(SERVICES):
                self._await_usable(alive, time.monotonic() + deadline_s)
                return False
            needed = [service for service in SERVICES if service not in alive]
            if download_only:
                self._cache.make_ready(self._report)
                return True
            check_free({name: port for service in needed for name, port in self._ports_of(service, settings.ports)})
            classpaths = self._cache.make_ready(self._report)
            self._start(needed, alive, classpaths, deadline_s)
            return True

    def _start(
        self, needed: Sequence[str], alive: dict[str, Record], classpaths: Classpaths, deadline_s: float
    ) -> None:
        settings = self._asked
        deadline = time.monotonic() + deadline_s
        try:
            write_configuration(settings)
            write_ports(settings.directory, settings.ports)
        except OSError as error:
            raise StackError(f"cannot write in {settings.directory}: {error}. Choose another by --dir.") from error
        started: dict[str, Record] = {}
        try:
            for service in needed:
                if service == "kafka":
                    self._format_kafka(classpaths)
                command = self._command(service, classpaths)
                with processes.uninterrupted():
                    started[service] = processes.start(service, command, settings.directory)
                    processes.write_records(self._records, {**alive, **started})
            self._await_usable({**alive, **started}, deadline)
        except BaseException:  # Ctrl-C too: what was started must not stay
            self._report.waiting("what was started to end")
            processes.stop(started.values(), patience_s=5)
            processes.write_records(self._records, alive)
            raise

    def down(self) -> list[str]:
        """End every process of the stack; its data stay. Ctrl-C meanwhile ends them without waiting for a clean end.

        Returns:
            The services that ran.
        """
        if not self._asked.directory.is_dir():
            return []
        with self._only_one():
            records = processes.read_records(self._records)
            ran = [service for service, record in records.items() if record.process()]
            interrupt = self._stop([[records[service] for service in group if service in ran] for group in _STOP_ORDER])
            self._records.unlink(missing_ok=True)
            if interrupt is not None:
                raise interrupt
            if ran:
                self._keep_archives()
            return ran

    def _stop(self, groups: Iterable[Sequence[Record]]) -> KeyboardInterrupt | None:
        """End one group after another, all of them, whatever comes. Returns the Ctrl-C that came meanwhile."""
        interrupt: KeyboardInterrupt | None = None
        for members in filter(None, groups):
            try:
                self._report.waiting(f"{', '.join(record.service for record in members)} to end")
                for service in processes.stop(members, patience_s=0 if interrupt else self._patience(members)):
                    self._report.done(f"{service} did not end when asked and was killed")
            except KeyboardInterrupt as error:
                interrupt = error
        return interrupt

    def status(self) -> list[ServiceStatus]:
        """Every service, in the order of their start. Looks at processes, asks nobody."""
        records = processes.read_records(self._records)
        ports = self.settings.ports.by_name()
        return [_status_of(service, records.get(service), ports[service]) for service in SERVICES]

    def _ports_of(self, service: str, ports: Ports) -> Iterator[tuple[str, int]]:
        for name in (service, *_MORE_PORTS.get(service, ())):
            yield name, ports.by_name()[name]

    def _running_ports(self) -> Ports | None:
        return read_ports(self._asked.directory) if self._records.exists() else None

    def _only_one(self) -> AbstractContextManager[None]:
        return locked(
            self._asked.directory / ".lock",
            limit_s=_OTHER_COMMAND_S,
            holder="another frontrow command that works on this stack",
            waiting=self._report.waiting,
        )

    def _command(self, service: str, classpaths: Classpaths) -> list[str]:
        settings = self._asked
        flags, jars = jvm_flags(service, settings), classpaths.of(service)
        if self._archives:
            flags += self._archives.flags(service, jvm_flags(service, settings), jars, settings.directory)
        arguments = [*flags, "-cp", ":".join(str(jar) for jar in jars), *main_and_arguments(service)]
        return [str(java()), f"@{write_arguments(service, arguments, settings)}"]

    def _patience(self, members: Sequence[Record]) -> float:
        """Longer where a JVM writes its class archive at its end."""
        conf = self._asked.directory / "conf"
        writes = any(
            "ArchiveClassesAtExit" in (conf / f"{record.service}.args").read_text()
            for record in members
            if (conf / f"{record.service}.args").is_file()
        )
        return _ARCHIVE_PATIENCE_S if writes else _STOP_PATIENCE_S

    def _keep_archives(self) -> None:
        if not self._archives:
            return
        # What ran was started with the extension's jar as it was then; the argument file tells its classpath.
        for service in SERVICES:
            arguments = self._asked.directory / "conf" / f"{service}.args"
            if arguments.is_file():
                parts = [line[1:-1] for line in arguments.read_text().splitlines()]
                jars = [Path(jar) for jar in parts[parts.index("-cp") + 1].split(":")]
                if self._archives.keep(service, jvm_flags(service, self._asked), jars, self._asked.directory):
                    self._report.done(f"kept the class archive of {service}: the next start is faster")

    def _format_kafka(self, classpaths: Classpaths) -> None:
        directory = self._asked.directory
        if (directory / "data" / "kafka" / "meta.properties").is_file():
            return
        command = [
            str(java()),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Dlog4j.configurationFile=conf/log4j2.xml",
        ]
        command += ["-Dfrontrow.service=kafka", "-cp", ":".join(str(jar) for jar in classpaths.kafka)]
        command += ["kafka.tools.StorageTool", "format", "-t", "ZnJvbnRyb3ctbG9jYWwtMQ", "-c", "conf/kafka.properties"]
        try:
            done = processes.run_to_its_end(command, directory, limit_s=_FORMAT_S)
        except subprocess.TimeoutExpired as error:
            raise StackError(f"waited {_FORMAT_S:.0f} s for Kafka's storage to be formatted: try again.") from error
        if done.returncode != 0:
            raise StackError(f"Kafka's storage cannot be formatted:\n{(done.stdout + done.stderr)[-2000:]}")

    def _await_usable(self, records: Mapping[str, Record], deadline: float) -> None:
        settings = self._asked
        druid = Druid(settings.ports)
        try:
            checks = [*druid.checks(), kafka_takes_a_record(settings.ports.kafka)]
            self._await_all(checks, records, deadline)
            self._await_all(
                [lambda: None if druid.suits_one_historical() else "the default load rule"], records, deadline
            )
            druid.nudge()
        finally:
            druid.close()

    def _await_all(self, checks: Sequence[Check], records: Mapping[str, Record], deadline: float) -> None:
        told = ""
        for check in checks:
            while (waiting := check()) is not None:
                if waiting != told:
                    told = waiting
                    self._report.waiting(waiting)
                for service, record in records.items():
                    if record.process() is None:
                        raise StackError(f"{service} ended while it started.\n{tail(self._asked.directory, service)}")
                if time.monotonic() > deadline:
                    service = next((name for name in SERVICES if name in waiting), "coordinator")
                    raise StackError(
                        f"the stack was not usable within its deadline: still waiting for {waiting}.\n"
                        f"{tail(self._asked.directory, service)}"
                    )
                time.sleep(0.1)


def _status_of(service: str, record: Record | None, port: int) -> ServiceStatus:
    if record is None:
        return ServiceStatus(service, "stopped", port)
    process = record.process()
    if process is None:
        return ServiceStatus(service, "dead", port, record.pid)
    try:
        resident = process.memory_info().rss
    except psutil.Error:
        return ServiceStatus(service, "dead", port, record.pid)
    return ServiceStatus(service, "running", port, record.pid, resident, time.time() - record.created)


__all__ = ["DRUID_SERVICES", "LocalStack", "ServiceStatus"]
