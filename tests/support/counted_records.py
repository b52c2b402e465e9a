"""Records of the topics quarantine and ledger: Hypothesis strategies over them, plain ones, and sending them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from frontrow_ingest.contract.avro_binary import RecordEncoder
from frontrow_specs import topic_schema
from support.viewing_events import labels

with warnings.catch_warnings():
    # kafka-python reads its own files through a deprecated function while it is imported.
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka import KafkaProducer

_times = st.integers(946_684_800_000, 4_102_444_800_000)
_counts = st.integers(0, 10**9)
_REASONS = ("missing", "wrong_type", "out_of_range", "late", "early", "not_json", "not_framed")


@st.composite
def quarantine_records(draw: st.DrawFn) -> dict[str, Any]:
    """Any refusal or replay."""
    reason = draw(st.sampled_from(_REASONS))
    delay = {"late": st.integers(1, 10**10), "early": st.integers(-(10**10), -1)}.get(reason, st.none())
    return {
        "id": draw(labels),
        "action": draw(st.sampled_from(("refused", "replayed"))),
        "ts": draw(_times),
        "time_is": draw(st.sampled_from(("event", "refusal"))),
        "seen_ts": draw(_times),
        "reason": reason,
        "field": draw(st.none() | st.sampled_from(("play_ms", "kind", "country"))),
        "errors": [],
        "stage": draw(st.sampled_from(("producer", "collector", "topic"))),
        "source": None,
        "number": None,
        "producer": draw(st.none() | st.sampled_from(("p1", "p2"))),
        "schema_id": draw(st.none() | st.integers(1, 3)),
        "delay_ms": draw(delay),
        "size": draw(_counts),
        "sha256": None,
        "original": None,
        "redacted": draw(st.sampled_from(("no", "masked", "withheld"))),
        "event_key": None,
    }


@st.composite
def ledger_deltas(draw: st.DrawFn) -> dict[str, Any]:
    """Any delta of a producer."""
    counted = ("sent", "refused", "duplicates", "bytes", "refused_bytes")
    return {
        "ts": draw(_times),
        "emitted_ts": draw(_times),
        "producer": draw(st.sampled_from(("p1", "p2", "collector"))),
        "run": draw(labels),
        "schema_id": draw(st.none() | st.integers(1, 2)),
        **{name: draw(_counts) for name in counted},
    }


def a_refusal(**changes: Any) -> dict[str, Any]:
    """A plain record of a late event, with changes."""
    return {
        "id": "refused-1", "action": "refused", "ts": 0, "time_is": "refusal", "seen_ts": 0, "reason": "late",
        "field": None, "errors": [], "stage": "producer", "source": None, "number": None, "producer": "p1",
        "schema_id": 1, "delay_ms": 1_000, "size": 100, "sha256": None, "original": None, "redacted": "no",
        "event_key": None, **changes,
    }  # fmt: skip


def a_delta(**changes: Any) -> dict[str, Any]:
    """A plain delta, with changes."""
    counted = dict.fromkeys(("sent", "refused", "duplicates", "bytes", "refused_bytes"), 0)
    return {"ts": 0, "emitted_ts": 0, "producer": "p1", "run": "r1", "schema_id": 1, **counted, **changes}


def send_records(bootstrap: str, topic: str, kind: str, records: Sequence[dict[str, Any]]) -> None:
    """Send records of a kind (``quarantine`` or ``ledger``) to a topic; returns when they are stored."""
    encode = RecordEncoder(topic_schema(kind), prefix=b"\x01\x00\x00\x00\x01")
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    try:
        for record in records:
            producer.send(topic, encode(record))
        producer.flush(30)
    finally:
        producer.close(10)
