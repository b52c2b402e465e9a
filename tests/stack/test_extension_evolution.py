"""Messages of two schemas in one topic, through Kafka and Druid: the old ones answer as the new schema says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.decode_tool import encode, framed, inline, record
from support.supervised_topic import supervised_topic

pytestmark = pytest.mark.stack

OLD = record(
    {"name": "dropped", "type": "string"},
    {"name": "country", "type": "string"},
    {"name": "device", "type": {"type": "enum", "name": "Device", "symbols": ["tv", "fridge", "phone"]}},
    {"name": "play_ms", "type": "int"},
    {"name": "segments", "type": {"type": "array", "items": "string"}},
)
NEW = record(
    {"name": "play_ms", "type": "long"},
    {
        "name": "device",
        "type": {"type": "enum", "name": "Device", "symbols": ["other", "phone", "tv"], "default": "other"},
    },
    {"name": "country", "type": ["null", "string"], "default": None},
    {"name": "network", "type": "string", "default": "unknown"},
    {"name": "ad_ms", "type": "int", "default": 5},
    {"name": "segments", "type": {"type": "array", "items": "string"}, "default": []},
)
START = 1_767_261_600_000


def old(n: int, device: str) -> bytes:
    event = {"ts": START + n, "dropped": "d", "country": "DE", "device": device, "play_ms": 10, "segments": ["a", "b"]}
    return framed(1, encode(OLD, event))


def new(n: int, country: str | None) -> bytes:
    event = {
        "ts": START + n,
        "play_ms": 2**33,
        "device": "tv",
        "country": country,
        "network": "wifi",
        "ad_ms": 7,
        "segments": ["b"],
    }
    return framed(2, encode(NEW, event))


def test_two_schemas_in_one_topic(stack: Any, fresh_name: Callable[[str], str]) -> None:
    messages = [old(0, "tv"), new(1, "FR"), old(2, "fridge"), new(3, None), old(4, "phone"), new(5, "DE")]
    sums = [{"type": "longSum", "name": name, "fieldName": name} for name in ("play_ms", "ad_ms")]
    with supervised_topic(stack.router_url, stack.bootstrap, fresh_name("extension_evolution")) as topic:
        topic.send(messages)
        topic.supervise(topic.spec(inline({1: OLD, 2: NEW}), ["country", "device", "network", "segments"], sums))
        topic.wait("six events", lambda: topic.total("count") == 6)

        # Three old events of 10 ms and three new ones beyond an int; the default of the field the old ones lack.
        assert topic.total("play_ms") == 3 * 10 + 3 * 2**33
        assert topic.total("ad_ms") == 3 * 5 + 3 * 7

        def counts(dimension: str) -> dict[str | None, int]:
            rows = topic.query(
                queryType="groupBy",
                dimensions=[dimension],
                aggregations=[{"type": "longSum", "name": "events", "fieldName": "count"}],
            )
            return {row["event"][dimension]: row["event"]["events"] for row in rows}

        assert counts("network") == {"unknown": 3, "wifi": 3}
        assert counts("country") == {"DE": 4, "FR": 1, None: 1}
        assert counts("device") == {"tv": 4, "other": 1, "phone": 1}
        assert counts("segments") == {"a": 3, "b": 6}
        assert topic.wait("six processed rows", lambda: topic.statistics().get("processed") == 6)
        assert topic.statistics()["unparseable"] == 0


def test_a_schema_that_cannot_be_read_is_refused_at_submission(stack: Any, fresh_name: Callable[[str], str]) -> None:
    broken = record({"name": "play_ms", "type": "string"})
    with supervised_topic(stack.router_url, stack.bootstrap, fresh_name("extension_refused")) as topic:
        with pytest.raises(AssertionError) as refused:
            topic.supervise(topic.spec(inline({1: OLD, 2: broken}), [], []))
        assert " 400 " in str(refused.value)
        assert "schema 1, read as schema 2: field 'play_ms'" in str(refused.value)
