"""Checking rollup specs before Druid sees them: every finding with file, field and fix."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeAlias

from frontrow_specs.avro_schemas import Field, topic_fields, topic_names
from frontrow_specs.errors import SpecInvalid
from frontrow_specs.files import load_json, load_yaml, near, package_file
from frontrow_specs.metrics import catalogue
from frontrow_specs.rollups import RollupDimension, RollupMetric, RollupSpec, read_rollup, rollup_names

_NUMBERS = ("int", "long")
_WANTS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "longSum": (_NUMBERS, "a number"),
    "longMin": (_NUMBERS, "a number"),
    "longMax": (_NUMBERS, "a number"),
    "quantilesDoublesSketch": (_NUMBERS, "a number"),
    "HLLSketchBuild": (("string",), "a text"),
    "thetaSketch": (("string",), "a text"),
}
_IDENTIFIER = "identifier"
_Fields: TypeAlias = Mapping[str, Field]
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?!\w*\()")
_TEXT = re.compile(r"'[^']*'")
_LAMBDA = re.compile(r"\(\s*(\w+)\s*\)\s*->")


@dataclass(frozen=True)
class Finding:
    """A rule that a file breaks."""

    file: str
    field: str
    problem: str
    fix: str

    def __str__(self) -> str:
        return f"{self.file}: {self.field}: {self.problem} {self.fix}"


def validate(target: str | Path) -> list[Finding]:
    """Every rule that a rollup spec breaks; none is a good spec.

    Args:
        target: the name of a spec that the package carries, or a path to a YAML file
    """
    source: Traversable
    if isinstance(target, str) and target in rollup_names():
        source = package_file("rollup", f"{target}.yaml")
    else:
        source = Path(target)
    try:
        content = load_yaml(source)
    except SpecInvalid as error:
        return [Finding(source.name, "(file)", str(error), "Mend the file.")]
    found = list(_by_json_schema(source.name, content))
    if found:
        return found
    spec = read_rollup(content)
    if spec.topic not in topic_names():
        problem = f"no schema is registered for {spec.topic!r}: {near(spec.topic, topic_names())}"
        return [Finding(source.name, "topic", problem, "Name a topic of registry.json; apply can read another one.")]
    fields = topic_fields(spec.topic)
    found += _dimensions(source.name, spec, fields)
    found += _metrics(source.name, spec, fields)
    found += _upkeep(source.name, spec)
    found += _catalogue(source.name, spec)
    return found


def check(target: str | Path) -> None:
    """Refuse a rollup spec that breaks a rule.

    Raises:
        SpecInvalid: its message has every finding
    """
    if found := validate(target):
        raise SpecInvalid("\n".join(str(finding) for finding in found))


def columns_read(spec: RollupSpec) -> dict[str, frozenset[str]]:
    """The fields of a record that each column is made of."""
    found = {
        dimension.name: frozenset(_fields_of(dimension.expression) if dimension.expression else {dimension.name})
        for dimension in spec.dimensions
    }
    for metric in spec.metrics:
        inputs = {metric.field} if metric.field else set(_fields_of(metric.expression or ""))
        found[metric.name] = frozenset({*inputs, *metric.filter})
    return found


def _by_json_schema(file: str, content: Any) -> Iterator[Finding]:
    from jsonschema import Draft202012Validator

    if content is None:
        yield Finding(file, "(file)", "is empty.", "Write a rollup spec; frontrow specs show audience is an example.")
        return
    schema = load_json(package_file("rollup", "rollup.schema.json"))
    for error in sorted(Draft202012Validator(schema).iter_errors(content), key=lambda error: str(error.json_path)):
        where = error.json_path.removeprefix("$").lstrip(".") or "(file)"
        yield Finding(file, where, f"{error.message[:300]}.", _schema_fix(error, schema))


def _schema_fix(error: Any, schema: Mapping[str, Any]) -> str:
    if error.validator == "additionalProperties":
        return f"Remove it, or correct its name; there are {', '.join(error.schema.get('properties', {}))}."
    if error.validator == "required":
        missing = next((name for name in error.validator_value if name not in error.instance), "")
        said = error.schema.get("properties", schema["properties"]).get(missing, {}).get("description", "")
        return f"Add it: {said}"
    return f"It is: {error.schema.get('description', 'described in rollup.schema.json')}"


def _dimensions(file: str, spec: RollupSpec, fields: _Fields) -> Iterator[Finding]:
    for index, dimension in enumerate(spec.dimensions):
        where = f"dimensions[{index}].name"
        field = fields.get(dimension.name)
        if dimension.expression is not None:
            yield from _made(file, f"dimensions[{index}]", dimension, fields)
            continue
        if field is None:
            yield _unknown(file, where, dimension.name, fields)
            continue
        if field.privacy == _IDENTIFIER:
            problem = (
                f"{dimension.name} is an identifier: as a dimension it would make a row of every viewer or session."
            )
            yield Finding(file, where, problem, "Count it by a sketch (HLLSketchBuild, thetaSketch) instead.")
        elif field.privacy == "measure":
            yield Finding(file, where, f"{dimension.name} is a measure: nothing would roll up.", "Make it a metric.")
        if (field.type == "array") != dimension.multi_value:
            fix = "Set multiValue: true." if field.type == "array" else "Remove multiValue."
            yield Finding(file, f"dimensions[{index}]", f"{dimension.name} is of the type {field.type}.", fix)
    yield from _twice(file, "dimensions", [dimension.name for dimension in spec.dimensions])


def _made(file: str, where: str, dimension: RollupDimension, fields: _Fields) -> Iterator[Finding]:
    """Of a dimension that an expression makes."""
    if dimension.name in fields:
        problem = f"{dimension.name} is a field: an expression of that name would hide it."
        yield Finding(file, f"{where}.name", problem, "Give it another name, or remove the expression.")
    for name in _fields_of(dimension.expression or ""):
        field = fields.get(name)
        if field is None:
            yield _unknown(file, f"{where}.expression", name, fields)
        elif field.privacy == _IDENTIFIER:
            problem = f"{name} is an identifier: nothing of it may become a dimension."
            yield Finding(file, f"{where}.expression", problem, "Leave it out.")


def _metrics(file: str, spec: RollupSpec, fields: _Fields) -> Iterator[Finding]:
    for index, metric in enumerate(spec.metrics):
        where = f"metrics[{index}]"
        yield from _inputs(file, where, metric, fields)
        yield from _filter(file, where, metric, fields)
    names = [metric.name for metric in spec.metrics]
    yield from _twice(file, "metrics", [*names, *(dimension.name for dimension in spec.dimensions)])
    if not any(metric.name == "count" and metric.type == "count" and not metric.filter for metric in spec.metrics):
        yield Finding(file, "metrics", "there is no count of events.", "Add a metric named count of the type count.")


def _inputs(file: str, where: str, metric: RollupMetric, fields: _Fields) -> Iterator[Finding]:
    if metric.type == "count":
        if metric.field or metric.expression:
            yield Finding(file, where, "a count reads no field.", "Remove field and expression; use filter.")
        return
    if (metric.field is None) == (metric.expression is None):
        yield Finding(file, where, f"{metric.type} reads one field or one expression.", "Give one of them.")
        return
    names = [metric.field] if metric.field else _fields_of(metric.expression or "")
    for name in names:
        field: Field | None = fields.get(name)
        if field is None:
            yield _unknown(file, f"{where}.{'field' if metric.field else 'expression'}", name, fields)
        elif metric.field and field.type not in _WANTS[metric.type][0]:
            wanted = _WANTS[metric.type][1]
            problem = f"{metric.type} needs {wanted}; {name} is of the type {field.type}."
            yield Finding(file, f"{where}.field", problem, f"Choose a field that is {wanted}.")


def _fields_of(expression: str) -> list[str]:
    """What an expression names that is neither a text, a function, null, nor its own."""
    plain = _TEXT.sub("", expression)
    own = {"null", *_LAMBDA.findall(plain)}
    return [name for name in dict.fromkeys(_WORD.findall(plain)) if name not in own]


def _filter(file: str, where: str, metric: RollupMetric, fields: _Fields) -> Iterator[Finding]:
    for name, value in metric.filter.items():
        field = fields.get(name)
        if field is None:
            yield _unknown(file, f"{where}.filter", name, fields)
            continue
        allowed = field.symbols or (("true", "false") if field.type == "boolean" else ())
        if allowed and value not in allowed:
            problem = f"{name} is never {value!r}: {near(value, allowed)}"
            yield Finding(file, f"{where}.filter.{name}", problem, "Correct the value.")


def _upkeep(file: str, spec: RollupSpec) -> Iterator[Finding]:
    after, keep = spec.compact_after_hours, spec.keep_hours
    if after is not None and keep is not None and keep <= after:
        problem = "segments would be dropped before they are compacted."
        yield Finding(file, "compactAfter", problem, "Make it shorter than keep, or remove it.")


def _catalogue(file: str, spec: RollupSpec) -> Iterator[Finding]:
    """A spec that the catalogue names must have every column that its metrics need."""
    columns = {metric.name for metric in spec.metrics}
    for metric in catalogue().metrics.values():
        for aggregate in metric.aggregates:
            if spec.name in metric.datasources and aggregate.column not in columns:
                problem = f"the catalogue's {metric.name} needs the column {aggregate.column}."
                yield Finding(file, "metrics", problem, f"Add it, or take {spec.name} from that metric's datasources.")


def _twice(file: str, where: str, names: list[str]) -> Iterator[Finding]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Finding(file, where, f"the column {name} is there twice.", "Rename or remove one.")


def _unknown(file: str, where: str, name: str, fields: _Fields) -> Finding:
    problem = f"there is no field {name!r}: {near(name, fields)}"
    return Finding(file, where, problem, "Name a field of the topic's schema.")
