"""Deleting what is out of use: only what is so long enough, and a task that fails or takes too long is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from frontrow_ingest.druid import Unused, Upkeeping
from frontrow_ingest.errors import UpkeepError
from frontrow_ingest.testing import MemoryDruid

HOUR = timedelta(hours=1)


class Dropped(MemoryDruid):
    """Two segments are out of use, for two hours and for two minutes; tasks end as they are told to."""

    def __init__(self, *states: str) -> None:
        super().__init__()
        self.tasks: list[Any] = []
        self._states = [*states]

    def request_json(self, method: str, path: str, body: Any = None, *, timeout: float | None = None) -> Any:
        if path.endswith("/unusedSegments"):
            now = datetime.now(UTC)
            since = {100: now - 2 * HOUR, 10: now - timedelta(minutes=2)}
            return [
                {"dataSegment": {"size": size}, "usedStatusLastUpdatedDate": moment.isoformat()}
                for size, moment in since.items()
            ]
        if path == "/druid/indexer/v1/task":
            self.tasks.append(body)
            return {"task": "kill_1"}
        if path == "/druid/indexer/v1/task/kill_1/status":
            return {"status": {"statusCode": self._states.pop(0) if len(self._states) > 1 else self._states[0]}}
        return super().request_json(method, path, body, timeout=timeout)


def test_only_what_is_out_of_use_for_long() -> None:
    druid, told = Dropped("WAITING", "RUNNING", "SUCCESS"), []
    assert Upkeeping(druid).purge("live", for_at_least=HOUR, waiting=told.append) == Unused(1, 100)
    (task,) = druid.tasks
    assert (task["type"], task["dataSource"]) == ("kill", "live")
    assert datetime.fromisoformat(task["maxUsedStatusLastUpdatedTime"]) < datetime.now(UTC) - HOUR + timedelta(
        minutes=1
    )
    assert told == ["kill_1: WAITING", "kill_1: RUNNING"]


def test_everything_that_is_out_of_use() -> None:
    assert Upkeeping(Dropped("SUCCESS")).purge("live", for_at_least=timedelta(0)) == Unused(2, 110)


def test_nothing_is_asked_for_where_nothing_is_old_enough() -> None:
    druid = Dropped("SUCCESS")
    assert Upkeeping(druid).purge("live", for_at_least=24 * HOUR) == Unused(0, 0)
    assert druid.tasks == []


def test_a_task_that_fails() -> None:
    with pytest.raises(UpkeepError, match=r"the task kill_1 failed\. Look at the overlord.s log: frontrow stack logs"):
        Upkeeping(Dropped("RUNNING", "FAILED")).purge("live", for_at_least=HOUR)


def test_a_task_that_takes_too_long() -> None:
    with pytest.raises(UpkeepError, match=r"waited 0 s for the task kill_1, which is RUNNING.* is a task slot free"):
        Upkeeping(Dropped("RUNNING")).purge("live", for_at_least=HOUR, deadline_s=0)
