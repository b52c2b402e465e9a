"""The collector: an HTTP endpoint that players post to. What it has answered for is safe: Kafka has acknowledged it.

``cmcd`` and ``bodies`` read what comes in, ``sessions`` follows who is watching, ``delivery`` brings events to Kafka,
``intake`` and ``app`` answer, ``bookkeeping`` and ``state`` keep all that for the next run.

Two threads share the work. The event loop's owns sessions, playbacks and the journal; the delivery's owns Kafka and the
memory of seen events. They talk through the delivery's queue and its ``Listener``, in order.
"""

from __future__ import annotations

from frontrow_ingest.collector.app import collector_app
from frontrow_ingest.collector.context import Context
from frontrow_ingest.collector.delivery import Delivery
from frontrow_ingest.collector.errors import CollectorError, KafkaAwayError, PortTakenError, TooBusyError
from frontrow_ingest.collector.seen import RecentEvents
from frontrow_ingest.collector.settings import CollectorSettings

__all__ = [
    "CollectorError",
    "CollectorSettings",
    "Context",
    "Delivery",
    "KafkaAwayError",
    "PortTakenError",
    "RecentEvents",
    "TooBusyError",
    "collector_app",
]
