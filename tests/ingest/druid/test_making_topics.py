"""A topic is made once, and awaited; kafka-python's client is replaced."""

from __future__ import annotations

from typing import Any

import pytest
from kafka import errors as kafka_errors

from frontrow_ingest.druid import ensure_topic
from frontrow_ingest.errors import SupervisorError


class Admin:
    """Stands for kafka-python's admin client. A topic is listed, and another process may make it first."""

    listed: tuple[str, ...] = ()
    overtaken = False
    ready = True

    def __init__(self, **_: Any) -> None:
        self.done: list[str] = []
        type(self).last = self  # type: ignore[attr-defined]

    def list_topics(self) -> list[str]:
        return list(self.listed)

    def create_topics(self, topics: Any, **_: Any) -> None:
        (topic,) = topics
        self.done.append(f"make {topic.name} of {topic.num_partitions}")
        if self.overtaken:
            raise kafka_errors.TopicAlreadyExistsError("x")

    def wait_for_topics(self, topics: list[str], **_: Any) -> None:
        self.done.append(f"await {', '.join(topics)}")
        if not self.ready:
            raise kafka_errors.KafkaTimeoutError("Topics not ready")

    def close(self) -> None:
        self.done.append("close")


@pytest.fixture
def admin(monkeypatch: pytest.MonkeyPatch) -> Any:
    class Fresh(Admin):
        pass

    monkeypatch.setattr("kafka.admin.KafkaAdminClient", Fresh)
    return Fresh


def test_a_new_topic_is_awaited(admin: Any) -> None:
    assert ensure_topic("broker:1", "events", partitions=3) is True
    assert admin.last.done == ["make events of 3", "await events", "close"]


def test_one_that_another_process_made_a_moment_ago_is_awaited_too(admin: Any) -> None:
    admin.overtaken = True
    assert ensure_topic("broker:1", "events") is False
    assert admin.last.done == ["make events of 2", "await events", "close"]


def test_one_that_is_there_is_left_alone(admin: Any) -> None:
    admin.listed = ("events",)
    assert ensure_topic("broker:1", "events") is False
    assert admin.last.done == ["close"]


def test_one_that_never_has_leaders_is_told(admin: Any) -> None:
    admin.ready = False
    with pytest.raises(SupervisorError, match="Topics not ready"):
        ensure_topic("broker:1", "events")
    assert admin.last.done[-1] == "close"
