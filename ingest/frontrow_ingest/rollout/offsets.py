"""Setting a datasource's offsets anew, with what it costs counted first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from frontrow_ingest.druid import Supervisors
from frontrow_ingest.errors import SupervisorError


@dataclass(frozen=True)
class PartitionReset:
    """One partition, and what setting its offset means.

    Attributes:
        kept: the offset up to which rows are in segments, or are about to be
        reads: the offset read next, as of some seconds ago; what lies between can be asked for, and is read anew
        to: the offset that would be read next
        begin, end: of what Kafka holds
    """

    partition: int
    kept: int
    reads: int
    to: int
    begin: int
    end: int

    @property
    def skipped(self) -> int:
        """Records that would never be counted."""
        return max(0, self.to - max(self.kept, self.begin))

    @property
    def reread(self) -> int:
        """Records in segments that would be counted a second time."""
        return max(0, self.kept - max(self.to, self.begin))

    @property
    def forgotten(self) -> int:
        """Records that can be asked for now, and are among those skipped."""
        return max(0, min(self.to, self.reads) - self.kept)

    @property
    def lost(self) -> int:
        """Records that Kafka no longer holds and that were never kept: no reset brings them back."""
        return max(0, self.begin - self.kept)


@dataclass(frozen=True)
class ResetPlan:
    """What setting the offsets of a datasource means, by partition."""

    name: str
    topic: str
    partitions: tuple[PartitionReset, ...]

    @property
    def skipped(self) -> int:
        """Records that would never be counted."""
        return sum(each.skipped for each in self.partitions)

    @property
    def reread(self) -> int:
        """Records that would be counted a second time."""
        return sum(each.reread for each in self.partitions)

    def words(self) -> list[str]:
        """What would happen, a line for each partition and one for all."""
        said = []
        for each in self.partitions:
            parts = [f"kept up to {each.kept:,}, would go on at {each.to:,}"]
            if each.skipped:
                also = f", of which {each.forgotten:,} can be asked for now" if each.forgotten else ""
                parts.append(
                    f"skips {each.skipped:,} records ({max(each.kept, each.begin):,} to {each.to - 1:,}){also}"
                )
            if each.reread:
                parts.append(f"reads {each.reread:,} records again ({max(each.to, each.begin):,} to {each.kept - 1:,})")
            if each.lost:
                parts.append(f"{each.lost:,} records before {each.begin:,} are in Kafka no more")
            if not each.skipped and not each.reread:
                parts.append("skips nothing, counts nothing twice")
            said.append(f"{self.topic}-{each.partition}: {'; '.join(parts)}")
        said.append(
            f"In all, {self.skipped:,} records would never be counted and {self.reread:,} would be counted twice."
        )
        return said


def plan_reset(
    supervisors: Supervisors,
    name: str,
    begins: Mapping[int, int],
    ends: Mapping[int, int],
    *,
    to: str | Mapping[int, int],
) -> ResetPlan:
    """Count what a reset would do.

    The offsets that Druid has stored are told by the tasks: the oldest that reads or publishes begins there. Where one
    task hands over segments while it reads, more is stored than that; then fewer records are read again.

    Args:
        begins, ends: of the topic's partitions
        to: ``earliest``, ``latest``, or the offset of each partition that is to change

    Raises:
        SupervisorError: it does not run, its tasks do not tell, or an offset is not in the topic
    """
    topic, tasks = supervisors.offsets(name)
    if not tasks:
        raise SupervisorError(f"supervisor {name!r} has no task that tells its offsets yet: ask again in some seconds.")
    wanted = {"earliest": begins, "latest": ends}.get(to, {}) if isinstance(to, str) else to
    strange = sorted(number for number in wanted if number not in ends)
    if strange:
        raise SupervisorError(f"topic {topic!r} has no partition {strange[0]}: there are {sorted(ends)}.")
    found = []
    for number in sorted(wanted):
        kept = min((began[number] for began, _ in tasks if number in began), default=begins[number])
        reads = max((current[number] for _, current in tasks if number in current), default=kept)
        target = wanted[number]
        if not begins[number] <= target <= ends[number]:
            raise SupervisorError(
                f"partition {number} of {topic!r} has {begins[number]:,} to {ends[number]:,}, but not {target:,}."
            )
        found.append(PartitionReset(number, kept, reads, target, begins[number], ends[number]))
    return ResetPlan(name, topic, tuple(found))


def reset(supervisors: Supervisors, plan: ResetPlan) -> None:
    """Set the offsets: tasks that read end without keeping what no segment has, and new ones begin where told."""
    supervisors.reset_offsets(plan.name, plan.topic, {each.partition: each.to for each in plan.partitions})


def parse_to(text: str) -> str | dict[int, int]:
    """What ``--to`` says: a word, or ``0=1200,1=1180``.

    Raises:
        ValueError: it is neither
    """
    if text in ("earliest", "latest"):
        return text
    pairs: list[Any] = [part.split("=") for part in text.split(",")]
    return {int(number): int(offset) for number, offset in pairs}
