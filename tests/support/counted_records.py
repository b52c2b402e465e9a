"""Hypothesis strategies over records of the topics quarantine and ledger, every field present that a spec reads."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from support.viewing_events import labels

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
