"""Kafka and Druid on this machine, from locked packages, one directory a stack."""

from __future__ import annotations

from frontrow_ingest.stack.local import LocalStack, ServiceStatus
from frontrow_ingest.stack.ports import Ports, PortTaken, automatic_ports, free_ports
from frontrow_ingest.stack.settings import StackSettings

__all__ = ["LocalStack", "PortTaken", "Ports", "ServiceStatus", "StackSettings", "automatic_ports", "free_ports"]
