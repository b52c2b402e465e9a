"""The demonstration shows a first answer, also of an event that is over before Druid has answered."""

from __future__ import annotations

import io
import math
import time
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from frontrow import Completeness
from frontrow_ingest.cli import demo
from frontrow_ingest.demo.watch import Snapshot

NUMBERS = {"startup_time_p50": 1.0, "rebuffer_ratio": 0.0, "plays": 3}
COMPLETE = Completeness(1.0, sent=3)


def a_snapshot(completeness: Completeness = COMPLETE) -> Snapshot:
    return Snapshot(None, (), NUMBERS, [("Arena One", 3)], None, completeness, 1.0)


class Late:
    """Stands for a watcher that gets an answer at its third look."""

    looks = 0

    def look(self) -> Snapshot | None:
        self.looks += 1
        return None if self.looks < 3 else a_snapshot()


def a_feed(*, acknowledged: int, done: bool = True, ended_s_ago: float = 0.0) -> Any:
    ended = time.monotonic() - ended_s_ago if done else math.inf
    return SimpleNamespace(done=done, ended=ended, stats=SimpleNamespace(acknowledged=acknowledged))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(demo.time, "sleep", lambda _: None)

    def watch(feed: Any) -> tuple[str, int]:
        text, watcher = io.StringIO(), Late()
        monkeypatch.setattr(demo._Plain, "console", Console(file=text))
        demo._watch(Console(file=text), feed, watcher, time.monotonic())  # type: ignore[arg-type]
        return text.getvalue(), watcher.looks

    return watch


def test_the_first_answer_is_waited_for_and_no_second_one(said: Any) -> None:
    text, looks = said(a_feed(acknowledged=3))
    assert text.count("first answer after") == 1
    assert "top title Arena One" in text
    assert looks == 3


def test_it_says_how_complete_the_numbers_are() -> None:
    assert demo._line(a_snapshot()).endswith("· 100 % complete")
    slow = Completeness(None, reason="a sentence about Druid, which is too long for a line")
    assert demo._line(a_snapshot(slow)).endswith("· completeness unknown")


def test_of_a_feed_that_sent_nothing_there_is_none_to_wait_for(said: Any) -> None:
    assert said(a_feed(acknowledged=0)) == ("", 0)


def test_it_is_not_waited_for_without_end(said: Any) -> None:
    assert said(a_feed(acknowledged=3, ended_s_ago=1_000)) == ("", 0)
