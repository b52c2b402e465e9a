"""A topic full of bad messages: every good one counted, every bad one counted as unparseable, the task alive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.bad_messages import BAD, SCHEMA, good
from support.decode_tool import inline
from support.supervised_topic import SupervisedTopic, supervised_topic

pytestmark = pytest.mark.stack

SUMS = [{"type": "longSum", "name": "play_ms", "fieldName": "play_ms"}]


def outcome(topic: SupervisedTopic) -> tuple[int, int, int]:
    """Rows processed, refused, and skipped by Druid before they reach the format."""
    counts = topic.statistics()
    refused = counts.get("unparseable", 0) + counts.get("processedWithError", 0)
    return counts.get("processed", 0), refused, counts.get("thrownAway", 0)


def test_bad_messages_between_good_ones(stack: Any, fresh_name: Callable[[str], str]) -> None:
    messages: list[bytes | None] = []
    for n, bad in enumerate(BAD.values()):
        messages += [good(n), bad]
    # A tombstone: Druid passes over a null value itself and counts it as thrown away.
    messages += [None, good(len(BAD))]
    with supervised_topic(stack.router_url, stack.bootstrap, fresh_name("extension_bad")) as topic:
        topic.send(messages)
        topic.supervise(topic.spec(inline({1: SCHEMA}), ["kind", "cdn", "segments"], SUMS))
        expected = (len(BAD) + 1, len(BAD), 1)
        topic.wait(f"{expected} rows", lambda: outcome(topic) == expected)
        assert topic.total("count") == len(BAD) + 1
        assert topic.total("play_ms") == 10 * (len(BAD) + 1)

        # Druid keeps one of the errors of each millisecond; those it keeps are in our words.
        said = topic.parse_errors()
        assert said
        assert all("Message is not the Avro record the spec describes" in line or "Timestamp" in line for line in said)

        # Alive: the same task takes what comes after.
        (task,) = topic.tasks("running")
        topic.send([good(100), b"again no event", good(101)])
        topic.wait("what came after", lambda: outcome(topic) == (len(BAD) + 3, len(BAD) + 1, 1))
        assert [running["id"] for running in topic.tasks("running")] == [task["id"]]
        assert topic.tasks("complete") == []
        topic.wait("the supervisor to run", lambda: topic.state() == "RUNNING")


def test_a_topic_of_nothing_but_bad_messages(stack: Any, fresh_name: Callable[[str], str]) -> None:
    with supervised_topic(stack.router_url, stack.bootstrap, fresh_name("extension_only_bad")) as topic:
        topic.send([*BAD.values()] * 20)
        topic.supervise(topic.spec(inline({1: SCHEMA}), ["kind"], SUMS))
        topic.wait("all refused", lambda: outcome(topic) == (0, 20 * len(BAD), 0))
        topic.send([good(1)])
        topic.wait("the one good event", lambda: topic.total("count") == 1)


def test_the_sampler_shows_good_and_bad_messages(stack: Any, fresh_name: Callable[[str], str]) -> None:
    with supervised_topic(stack.router_url, stack.bootstrap, fresh_name("extension_sampler")) as topic:
        # The good ones in different minutes: the sampler rolls up, too.
        topic.send([good(1), BAD["one byte short"], good(120_000), BAD["empty value"]])
        spec = topic.spec(inline({1: SCHEMA}), ["kind"], SUMS)
        answer = topic.call(
            "POST",
            "/druid/indexer/v1/sampler",
            {"type": "kafka", "spec": spec, "samplerConfig": {"numRows": 4, "timeoutMs": 100_000}},
        )
        first, second, third, fourth = answer["data"]
        assert first["input"]["session_id"] == "s1"
        assert first["parsed"]["kind"] == "play"
        assert third["input"]["segments"] == ["sports"]
        assert "field 'bits': message ends" in second["error"]
        assert "shorter than its header" in fourth["error"]
        assert (second["unparseable"], fourth["unparseable"]) == (True, True)
