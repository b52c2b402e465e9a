"""A stack for tests in containers: one network, one volume of segments, a container for each service."""

from __future__ import annotations

import contextlib
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Self

from frontrow_ingest.errors import StackError
from frontrow_ingest.images import Images
from frontrow_ingest.stack.readiness import Druid
from frontrow_ingest.stack.render import DRUID_SERVICES
from frontrow_ingest.testing.containers import (
    DruidContainer,
    KafkaContainer,
    ServiceContainer,
    StackNetwork,
    ZooKeeperContainer,
    await_check,
    settle_reaper,
)
from frontrow_ingest.testing.environment import PORTS

# With the coordinator gone first the others would wait for it.
_STOP_ORDER = (("router", "indexer", "historical", "broker"), ("coordinator",))
_RESTART_LIMIT_S = 300.0


class ContainerStack:
    """Keeps :class:`frontrow_ingest.testing.RunningStack`; a context manager that leaves nothing behind."""

    backend = "containers"

    def __init__(self, images: Images) -> None:
        self._network = StackNetwork()
        self._segments = f"frontrow-segments-{uuid.uuid4().hex[:12]}"
        self._cleanup = contextlib.ExitStack()
        self.zookeeper = ZooKeeperContainer(images.zookeeper, network=self._network)
        self.kafka = KafkaContainer(images.kafka, network=self._network)
        self.druid = {
            service: DruidContainer(service, images.druid, network=self._network, segments=self._segments)
            for service in DRUID_SERVICES
        }
        for container in self.druid.values():
            # The first, quick compiler only, as local stacks for tests have it: less work until they are up.
            container.with_env("JAVA_OPTS", "-XX:TieredStopAtLevel=1")
        self.router_url = self.druid["router"].url
        self.broker_url = self.druid["broker"].url
        self.coordinator_url = self.druid["coordinator"].url
        self.historical_url = self.druid["historical"].url
        self.indexer_url = self.druid["indexer"].url
        self.bootstrap = self.kafka.bootstrap
        self.druid_bootstrap = self.kafka.inside_bootstrap

    @property
    def containers(self) -> list[ServiceContainer]:
        """In the order of their start."""
        return [self.zookeeper, self.kafka, *self.druid.values()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def up(self, deadline_s: float) -> None:
        """Start everything and wait until it is usable.

        Raises:
            StackError: a container cannot be made, ended, or was not ready in time
        """
        from docker.errors import DockerException

        deadline = time.monotonic() + deadline_s
        try:
            settle_reaper(self.zookeeper)
            self._network.create()
            self._cleanup.callback(self._network.remove)
            volume = self._network.client.volumes.create(self._segments)
            self._cleanup.callback(volume.remove, force=True)
            for container in self.containers:
                self._cleanup.callback(container.stop)
                container.launch()
        except DockerException as error:
            raise StackError(f"a container cannot be started: {error}") from error
        self._await_usable(deadline)

    def restart_druid(self) -> None:
        with ThreadPoolExecutor(len(self.druid)) as pool:
            for group in _STOP_ORDER:
                for halted in [pool.submit(self.druid[service].halt) for service in group]:
                    halted.result()
        deadline = time.monotonic() + _RESTART_LIMIT_S
        coordinator = self.druid["coordinator"]
        others = [container for container in self.druid.values() if container is not coordinator]
        for container in others:
            container.resume()
        # An overlord that has tasks and sees its indexer come later looks again only after a minute.
        await_check(self.druid["indexer"].ready(), list(others), deadline)
        coordinator.resume()
        self._await_usable(deadline)

    def log(self, service: str, lines: int = 40) -> str:
        return {container.service: container for container in self.containers}[service].log(lines)

    def _await_usable(self, deadline: float) -> None:
        numbers = {container.service: container.port for container in (self.kafka, *self.druid.values())}
        druid = Druid(PORTS.changed(numbers), self.kafka.host)
        try:
            for check in [self.zookeeper.ready(), self.kafka.ready(), *druid.checks()]:
                await_check(check, self.containers, deadline)
            await_check(
                lambda: None if druid.suits_one_historical() else "the default load rule of the coordinator",
                self.containers,
                deadline,
            )
            druid.nudge()
        finally:
            druid.close()
