"""Giving the schema in the tree an id on the wire. From then on producers write it, and it never changes."""

from __future__ import annotations

import json
from pathlib import Path

from frontrow_specs.avro_schemas import EVENTS, current_schema_id, released_schemas, topic_schema
from frontrow_specs.compatibility import check_schema, fingerprint
from frontrow_specs.errors import SpecsError
from frontrow_specs.files import load_json, package_file


def is_released(topic: str = EVENTS) -> bool:
    """Whether the schema in the tree is the newest released one."""
    return released_schemas(topic)[current_schema_id(topic)] == topic_schema(topic)


def release(topic: str = EVENTS) -> int:
    """Release the schema in the tree under the next id: its file is copied, and the registry names it.

    Returns:
        The id.

    Raises:
        SchemaIncompatible: old or new readers could not live with it
        SpecsError: it is released already, or the package's files cannot be written
    """
    number = current_schema_id(topic)
    if is_released(topic):
        raise SpecsError(f"the schema of {topic} in the tree is released: it has the id {number}.")
    check_schema(topic=topic)
    folder = package_file("avro")
    if not isinstance(folder, Path):
        raise SpecsError("the specs are inside an archive: release in a checkout of the source.")
    registry = load_json(folder / "registry.json")
    tree: str = registry["schemas"][topic]
    number += 1
    released = f"released/{tree.removesuffix('.avsc')}.{number}.avsc"
    registry["topics"][topic][str(number)] = released
    registry["sha256"][topic][str(number)] = fingerprint(topic_schema(topic))
    try:
        # The registry last, and at once: before it names the file, nobody looks for it.
        (folder / released).write_bytes((folder / tree).read_bytes())
        draft = folder / "registry.json.new"
        draft.write_text(json.dumps(registry, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        draft.replace(folder / "registry.json")
    except OSError as error:
        raise SpecsError(f"cannot write {folder}: {error.strerror or error}. Release in a checkout.") from error
    return number
