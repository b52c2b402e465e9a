"""What Docker holds: to see that a test has left nothing."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from frontrow_ingest.images.docker import docker


@dataclass(frozen=True)
class Leftovers:
    """Containers, running or not, volumes and networks of the engine at one moment, by name."""

    containers: frozenset[str]
    volumes: frozenset[str]
    networks: frozenset[str]

    @classmethod
    def now(cls) -> Self:
        containers = docker(["ps", "--all", "--format", "{{.Names}} ({{.Image}})"])
        volumes = docker(["volume", "ls", "--format", "{{.Name}}"])
        networks = docker(["network", "ls", "--format", "{{.Name}}"])
        return cls(*(frozenset(names.splitlines()) for names in (containers, volumes, networks)))

    def assert_none_since(self, before: Leftovers, *, ports: Sequence[int] = ()) -> None:
        """Nothing is here that was not before, and nobody listens on the ports."""
        assert self.containers <= before.containers
        assert self.volumes <= before.volumes
        assert self.networks <= before.networks
        for port in ports:
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", port)) != 0, f"port {port} is still served"
