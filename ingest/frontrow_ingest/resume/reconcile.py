"""What an earlier run sent after its last checkpoint, read back from the topic itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from frontrow_ingest.contract import WireError, decode
from frontrow_ingest.resume.errors import TopicChangedError
from frontrow_ingest.resume.log import TopicLog
from frontrow_ingest.seen import SeenStore, SeenWindow

SAVE_EVERY = 100_000
_ROUNDS = 3


@dataclass(frozen=True)
class Reconciled:
    """What the topic told.

    Attributes:
        read: records behind the checkpoint, whoever wrote them
        learnt: events among them that the state did not know
        unknown: records behind the checkpoint that the topic holds no more: whether events of an earlier run were among
            them, to be sent again now, cannot be known
    """

    read: int = 0
    learnt: int = 0
    unknown: int = 0


def topic_fact(topic: str, identity: str | None, ends: Mapping[int, int]) -> dict[str, object]:
    """The part of a checkpoint that tells of the topic: everything before the ends is recorded, or was never ours."""
    return {"name": topic, "id": identity, "ends": {str(partition): end for partition, end in ends.items()}}


def reconcile(store: SeenStore, window: SeenWindow, log: TopicLog, *, learn: bool = False) -> Reconciled:
    """Bring the state up to what the topic holds; to be done before anything is sent.

    Reads from the checkpoint to the topic's end; a state that is new begins at the end, or, to ``learn``, at the
    topic's beginning. Raises TopicChangedError, TopicUnreadableError and what the store raises.
    """
    bounds = log.bounds()
    identity = log.identity()
    starts, unknown = _starts(store, log.topic, identity, bounds, learn=learn)
    window.save({"topic": topic_fact(log.topic, identity, starts)})
    read = learnt = 0
    # What a killed run had under way may be stored while this one reads: look again at where the topic ends.
    for _ in range(_ROUNDS):
        ends = {partition: end for partition, (_, end) in bounds.items()}
        for seen_before in _events(window, log, starts, ends):
            read += 1
            learnt += not seen_before
            if not read % SAVE_EVERY or window.crowded:
                window.save()  # the checkpoint stays; a mark of an event that is stored is true at any time
        window.save({"topic": topic_fact(log.topic, identity, ends)})
        starts = ends
        bounds = log.bounds()
        if all(end == starts.get(partition) for partition, (_, end) in bounds.items()):
            break
    return Reconciled(read, learnt, unknown)


def _starts(
    store: SeenStore, topic: str, identity: str | None, bounds: Mapping[int, tuple[int, int]], *, learn: bool
) -> tuple[dict[int, int], int]:
    """Where to read from, and how many records before that are gone."""
    begins = {partition: begin for partition, (begin, _) in bounds.items()}
    known = store.fact("topic")
    if known is None:
        return begins if learn else {partition: end for partition, (_, end) in bounds.items()}, 0
    if known["name"] != topic:
        raise TopicChangedError(topic, f"is not the one of this state, which is {known['name']}")
    if identity and known["id"] and identity != known["id"]:
        raise TopicChangedError(topic, "was deleted and made anew")
    ends = {int(partition): end for partition, end in known["ends"].items()}
    for partition, end in ends.items():
        if partition not in bounds or bounds[partition][1] < end:
            raise TopicChangedError(topic, f"holds less than it did: partition {partition} ended at {end}")
    if learn:
        return begins, 0
    # A partition that the checkpoint does not know was added later.
    starts = {partition: max(begin, ends.get(partition, 0)) for partition, begin in begins.items()}
    return starts, sum(starts[partition] - end for partition, end in ends.items())


def _events(window: SeenWindow, log: TopicLog, starts: Mapping[int, int], ends: Mapping[int, int]) -> Iterator[bool]:
    """Mark every stored event as seen; tells of each whether it had been."""
    starts = {partition: starts.get(partition, 0) for partition in ends}
    for record in log.read(starts, ends):
        try:
            event = decode(record.value)
        except WireError:
            yield True  # not an event: none that could be sent again
            continue
        yield not window.is_new(event["session_id"], event["seq"])
