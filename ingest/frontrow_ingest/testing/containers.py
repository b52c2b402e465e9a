"""Containers of Kafka, ZooKeeper and each of Druid's services, on testcontainers.

Each publishes its port on the loopback address, or on every address where the Docker engine is another machine. The
number is chosen before the start and stays: Kafka has to know it, and a container that is started again keeps it.
"""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlsplit

from docker.errors import DockerException, ImageNotFound
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from frontrow_ingest.errors import StackError
from frontrow_ingest.stack.ports import LOOPBACK, free_port
from frontrow_ingest.stack.readiness import Check, Druid, kafka_takes_a_record
from frontrow_ingest.testing.environment import (
    KAFKA_INSIDE,
    PORTS,
    druid_environment,
    kafka_environment,
    zookeeper_environment,
)

DRUID_IMAGE = "apache/druid:33.0.0"
KAFKA_IMAGE = "apache/kafka:4.3.1"
ZOOKEEPER_IMAGE = "zookeeper:3.8.4"
_START_LIMIT_S = 300.0


class ContainerFailed(StackError):
    """A container ended, or was not ready in time. The message ends with its log's last lines."""


class StackNetwork(Network):
    """A network whose containers know each other by name: ``with StackNetwork() as network``."""

    @property
    def client(self) -> Any:
        """Docker's SDK; closed when the network is removed."""
        return self._docker.client

    def remove(self) -> None:
        super().remove()
        self.client.close()


class ServiceContainer(DockerContainer, ABC):
    """One service.

    Args:
        service: its name, also in the network
        image: a tag that the engine holds or can pull
        inside_port: the one that is published
        port: on this machine; a free one by default
        environment: the container's variables
        network: where other containers know it by its name
        health: a shell command by which Docker's engine looks every second whether it serves
    """

    def __init__(
        self,
        service: str,
        image: str,
        inside_port: int | None,
        *,
        port: int | None = None,
        environment: Mapping[str, str],
        network: Network | None = None,
        health: str | None = None,
    ) -> None:
        super().__init__(image, env=dict(environment))
        if health is not None:
            second = 1_000_000_000
            # By the engine: a command run from here could hang without an end when a container is just starting.
            look = {"test": ["CMD-SHELL", health], "interval": second, "timeout": 5 * second, "retries": 10}
            self.with_kwargs(healthcheck=look)
        self.service = service
        self.host = engine_host()
        self.port = port or free_port()
        if inside_port is not None:
            address = LOOPBACK if self.host == LOOPBACK else "0.0.0.0"  # noqa: S104 - the engine is another machine
            # Docker's SDK takes pairs of address and port too, testcontainers' types do not know it.
            self.ports[f"{inside_port}/tcp"] = (address, self.port)  # type: ignore[assignment]
        if network is not None:
            self.with_network(network).with_network_aliases(service)

    def start(self) -> Self:
        """Start it and wait until it is ready.

        Raises:
            ContainerFailed: it ended, or was not ready in time
        """
        self.launch()
        try:
            self.await_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def launch(self) -> None:
        """Start it; do not wait."""
        settle_reaper(self)
        super().start()

    def await_ready(self, deadline_s: float = _START_LIMIT_S) -> None:
        """Wait until it is of use.

        Raises:
            ContainerFailed: it ended, or was not ready in time
        """
        await_check(self.ready(), [self], time.monotonic() + deadline_s)

    def stop(self, force: bool = True, delete_volume: bool = True) -> None:
        """Remove it; a second time nothing happens."""
        super().stop(force, delete_volume)
        self._container = None

    @abstractmethod
    def ready(self) -> Check:
        """Says what it is not ready for yet."""

    def resume(self) -> None:
        """Start it again after :meth:`halt`; do not wait."""
        self.get_wrapped_container().start()

    def halt(self, patience_s: int = 20) -> None:
        """End its process as ``docker stop`` does; its files stay."""
        self.get_wrapped_container().stop(timeout=patience_s)

    def healthy(self) -> bool:
        """Whether Docker's engine found that it serves."""
        container = self.get_wrapped_container()
        container.reload()
        return str(container.attrs["State"].get("Health", {}).get("Status")) == "healthy"

    def ended(self) -> bool:
        """Whether its process is gone."""
        container = self.get_wrapped_container()
        container.reload()
        return container.status in ("exited", "dead")

    def log(self, lines: int = 40) -> str:
        """The last lines of its log, under a heading."""
        text = self.get_wrapped_container().logs(tail=lines).decode("utf-8", "replace").rstrip()
        return f"--- the end of the log of {self.service} ({self.image})\n{text}"


