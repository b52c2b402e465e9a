"""The topics' Avro schemas: the one in the tree, and the released ones by their id on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from frontrow_specs.errors import SpecInvalid, SpecNotFound
from frontrow_specs.files import load_json, near, package_file

PRIVACY_CLASSES = ("identifier", "quasi-identifier", "measure", "public")
EVENTS = "events"


@dataclass(frozen=True)
class Field:
    """One field of a topic's records.

    Attributes:
        type: Avro's name of the type, of the branch that is not null for an optional field
        symbols: the values of an enum, else empty
        privacy: one of ``PRIVACY_CLASSES``
    """

    name: str
    type: str
    nullable: bool
    privacy: str
    doc: str
    symbols: tuple[str, ...] = ()


def topic_names() -> list[str]:
    """The topics that have a schema."""
    return sorted(_registry()["topics"])


def topic_schema(topic: str) -> dict[str, Any]:
    """The schema in the tree of a topic's records, as JSON values. A new copy each time.

    Raises:
        SpecNotFound: no such topic is registered
    """
    schemas = _registry()["schemas"]
    _check_known(topic, schemas)
    schema: dict[str, Any] = load_json(package_file("avro", schemas[topic]))
    return schema


def event_schema() -> dict[str, Any]:
    """The viewing event's schema in the tree, as JSON values. A new copy each time."""
    return topic_schema(EVENTS)


def released_schemas(topic: str = EVENTS) -> dict[int, dict[str, Any]]:
    """Released schemas of a topic by their id on the wire, ascending. A new copy each time.

    Raises:
        SpecNotFound: no such topic is registered
    """
    topics = _registry()["topics"]
    _check_known(topic, topics)
    return {
        number: load_json(package_file("avro", *topics[topic][str(number)].split("/")))
        for number in sorted(int(key) for key in topics[topic])
    }


def current_schema_id(topic: str = EVENTS) -> int:
    """The id that producers write now: the newest released one."""
    return max(released_schemas(topic))


@lru_cache(maxsize=16)
def topic_fields(topic: str) -> dict[str, Field]:
    """Fields of a topic's records by name, in the order of the schema.

    Raises:
        SpecNotFound: no such topic is registered
    """
    return {field.name: field for field in read_fields(topic_schema(topic))}


def event_fields() -> dict[str, Field]:
    """Fields of the event by name, in the order of the schema."""
    return topic_fields(EVENTS)


def read_fields(schema: dict[str, Any]) -> list[Field]:
    """The fields of a record schema.

    Raises:
        SpecInvalid: it is not a record, or a field has no privacy class
    """
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise SpecInvalid("a topic's schema is an Avro record.")
    return [_field(entry) for entry in schema["fields"]]


def _field(entry: dict[str, Any]) -> Field:
    name, declared = entry["name"], entry["type"]
    nullable = isinstance(declared, list)
    if nullable:
        (declared,) = (branch for branch in declared if branch != "null")
    kind = declared["type"] if isinstance(declared, dict) else declared
    privacy = entry.get("privacy")
    if privacy not in PRIVACY_CLASSES:
        raise SpecInvalid(
            f"field {name!r} has the privacy class {privacy!r}: give it one of {', '.join(PRIVACY_CLASSES)}."
        )
    symbols = tuple(declared.get("symbols", ())) if isinstance(declared, dict) else ()
    return Field(name, kind, nullable, privacy, entry.get("doc", ""), symbols)


def _registry() -> dict[str, Any]:
    registry: dict[str, Any] = load_json(package_file("avro", "registry.json"))
    return registry


def _check_known(topic: str, topics: Mapping[str, Any]) -> None:
    if topic not in topics:
        raise SpecNotFound(f"no topic {topic!r} in the schema registry: {near(topic, topics)}")
