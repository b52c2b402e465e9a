"""Whether a changed schema can live beside the released ones; the ``avro`` package judges."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from frontrow_specs.avro_schemas import EVENTS, read_fields, released_schemas, topic_schema
from frontrow_specs.errors import SchemaIncompatible, SpecInvalid
from frontrow_specs.files import load_json, package_file


def check_schema(schema: Mapping[str, Any] | None = None, *, topic: str = EVENTS) -> list[int]:
    """Refuse a schema that old or new readers could not live with.

    Both ways, for every released schema: readers of the new one must understand what was written before, and readers
    of the old one what will be written.

    Args:
        schema: as JSON values; the one in the tree by default

    Returns:
        The ids of the released schemas that it was compared with.

    Raises:
        SchemaIncompatible: names each field and the reason
        SpecInvalid: it is not an Avro record, or a field has no privacy class
    """
    tree = dict(schema if schema is not None else topic_schema(topic))
    new = _parsed(tree, "the schema in the tree")
    read_fields(tree)
    problems = [_released_changed(number, topic) for number in released_schemas(topic)]
    for number, released in released_schemas(topic).items():
        old = _parsed(released, f"released schema {number}")
        problems += _problems(new, old, f"readers of the changed schema cannot read what id {number} wrote")
        problems += _problems(old, new, f"readers of id {number} cannot read what the changed schema writes")
    if said := [problem for problem in problems if problem]:
        fix = "Add fields with a default, widen numbers only where old readers can follow, and never rename or remove."
        raise SchemaIncompatible("\n".join([*said, fix]))
    return list(released_schemas(topic))


def fingerprint(schema: Mapping[str, Any]) -> str:
    """SHA-256 of a schema's content, layout aside."""
    return hashlib.sha256(json.dumps(schema, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _released_changed(number: int, topic: str) -> str:
    recorded = load_json(package_file("avro", "registry.json")).get("sha256", {}).get(topic, {}).get(str(number))
    if recorded == fingerprint(released_schemas(topic)[number]):
        return ""
    return f"released schema {number} of {topic} was changed: a released schema stays as it is; restore it from git."


def _problems(reader: Any, writer: Any, heading: str) -> list[str]:
    from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType

    checker: Any = ReaderWriterCompatibilityChecker
    result = checker().get_compatibility(reader, writer)
    if result.compatibility is SchemaCompatibilityType.compatible:
        return []
    # The checker's messages and locations are sets; a location reads like /fields/3/type.
    reasons = ", ".join(kind.value for kind in result.incompatibilities) or "incompatible"
    said = "; ".join(sorted(result.messages)) or reasons
    fields = sorted({name for location in result.locations if (name := _field_at(reader, location))})
    where = f"field {', '.join(fields)}" if fields else "the record"
    return [f"{heading}: {where}: {said} ({reasons})"]


def _field_at(schema: Any, location: str) -> str:
    parts = location.strip("/").split("/")
    if len(parts) >= 2 and parts[0] == "fields" and parts[1].isdecimal() and int(parts[1]) < len(schema.fields):
        return str(schema.fields[int(parts[1])].name)
    return ""


def _parsed(schema: Mapping[str, Any], what: str) -> Any:
    import avro.errors
    import avro.schema

    try:
        parsed = avro.schema.parse(json.dumps(schema))
    except (avro.errors.AvroException, TypeError, ValueError) as error:
        raise SpecInvalid(f"{what} is not an Avro schema: {error}") from error
    if parsed.type != "record":
        raise SpecInvalid(f"{what} is not a record but {parsed.type}.")
    return parsed
