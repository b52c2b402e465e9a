"""What a changed spec means for rows that are there and for rows to come, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from frontrow_ingest.rollout.shape import Column, Json, Shape, grain_s, grain_words, plain, read_shape, same


class Effect(Enum):
    """How far a change reaches, from nowhere to not at all."""

    NONE = "none"
    """No row differs."""
    READS = "reads differently"
    """The tasks are replaced; rows stay what they were."""
    FROM_NOW = "from now on"
    """Rows to come differ from those that are there."""
    NEW_NAME = "needs a new name"
    """The same datasource cannot go on with it."""
    REFUSED = "refused"
    """Old and new rows could not be added up, or records would be lost."""


@dataclass(frozen=True)
class Change:
    """One difference between what runs and what is wanted.

    Attributes:
        subject: the column or setting
        words: what it is and what follows
        fix: what to do instead, where it is not done
    """

    effect: Effect
    subject: str
    words: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.subject}: {self.words}{' ' + self.fix if self.fix else ''}"

    @property
    def stops(self) -> bool:
        """Whether nothing is submitted because of it."""
        return self.effect in (Effect.NEW_NAME, Effect.REFUSED)


_OTHER_NAME = "Give the column another name, and keep this one until nobody asks for it."
# What a person can know of a setting beyond its path.
_SAID = {
    "suspended": "it reads on from where it was suspended",
    "ioConfig.taskCount": "as many tasks read side by side, one slot each",
    "ioConfig.replicas": "so many tasks read the same, one slot each",
    "ioConfig.taskDuration": "that often a task publishes and the next begins",
    "ioConfig.useEarliestOffset": "counts only where no offset is stored",
    "ioConfig.consumerProperties.bootstrap.servers": (
        "offsets stay; if it is another cluster, they mean other records there"
    ),
}
_REJECTION = {
    "ioConfig.lateMessageRejectionPeriod": "events that are older when a task begins are dropped unseen",
    "ioConfig.earlyMessageRejectionPeriod": "events further ahead than that of a task's end are dropped unseen",
}


def compare(running: Json, wanted: Json, *, has_rows: bool) -> list[Change]:
    """Every difference that would matter, in the order of a spec.

    Args:
        running: the supervisor as Druid gives it back
        wanted: the supervisor that would be submitted
        has_rows: whether the datasource holds anything yet: without rows, nothing contradicts them
    """
    old, new = read_shape(running), read_shape(wanted)
    found = list(_topic(old, new)) or list(_schemas(old, new))
    rows = [*_grain(old, new), *_record(old, new), *_dimensions(old, new), *_metrics(old, new)]
    found += rows if has_rows else [_without_rows(change) for change in rows]
    found += _settings(old, new)
    return found


def _without_rows(change: Change) -> Change:
    if change.effect is not Effect.REFUSED:
        return change
    return replace(
        change, effect=Effect.FROM_NOW, words=f"{change.words} There are no rows yet to differ from.", fix=""
    )


def _topic(old: Shape, new: Shape) -> Iterator[Change]:
    if old.topic != new.topic:
        yield Change(
            Effect.NEW_NAME,
            "topic",
            f"{old.topic} becomes {new.topic}: the offsets kept for the datasource are those of {old.topic}.",
            "Apply it under another name (--prefix, or name in the file); both can run side by side.",
        )


def _schemas(old: Shape, new: Shape) -> Iterator[Change]:
    for number in sorted({*old.schemas, *new.schemas}, key=int):
        subject = f"schema id {number}"
        if number not in new.schemas:
            words = "is not read any more: every record that it wrote would be unparseable."
            yield Change(Effect.REFUSED, subject, words, "Released schemas stay in registry.json.")
        elif number not in old.schemas:
            yield Change(Effect.READS, subject, "is read from now on; older records are read as the newest schema.")
        elif new.schemas[number] != old.schemas[number]:
            words = "has another content than when it was applied: records would be read wrongly."
            yield Change(Effect.REFUSED, subject, words, "A released schema never changes: frontrow schema check.")


def _grain(old: Shape, new: Shape) -> Iterator[Change]:
    before, after = grain_s(old.query_granularity), grain_s(new.query_granularity)
    if not same(new.query_granularity, old.query_granularity) and before != after:
        words = (
            f"rows by the {grain_words(old.query_granularity)} become rows by the {grain_words(new.query_granularity)}"
        )
        if before is not None and after is not None and after < before:
            yield Change(Effect.FROM_NOW, "queryGranularity", f"{words}; older rows keep their grain.")
        else:
            yield Change(
                Effect.REFUSED,
                "queryGranularity",
                f"{words}: what is asked finer than that would be wrong from then on, and the detail cannot come back.",
                "Make a datasource of another name for the coarse rows.",
            )
    if not same(new.segment_granularity, old.segment_granularity):
        words = f"{grain_words(old.segment_granularity)} becomes {grain_words(new.segment_granularity)}"
        yield Change(
            Effect.FROM_NOW, "segmentGranularity", f"{words}; segments that are there stay. No answer differs."
        )

    if new.rollup != old.rollup:
        words = "equal rows are merged from now on." if new.rollup else "every record is a row from now on."
        yield Change(Effect.FROM_NOW, "rollup", words)


def _record(old: Shape, new: Shape) -> Iterator[Change]:
    """What a record is, before it becomes a row."""
    if not same(new.time, old.time):
        words = f"the time of a row was {_column_of(old.time)} and would be {_column_of(new.time)}."
        yield Change(Effect.REFUSED, "time", words, "Make a datasource of another name.")
    if new.only != old.only:
        words = "other records would be counted: sums before and after would not compare."
        yield Change(Effect.REFUSED, "transform filter", words, "Make a datasource of another name.")
    for name in sorted({*old.transforms, *new.transforms}):
        before, after = old.transforms.get(name, "the field"), new.transforms.get(name, "the field")
        if name in old.dimensions and name in new.dimensions and before != after:
            words = f"another meaning under the same name: {before} becomes {after}."
            yield Change(Effect.REFUSED, f"dimension {name}", words, _OTHER_NAME)


def _column_of(time: Json) -> str:
    return f"{time.get('column')} ({time.get('format')})"


def _dimensions(old: Shape, new: Shape) -> Iterator[Change]:
    for name, settings in new.dimensions.items():
        subject = f"dimension {name}"
        if name in old.metrics:
            yield Change(Effect.REFUSED, subject, "is a metric in the rows that are there.", _OTHER_NAME)
        elif name not in old.dimensions:
            words = "rows are kept apart by it from now on, so that fewer events share a row; older rows answer null."
            yield Change(Effect.FROM_NOW, subject, f"added: {words}")
        elif settings["type"] != old.dimensions[name]["type"]:
            words = f"type change: {old.dimensions[name]['type']} becomes {settings['type']}."
            yield Change(Effect.REFUSED, subject, words, _OTHER_NAME)
        elif settings != old.dimensions[name]:
            ways = f"{old.dimensions[name]['multiValueHandling']} becomes {settings['multiValueHandling']}"
            yield Change(Effect.FROM_NOW, subject, f"several values are kept otherwise: {ways}.")
    for name in old.dimensions:
        if name not in new.dimensions and name not in new.metrics:
            words = "rows are not kept apart by it from now on; older rows keep it, newer ones answer null."
            yield Change(Effect.FROM_NOW, f"dimension {name}", f"removed: {words}")
    kept = [name for name in old.dimensions if name in new.dimensions]
    if kept != [name for name in new.dimensions if name in old.dimensions]:
        yield Change(Effect.FROM_NOW, "order of dimensions", "rows are sorted otherwise: speed and size, no answer.")


def _metrics(old: Shape, new: Shape) -> Iterator[Change]:
    gone = [column for name, column in old.metrics.items() if name not in new.metrics]
    for name, column in new.metrics.items():
        subject = f"metric {name}"
        before = old.metrics.get(name)
        if name in old.dimensions:
            yield Change(Effect.REFUSED, subject, "is a dimension in the rows that are there.", _OTHER_NAME)
        elif before is not None:
            yield from _changed(subject, before, column)
        elif renamed := [
            was for was in gone if was.meaning == column.meaning and same(column.precision, was.precision)
        ]:
            words = f"is {renamed[0].name} under another name: no row has both, so that neither answers for all time."
            yield Change(Effect.REFUSED, subject, words, f"Keep the name {renamed[0].name}, or keep both columns.")
            gone.remove(renamed[0])
        else:
            yield Change(Effect.FROM_NOW, subject, "added: kept from now on; older rows answer null and add nothing.")
    for column in gone:
        words = "removed: not kept from now on; newer rows answer null and add nothing."
        yield Change(Effect.FROM_NOW, f"metric {column.name}", words)


def _changed(subject: str, before: Column, after: Column) -> Iterator[Change]:
    """A column that stays under its name."""
    was, now = before.meaning, after.meaning
    if was.get("type") != now.get("type"):
        words = f"type change: {was.get('type')} becomes {now.get('type')}; Druid cannot merge the two."
        yield Change(Effect.REFUSED, subject, words, _OTHER_NAME)
    elif was != now:
        words = f"another meaning under the same name: {_meaning(was)} becomes {_meaning(now)}."
        yield Change(Effect.REFUSED, subject, words, _OTHER_NAME)
    elif not same(after.precision, before.precision):
        differing = {key: entry for key, entry in after.precision.items() if not same(entry, before.precision.get(key))}
        words = ", ".join(f"{key} {before.precision.get(key)} becomes {entry}" for key, entry in differing.items())
        if "stringEncoding" in differing:
            yield Change(Effect.REFUSED, subject, f"{words}: the same viewer would count twice.", _OTHER_NAME)
        else:
            yield Change(Effect.FROM_NOW, subject, f"{words}; together with older rows, the coarser of both counts.")


def _meaning(meaning: Json) -> str:
    read = meaning.get("expression") or meaning.get("fieldName") or "events"
    condition = meaning.get("filter")
    return f"{meaning.get('type')} of {read}{f' where {_filter(condition)}' if condition else ''}"


def _filter(condition: Any) -> str:
    if not isinstance(condition, Mapping):
        return str(condition)
    if condition.get("type") in ("and", "or"):
        return f" {condition['type']} ".join(_filter(part) for part in condition["fields"])
    if "dimension" in condition and "value" in condition:
        return f"{condition['dimension']}={condition['value']}"
    return str(plain(condition))


def _settings(old: Shape, new: Shape) -> Iterator[Change]:
    """Reading and tuning. A setting that the wanted spec does not name is Druid's own matter, but for a few."""
    for path in sorted({*new.rest, *(path for path in old.rest if _is_ours(path))}):
        before, after = old.rest.get(path), new.rest.get(path)
        if same(after, before):
            continue
        words = f"{_value(before)} becomes {_value(after)}"
        if path in _REJECTION:
            yield Change(Effect.FROM_NOW, path, f"{words}: {_REJECTION[path]}.")
        else:
            said = f": {_SAID[path]}" if path in _SAID else ""
            yield Change(Effect.READS, path, f"{words}{said}. The tasks are replaced; rows do not differ.")


def _is_ours(path: str) -> bool:
    """Settings that are there only because somebody asked for them."""
    return path in _REJECTION or path.startswith(("ioConfig.consumerProperties.", "context."))


def _value(value: Any) -> str:
    return "none" if value is None else str(value)
