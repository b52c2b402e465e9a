"""Kafka and Druid for tests of your own pipelines, as containers or as processes of this machine.

::

    from frontrow_ingest.testing import stack

    with stack() as s:
        produce_to(s.bootstrap)
        apply_specs(s.router_url, kafka=s.druid_bootstrap)
        assert frontrow.Client(s.router_url).timeseries("plays", last="1h")

Install ``frontrow[testing]`` for containers, ``frontrow[ingest,stack]`` for processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontrow_ingest.testing.stacks import Backend, RunningStack, default_images, stack

if TYPE_CHECKING:
    from frontrow_ingest.testing.containers import DruidContainer, KafkaContainer, StackNetwork, ZooKeeperContainer

__all__ = [
    "Backend",
    "DruidContainer",
    "KafkaContainer",
    "RunningStack",
    "StackNetwork",
    "ZooKeeperContainer",
    "default_images",
    "stack",
]


def __getattr__(name: str) -> object:
    # The container classes need testcontainers; a stack of local processes does not.
    if name in __all__:
        from frontrow_ingest.testing import containers

        return getattr(containers, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
