"""The plan of a rollout: what would change, whether it may, and what Druid makes of real records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from frontrow import DruidTransport
from frontrow_ingest.druid import Supervisors
from frontrow_ingest.errors import SupervisorError
from frontrow_ingest.rollout.changes import Change, Effect, compare
from frontrow_ingest.rollout.sampling import Sample, Scratch, take_sample
from frontrow_ingest.rollout.shape import Json, read_shape
from frontrow_ingest.rollout.standing import Standing, has_rows, settled
from frontrow_specs import (
    RollupSpec,
    SchemaIncompatible,
    current_schema_id,
    released_schemas,
    topic_fields,
    topic_names,
)
from frontrow_specs.compatibility import check_schema
from frontrow_specs.validate import columns_read


class Verdict(Enum):
    """What applying would do."""

    NOTHING = "nothing to do"
    UNFINISHED = "applied, but does not ingest"
    CREATE = "would start"
    CHANGE = "would change"
    REFUSED = "refused"


@dataclass(frozen=True)
class Plan:
    """What applying a spec would do to a datasource.

    Attributes:
        wanted: the supervisor that would be submitted
        standing: where the datasource stands
        changes: against what runs, or ran last
        sample: what Druid makes of real records; None where it was not asked
        notes: what else is worth knowing
    """

    name: str
    wanted: Json
    standing: Standing
    changes: tuple[Change, ...]
    sample: Sample | None = None
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """What applying would do."""
        if any(change.stops for change in self.changes):
            return Verdict.REFUSED
        if self.standing.running is None:
            return Verdict.CREATE
        if self.changes:
            return Verdict.CHANGE
        status = self.standing.status
        return Verdict.NOTHING if status is not None and status.ingesting else Verdict.UNFINISHED


def make_plan(
    transport: DruidTransport,
    spec: RollupSpec,
    wanted: Json,
    *,
    scratch: Scratch | None = None,
    registry: bool = True,
) -> Plan:
    """Plan to apply a spec that keeps every rule of ``frontrow specs validate``.

    Args:
        wanted: the supervisor made of the spec
        scratch: where to take records for Druid's sampler from; without it Druid is not asked
        registry: whether to check the topic's schema in the tree against the released ones, too

    Raises:
        FrontrowError: Druid does not answer
    """
    name = str(wanted["spec"]["dataSchema"]["dataSource"])
    standing = settled(Supervisors(transport), name)
    base = standing.running or (standing.newest.spec if standing.newest else None)
    rows = has_rows(transport, name)
    changes = [] if base is None else compare(base, wanted, has_rows=rows)
    changes += _unreleased(spec)
    notes = list(_notes(standing, wanted, rows))
    if registry and (said := _registry(spec.topic)):
        changes.append(Change(Effect.REFUSED, f"schema of {spec.topic}", said))
    sample = None
    if scratch is not None and not any(change.stops for change in changes):
        sample = take_sample(transport, wanted, scratch, _new_columns(base, wanted))
        changes += _unfit(sample)
    return Plan(name, wanted, standing, tuple(changes), sample, tuple(notes))


def refuse(plans: list[Plan]) -> None:
    """Stop at plans that may not be applied.

    Raises:
        SupervisorError: names every reason
    """
    said = [f"{plan.name}: {change}" for plan in plans for change in plan.changes if change.stops]
    if said:
        raise SupervisorError("\n".join(["nothing was submitted.", *said]))


def _notes(standing: Standing, wanted: Json, rows: bool) -> Iterator[str]:
    if standing.newest is None and rows:
        yield (
            "holds rows, but Druid remembers no supervisor of this name: if offsets are kept for it, they may be those "
            "of another topic, and are used or ignored by Druid without a word. Compare: frontrow specs reset."
        )
    topic = read_shape(wanted).topic
    for version in standing.versions:
        if version.spec is not None and (other := read_shape(version.spec).topic) != topic:
            yield (
                f"version {version.number} read the topic {other}: Druid keeps one topic's offsets for a datasource, "
                f"and may not keep what is read of {topic} while they are those of {other}."
            )
            break
    if (found := standing.earlier(wanted)) is not None:
        was, after = found
        ended = "it was ended" if after.spec is None else "another was put in its place"
        yield f"the same ran as version {was.number}, until {after.number}, when {ended}."


def _unreleased(spec: RollupSpec) -> Iterator[Change]:
    """Fields that are in the tree's schema, but in no message yet."""
    if spec.topic not in topic_names():
        return
    number = current_schema_id(spec.topic)
    tree = topic_fields(spec.topic).keys()
    known = {field["name"] for field in released_schemas(spec.topic)[number]["fields"]}
    for column, fields in columns_read(spec).items():
        for field in sorted((fields & tree) - known):
            words = f"reads the field {field}, which schema id {number} of {spec.topic}, the newest released, lacks."
            yield Change(Effect.REFUSED, column, words, f"Release it: frontrow schema release --topic {spec.topic}.")


def _registry(topic: str) -> str:
    if topic not in topic_names():
        return ""
    try:
        check_schema(topic=topic)
    except SchemaIncompatible as error:
        return str(error)
    return ""


def _new_columns(base: Json | None, wanted: Json) -> list[str]:
    new = read_shape(wanted)
    columns = [*new.dimensions, *new.metrics]
    if base is None:
        return columns
    old = read_shape(base)
    return [name for name in columns if name not in old.dimensions and name not in old.metrics]


def _unfit(sample: Sample) -> Iterator[Change]:
    if sample.refusal:
        yield Change(Effect.REFUSED, "spec", f"Druid's sampler does not take it: {sample.refusal}")
    elif sample.read and not sample.parsed:
        errors = "; ".join(sample.errors)
        yield Change(Effect.REFUSED, "records", f"none of the last {sample.read} can be read with it: {errors}")
