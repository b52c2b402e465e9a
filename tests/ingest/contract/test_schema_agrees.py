"""The pydantic model and the Avro schema say the same."""

from __future__ import annotations

import types
import typing
from typing import Any, Literal

import annotated_types
import pytest
from pydantic_core import PydanticUndefined

from frontrow_ingest.contract import ViewingEvent
from frontrow_specs import current_schema_id, event_schema, released_schemas

SCHEMA_FIELDS: dict[str, dict[str, Any]] = {field["name"]: field for field in event_schema()["fields"]}
MAX = {"int": 2**31 - 1, "long": 2**63 - 1}


def _split(schema: Any) -> tuple[Any, bool]:
    """The type of a field without null, and whether null is in it."""
    if isinstance(schema, list):
        assert schema[0] == "null", "null comes first, so that null can be the default"
        assert len(schema) == 2
        return schema[1], True
    return schema, False


def _kind(schema: Any) -> str:
    kind: str = schema["type"] if isinstance(schema, dict) else schema
    return kind


def _model_type(name: str) -> tuple[Any, list[Any], bool]:
    """The Python type of a model field, its constraints, and whether it may be None."""
    info = ViewingEvent.model_fields[name]
    annotation, nullable = info.annotation, False
    constraints = list(info.metadata)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        options = [option for option in typing.get_args(annotation) if option is not type(None)]
        assert len(options) == 1
        annotation, nullable = options[0], True
    if typing.get_origin(annotation) is typing.Annotated:
        annotation, *more = typing.get_args(annotation)
        for item in more:
            constraints += getattr(item, "metadata", [item])
    return annotation, constraints, nullable


def test_names_and_order_are_those_of_the_schema() -> None:
    assert list(ViewingEvent.model_fields) == list(SCHEMA_FIELDS)


def test_the_schema_in_the_tree_is_the_newest_released_one() -> None:
    assert released_schemas()[current_schema_id()] == event_schema()


@pytest.mark.parametrize("name", SCHEMA_FIELDS)
def test_types_and_nullability_agree(name: str) -> None:
    schema, nullable = _split(SCHEMA_FIELDS[name]["type"])
    annotation, _, may_be_none = _model_type(name)
    assert may_be_none == nullable
    kind = _kind(schema)
    if kind == "enum":
        assert typing.get_origin(annotation) is Literal
        assert list(typing.get_args(annotation)) == schema["symbols"]
    elif kind == "array":
        assert schema["items"] == "string"
        assert typing.get_origin(annotation) is tuple
    else:
        assert {"string": str, "int": int, "long": int, "boolean": bool}[kind] is annotation


@pytest.mark.parametrize("name", SCHEMA_FIELDS)
def test_numbers_have_both_bounds_and_fit_the_avro_type(name: str) -> None:
    kind = _kind(_split(SCHEMA_FIELDS[name]["type"])[0])
    if kind not in MAX:
        return
    _, constraints, _ = _model_type(name)
    low = [item.ge for item in constraints if isinstance(item, annotated_types.Ge)]
    high = [item.le for item in constraints if isinstance(item, annotated_types.Le)]
    assert len(low) == len(high) == 1
    assert 0 <= low[0] < high[0] <= MAX[kind]


@pytest.mark.parametrize("name", SCHEMA_FIELDS)
def test_defaults_agree(name: str) -> None:
    info = ViewingEvent.model_fields[name]
    if name == "received_ts":  # the one default that is a time: the schema cannot say "now"
        assert "default" not in SCHEMA_FIELDS[name]
        assert info.default_factory is not None
    elif "default" in SCHEMA_FIELDS[name]:
        default = SCHEMA_FIELDS[name]["default"]
        assert info.default == (tuple(default) if isinstance(default, list) else default)
    else:
        assert info.default is PydanticUndefined
        assert info.is_required()
