"""Kafka and Druid for tests of your own pipelines: in containers, as processes of this machine, or in memory.

::

    from frontrow_ingest.testing import stack

    with stack() as s:
        produce_to(s.bootstrap)
        apply_specs(s.router_url, kafka=s.druid_bootstrap)
        assert frontrow.Client(s.router_url).timeseries("plays", last="1h")

Install ``frontrow[testing]`` for containers, ``frontrow[ingest,stack]`` for processes; :class:`MemoryDruid` needs
nothing beside ``frontrow``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontrow_ingest.testing.memory import MemoryDruid

if TYPE_CHECKING:
    from frontrow_ingest.testing.containers import DruidContainer, KafkaContainer, StackNetwork, ZooKeeperContainer
    from frontrow_ingest.testing.stacks import Backend, RunningStack, default_images, stack

__all__ = [
    "Backend",
    "DruidContainer",
    "KafkaContainer",
    "MemoryDruid",
    "RunningStack",
    "StackNetwork",
    "ZooKeeperContainer",
    "default_images",
    "stack",
]


def __getattr__(name: str) -> object:
    # The container classes need testcontainers, a stack of local processes psutil; the double in memory neither.
    if name in ("Backend", "RunningStack", "default_images", "stack"):
        from frontrow_ingest.testing import stacks

        return getattr(stacks, name)
    if name in __all__:
        from frontrow_ingest.testing import containers

        return getattr(containers, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
