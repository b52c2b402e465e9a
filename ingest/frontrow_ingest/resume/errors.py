"""Why a run cannot go on where another stopped.

::

    StateError
    ├── InputChangedError      the file is not the one that was being sent
    ├── TopicChangedError      the topic is not the one that it was being sent to
    └── TopicUnreadableError   what the topic holds cannot be read back
"""

from __future__ import annotations

from pathlib import Path

from frontrow_ingest.errors import StateError


class InputChangedError(StateError):
    """The file's first ``offset`` bytes are not those that were read before."""

    def __init__(self, path: Path, offset: int, what: str) -> None:
        self.path = path
        self.offset = offset
        super().__init__(
            f"{path} {what} since {offset} bytes of it were sent, so there is no place in it to go on from: restore "
            "it, or send it from the start with --state, without --resume; what was sent before is still not sent twice"
        )


class TopicChangedError(StateError):
    """The topic is another one than the state tells of."""

    def __init__(self, topic: str, what: str) -> None:
        self.topic = topic
        super().__init__(
            f"topic {topic} {what}; the state tells of events that are not in it any more, and which of them Druid has "
            "counted cannot be known: to send everything again, move the state away; to go on, restore the topic"
        )


class TopicUnreadableError(StateError):
    """What the topic holds could not be read back. Nothing was sent."""

    retryable = True

    def __init__(self, topic: str, bootstrap: str, why: str) -> None:
        self.topic = topic
        self.bootstrap = bootstrap
        super().__init__(
            f"topic {topic} at {bootstrap} cannot be read back ({why}), so what an earlier run sent is not known: "
            "check the broker (frontrow stack status) and your right to read the topic, then run again"
        )
