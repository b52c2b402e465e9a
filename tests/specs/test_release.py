"""Releasing a changed schema: the next id, a copy that stays, a registry that names it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import frontrow_specs
from frontrow_specs import SchemaIncompatible, SpecsError, released_schemas, rollup, topic_fields
from frontrow_specs.compatibility import check_schema
from frontrow_specs.release import is_released, release

Change = Callable[[Callable[[dict[str, Any]], None]], None]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the package's data, which everything reads instead."""
    copy = tmp_path / "frontrow_specs"
    shutil.copytree(Path(frontrow_specs.__file__).parent, copy)
    monkeypatch.setattr("importlib.resources.files", lambda _package: copy)
    topic_fields.cache_clear()
    yield copy
    topic_fields.cache_clear()


@pytest.fixture
def change(tree: Path) -> Change:
    def make(edit: Callable[[dict[str, Any]], None]) -> None:
        file = tree / "avro" / "ViewingEvent.avsc"
        schema = json.loads(file.read_text())
        edit(schema)
        file.write_text(json.dumps(schema, indent=2))
        topic_fields.cache_clear()

    return make


def add_hdr(schema: dict[str, Any]) -> None:
    schema["fields"].append({"name": "hdr", "type": "boolean", "default": False, "privacy": "public", "doc": "HDR."})


def test_a_new_field_becomes_schema_id_2(tree: Path, change: Change) -> None:
    assert is_released()
    before, of_ledger = (tree / "avro" / "registry.json").read_text(), released_schemas("ledger").keys()
    change(add_hdr)
    assert not is_released()
    assert release() == 2
    assert is_released()
    assert list(released_schemas()) == [1, 2]
    assert check_schema() == [1, 2]
    schemas = rollup("audience").supervisor(bootstrap="b")["spec"]["ioConfig"]["inputFormat"]["avroBytesDecoder"]
    assert set(schemas["schemas"]) == {"1", "2"}
    assert released_schemas("ledger").keys() == of_ledger
    # Only what is new differs in the registry: a review sees two lines.
    after = (tree / "avro" / "registry.json").read_text().splitlines()
    new = [line for line in after if line not in before.splitlines()]
    assert sum('"2":' in line for line in new) == 2
    assert len(after) == len(before.splitlines()) + 2


def test_what_is_released_is_not_released_again() -> None:
    with pytest.raises(SpecsError, match="the schema of events in the tree is released: it has the id 1"):
        release()


def test_what_readers_could_not_read_is_not_released(tree: Path, change: Change) -> None:
    change(lambda schema: schema["fields"].pop(0))
    with pytest.raises(SchemaIncompatible, match="session_id"):
        release()
    assert not (tree / "avro" / "released" / "ViewingEvent.2.avsc").exists()


def test_a_tree_that_cannot_be_written(tree: Path, change: Change) -> None:
    change(add_hdr)
    shutil.rmtree(tree / "avro" / "released")
    (tree / "avro" / "released").mkdir()
    shutil.copy(Path(frontrow_specs.__file__).parent / "avro/released/ViewingEvent.1.avsc", tree / "avro/released")
    (tree / "avro" / "released" / "ViewingEvent.2.avsc").mkdir()
    with pytest.raises(SpecsError, match="cannot write"):
        release()
