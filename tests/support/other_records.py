"""Records of the topics beside events: refusals with some replays, and a ledger's deltas, as plain dicts."""

from __future__ import annotations

import random
from typing import Any

from frontrow_ingest.contract.codec import topic_encoder

MINUTE_MS = 60_000
_REASONS = (("bad_format", "country"), ("out_of_range", "play_ms"), ("missing", "ts"), ("not_json", None))


def refusals(count: int, start_ms: int, *, seed: int = 1, over_ms: int = 240_000) -> list[dict[str, Any]]:
    """Records of the quarantine topic, every field present; one in eight notes a replay, some are late or early."""
    rng = random.Random(seed)
    return [_refusal(rng, number, start_ms + rng.randrange(over_ms)) for number in range(count)]


def _refusal(rng: random.Random, number: int, ts: int) -> dict[str, Any]:
    reason, field = rng.choice(_REASONS)
    delay = None
    if number % 5 == 0:
        reason, field = ("early", "ts") if number % 3 == 0 else ("late", "ts")
        delay = rng.randrange(1, 90_000_000) * (-1 if reason == "early" else 1)
    replayed = number % 8 == 7
    return {
        "id": f"in-{number}",
        "action": "replayed" if replayed else "refused",
        "ts": ts,
        "time_is": rng.choice(("event", "refusal")),
        "seen_ts": ts + rng.randrange(5_000),
        "reason": reason,
        "field": field,
        "errors": [],
        "stage": rng.choice(("producer", "collector", "topic")),
        "source": "in",
        "number": number,
        "producer": rng.choice(("press-1", "press-2", None)),
        "schema_id": rng.choice((1, None)),
        "delay_ms": None if replayed else delay,
        "size": 0 if replayed else rng.randrange(10, 900),
        "sha256": None,
        "original": None,
        "redacted": rng.choice(("no", "masked", "withheld")),
        "event_key": None,
        "viewer_key_epoch": rng.choice(("a", "b", None)),
    }


def deltas(count: int, start_ms: int, *, seed: int = 1, over_ms: int = 240_000) -> list[dict[str, Any]]:
    """Records of the ledger topic, every field present."""
    rng = random.Random(seed)
    made = []
    for number in range(count):
        minute = (start_ms + rng.randrange(over_ms)) // MINUTE_MS * MINUTE_MS
        sent = rng.randrange(0, 4_000)
        refused = rng.choice((0, 0, 0, 3))
        made.append(
            {
                "ts": minute,
                "emitted_ts": minute + rng.randrange(90_000),
                "producer": rng.choice(("press-1", "press-2", "press-3")),
                "run": f"run-{number % 4}",
                "schema_id": 1 if sent else None,
                "sent": sent,
                "refused": refused,
                "duplicates": rng.choice((0, 0, 7)),
                "bytes": sent * 103,
                "refused_bytes": refused * 290,
                "viewer_key_epoch": rng.choice(("a", "b", None)),
            }
        )
    return made


def encoded_as(topic: str, records: list[dict[str, Any]]) -> list[bytes]:
    """As they lie in Kafka."""
    encode = topic_encoder(topic)
    return [encode(record) for record in records]