class ZooKeeperContainer(ServiceContainer):
    """ZooKeeper, for Druid in the same network; nothing of it is published."""

    def __init__(self, image: str = ZOOKEEPER_IMAGE, *, network: Network | None = None) -> None:
        health = f"echo srvr | nc -w 2 {LOOPBACK} {PORTS.zookeeper} | grep -q Mode"
        super().__init__("zookeeper", image, None, environment=zookeeper_environment(), network=network, health=health)

    def ready(self) -> Check:
        return lambda: None if self.healthy() else "zookeeper to serve"


class KafkaContainer(ServiceContainer):
    """Kafka, one node.

    Attributes:
        bootstrap: ``host:port`` for programs of this machine
        inside_bootstrap: ``host:port`` for containers in its network
    """

    def __init__(self, image: str = KAFKA_IMAGE, *, port: int | None = None, network: Network | None = None) -> None:
        port = port or free_port()
        self.bootstrap = f"{engine_host()}:{port}"
        self.inside_bootstrap = f"kafka:{KAFKA_INSIDE}"
        environment = kafka_environment(advertised=self.bootstrap)
        # Docker takes connections to a published port before anyone listens behind it, and Kafka's client, sent away,
        # comes back after longer and longer pauses. So look from inside first.
        health = f"cat /proc/net/tcp /proc/net/tcp6 2> /dev/null | grep -q ':{PORTS.kafka:04X} 0*:0000 0A'"
        super().__init__(
            "kafka", image, PORTS.kafka, port=port, environment=environment, network=network, health=health
        )

    def ready(self) -> Check:
        takes_a_record = kafka_takes_a_record(self.port, self.host)
        return lambda: takes_a_record() if self.healthy() else "kafka to listen"


class DruidContainer(ServiceContainer):
    """One of Druid's services: coordinator (and overlord), broker, historical, indexer or router.

    Args:
        segments: name of a volume that coordinator, historical and indexer share
        settings: properties that differ, for example ``{"druid.worker.capacity": "2"}``
    """

    def __init__(
        self,
        service: str,
        image: str = DRUID_IMAGE,
        *,
        port: int | None = None,
        network: Network | None = None,
        segments: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        changed = {name.replace(".", "_"): value for name, value in (settings or {}).items()}
        environment = {**druid_environment(service), **changed}
        inside = PORTS.by_name()[service]
        super().__init__(service, image, inside, port=port, environment=environment, network=network)
        self.with_command([service])
        if segments is not None:
            self.with_volume_mapping(segments, "/opt/shared", "rw")

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def ready(self) -> Check:
        return Druid(PORTS.changed({self.service: self.port}), self.host).healthy(self.service)


def await_check(check: Check, containers: list[ServiceContainer], deadline: float) -> None:
    """Wait until a check is good while the containers run.

    Raises:
        ContainerFailed: one of them ended, or the deadline came
    """
    while (waiting := check()) is not None:
        for container in containers:
            if container.ended():
                raise ContainerFailed(f"{container.service} ended while it started.\n{container.log(200)}")
        if time.monotonic() > deadline:
            named = [each for each in containers if each.service in waiting] or containers[:1]
            logs = "\n".join(container.log() for container in named)
            raise ContainerFailed(f"the deadline came while still waiting for {waiting}.\n{logs}")
        time.sleep(0.1)


def engine_host() -> str:
    """Where published ports are reached: this machine, unless the engine is told to be elsewhere."""
    told = testcontainers_config.tc_host_override or urlsplit(os.environ.get("DOCKER_HOST", "")).hostname
    return LOOPBACK if told in (None, "localhost") else str(told)


def settle_reaper(container: DockerContainer) -> None:
    """Do without testcontainers' reaper where its image can neither be found nor pulled; the stack cleans up anyway."""
    if testcontainers_config.ryuk_disabled:
        return
    images: Any = container.get_docker_client().client.images
    try:
        images.get(testcontainers_config.ryuk_image)
    except ImageNotFound:
        try:
            images.pull(testcontainers_config.ryuk_image)
        except DockerException:
            testcontainers_config.ryuk_disabled = True
