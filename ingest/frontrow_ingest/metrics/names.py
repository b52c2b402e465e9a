"""Every metric that is exposed, by its Prometheus name: a name that is not here cannot be counted."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Kind(StrEnum):
    """What a metric is to Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(StrEnum):
    """A metric: its value is the Prometheus name, and it knows its kind, its label names and what it says.

    No label may take a value that somebody outside can choose freely: neither ids nor names of unknown fields.
    """

    kind: Kind
    help: str
    labels: tuple[str, ...]

    def __new__(cls, name: str, kind: Kind, text: str, *labels: str) -> Self:
        member = str.__new__(cls, name)
        member._value_ = name
        member.kind = kind
        member.help = text
        member.labels = labels
        return member

    INPUT_LINES = "frontrow_input_lines_total", Kind.COUNTER, "Lines read, blank and refused ones included."
    INPUT_BYTES = "frontrow_input_bytes_total", Kind.COUNTER, "Bytes read."

    PRODUCER_SENT = "frontrow_producer_sent_total", Kind.COUNTER, "Events handed to the Kafka client."
    PRODUCER_SENT_BYTES = (
        "frontrow_producer_sent_bytes_total",
        Kind.COUNTER,
        "Bytes of keys and values handed to the Kafka client, before compression.",
    )
    PRODUCER_ACKNOWLEDGED = (
        "frontrow_producer_acknowledged_total",
        Kind.COUNTER,
        "Events that all in-sync replicas have acknowledged.",
    )
    PRODUCER_FAILED = (
        "frontrow_producer_failed_total",
        Kind.COUNTER,
        "Events that Kafka did not take, by the name of the Kafka client's error.",
        "error",
    )
    PRODUCER_REFUSED = (
        "frontrow_producer_refused_total",
        Kind.COUNTER,
        "Events that do not keep the contract, by first reason and field.",
        "reason",
    )
    PRODUCER_DUPLICATES = (
        "frontrow_producer_duplicates_total",
        Kind.COUNTER,
        "Events that were not sent because they had been before.",
    )
    PRODUCER_SHED = (
        "frontrow_producer_shed_total",
        Kind.COUNTER,
        "Events that were given up because no room was left in flight (policy shed).",
    )
    PRODUCER_IN_FLIGHT = "frontrow_producer_in_flight_events", Kind.GAUGE, "Events without an answer yet."
    PRODUCER_IN_FLIGHT_BYTES = "frontrow_producer_in_flight_bytes", Kind.GAUGE, "Their bytes."
    PRODUCER_IN_FLIGHT_LIMIT = (
        "frontrow_producer_in_flight_limit_bytes",
        Kind.GAUGE,
        "The bound on the bytes in flight; near it, Kafka is slower than the input.",
    )

    COLLECTOR_REQUESTS = (
        "frontrow_collector_requests_total",
        Kind.COUNTER,
        "HTTP requests, by endpoint and status.",
        "endpoint",
        "status",
    )
    COLLECTOR_EVENTS = (
        "frontrow_collector_events_total",
        Kind.COUNTER,
        "Events received, by outcome: accepted, duplicate, refused, stopped.",
        "outcome",
    )
    COLLECTOR_BYTES = "frontrow_collector_body_bytes_total", Kind.COUNTER, "Bytes of request bodies."
    COLLECTOR_SECONDS = (
        "frontrow_collector_request_seconds",
        Kind.HISTOGRAM,
        "Time from a request's first byte to its answer, by endpoint.",
        "endpoint",
    )
    COLLECTOR_CONNECTIONS = "frontrow_collector_open_connections", Kind.GAUGE, "Connections open now."
    COLLECTOR_SESSIONS = "frontrow_collector_sessions", Kind.GAUGE, "Sessions heard of lately."
    COLLECTOR_WAITING = (
        "frontrow_collector_waiting_events",
        Kind.GAUGE,
        "Events received and not yet acknowledged by Kafka.",
    )
    COLLECTOR_TIMEOUTS = (
        "frontrow_collector_timeouts_total",
        Kind.COUNTER,
        "Sessions that fell silent and were ended.",
    )
    COLLECTOR_UNKNOWN_KEYS = (
        "frontrow_collector_unknown_keys_total",
        Kind.COUNTER,
        "CMCD keys that have no field in the contract, custom ones among them.",
    )
    COLLECTOR_NOT_KEPT = (
        "frontrow_collector_refused_not_kept_total",
        Kind.COUNTER,
        "Refused events over the minute's budget of the quarantine: answered and counted, not kept.",
    )
