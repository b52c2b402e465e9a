"""A stack for tests as processes of this machine."""

from __future__ import annotations

from pathlib import Path

from frontrow_ingest.stack import LocalStack, StackSettings, free_ports
from frontrow_ingest.stack.logs import tail


class LocalTestStack:
    """Keeps :class:`frontrow_ingest.testing.RunningStack` with a :class:`frontrow_ingest.stack.LocalStack`."""

    backend = "local"

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        # Archives of classes are for stacks that start often; writing them would only cost a test's time.
        self._stack = LocalStack(StackSettings(directory, ports=free_ports(), class_archives=False, short_lived=True))
        self.router_url = self._stack.router_url
        self.broker_url = self._stack.url("broker")
        self.coordinator_url = self._stack.url("coordinator")
        self.historical_url = self._stack.url("historical")
        self.indexer_url = self._stack.url("indexer")
        self.bootstrap = self.druid_bootstrap = self._stack.bootstrap

    def up(self, deadline_s: float) -> None:
        self._stack.up(deadline_s=deadline_s)

    def down(self) -> None:
        self._stack.down()

    def restart_druid(self) -> None:
        """Kafka is restarted with it: the local stack goes down and comes up as a whole."""
        self._stack.down()
        self._stack.up()

    def log(self, service: str, lines: int = 40) -> str:
        return tail(self._directory, service, lines)
