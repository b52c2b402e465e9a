"""Rules that a rollup spec must keep with the event's schema, beyond what its JSON schema says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from frontrow_specs.avro_schemas import Field, event_fields, topic_names
from frontrow_specs.findings import Finding, suggestion, unknown
from frontrow_specs.rollups import RollupMetric, RollupSpec

_NUMBERS = ("int", "long")
_SUMS = ("longSum", "longMin", "longMax")
_DISTINCT = ("HLLSketchBuild", "thetaSketch")
_WANTS: Mapping[str, tuple[tuple[str, ...], str]] = {
    **dict.fromkeys((*_SUMS, "quantilesDoublesSketch"), (_NUMBERS, "a number")),
    **dict.fromkeys(_DISTINCT, (("string",), "a text")),
}
# What an expression may be made of: Druid has far more, but nothing else is of use in a sum of measures.
_TOKEN = re.compile(r"\s+|[0-9]+(?:\.[0-9]+)?|[A-Za-z_][A-Za-z0-9_]*|==|!=|<=|>=|&&|\|\||[-+*/%(),<>!]")
_FUNCTIONS = ("abs", "greatest", "if", "isnull", "least", "notnull", "nvl")
_RESERVED = ("__time", "ts")


def broken_rules(file: str, spec: RollupSpec) -> Iterator[Finding]:
    """Every rule that a spec breaks."""
    if spec.topic not in topic_names():
        yield Finding(file, "topic", f"no schema is released for {spec.topic!r}.", suggestion(spec.topic, topic_names()))
    yield from _dimensions(file, spec)
    for index, metric in enumerate(spec.metrics):
        where = f"metrics[{index}]"
        yield from _name(file, where, metric)
        yield from _inputs(file, where, metric)
        yield from _filter(file, where, metric)
    yield from _twice(file, spec)
    if not any(metric.name == "count" and metric.type == "count" and not metric.filter for metric in spec.metrics):
        yield Finding(file, "metrics", "there is no count of events.", "Add a metric named count of the type count.")


def _dimensions(file: str, spec: RollupSpec) -> Iterator[Finding]:
    fields = event_fields()
    for index, dimension in enumerate(spec.dimensions):
        where, name = f"dimensions[{index}].name", dimension.name
        field = fields.get(name)
        if field is None:
            yield unknown(file, where, name, fields, "event field")
            continue
        if field.privacy == "identifier":
            problem = f"{name} is an identifier: as a dimension it would make a row of every viewer or session."
            yield Finding(file, where, problem, "Count it by a sketch (HLLSketchBuild, thetaSketch) instead.")
        elif field.privacy == "measure" or field.type in _NUMBERS:
            yield Finding(file, where, f"{name} is a number: nothing would roll up.", "Make it a metric.")
        if (field.type == "array") != dimension.multi_value:
            fix = "Set multiValue: true." if field.type == "array" else "Remove multiValue."
            yield Finding(file, f"dimensions[{index}]", f"{name} is of the type {field.type}.", fix)


def _name(file: str, where: str, metric: RollupMetric) -> Iterator[Finding]:
    """A column that has a field's name is that field's plain sum, and a plain sum has its field's name."""
    plain = metric.type == "longSum" and metric.field is not None and not metric.filter
    if plain and metric.field in event_fields() and metric.name != metric.field:
        yield Finding(
            file, f"{where}.name", f"{metric.name} is the plain sum of {metric.field}.", f"Name it {metric.field}."
        )
    elif metric.name in _RESERVED or (metric.name in event_fields() and not plain):
        problem = f"{metric.name} is an event field, but the column is not its plain sum."
        yield Finding(file, f"{where}.name", problem, "Name it for what it holds.")


def _inputs(file: str, where: str, metric: RollupMetric) -> Iterator[Finding]:
    if metric.type == "count":
        if metric.field is not None or metric.expression is not None:
            yield Finding(file, where, "a count reads no field.", "Remove field and expression; use filter.")
        return
    if (metric.field is None) == (metric.expression is None):
        yield Finding(file, where, f"{metric.type} reads one field or one expression.", "Give one of them.")
    elif metric.field is not None:
        yield from _field(file, f"{where}.field", metric)
    elif metric.type not in _SUMS:
        yield Finding(file, f"{where}.expression", f"{metric.type} reads a field.", "Give a field instead.")
    else:
        yield from _expression(file, f"{where}.expression", metric.expression or "")


def _field(file: str, where: str, metric: RollupMetric) -> Iterator[Finding]:
    name = metric.field or ""
    field: Field | None = event_fields().get(name)
    if field is None:
        yield unknown(file, where, name, event_fields(), "event field")
        return
    types, wanted = _WANTS[metric.type]
    if field.type not in types:
        problem = f"{metric.type} needs {wanted}; {name} is of the type {field.type}."
        yield Finding(file, where, problem, f"Choose a field that is {wanted}.")
    elif metric.type in _DISTINCT and field.privacy != "identifier":
        problem = f"{name} is {field.privacy}, not an identifier: {metric.type} counts distinct viewers or sessions."
        yield Finding(file, where, problem, "Choose an identifier, or make the field a dimension.")
    elif metric.type not in _DISTINCT and field.privacy != "measure":
        problem = f"{name} is {field.privacy}, not a measure: its {metric.type} says nothing."
        yield Finding(file, where, problem, "Choose a measure.")


def _expression(file: str, where: str, text: str) -> Iterator[Finding]:
    fields = event_fields()
    depth = position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            problem = f"{text[position]!r} at position {position + 1} is not part of an expression."
            yield Finding(file, where, problem, f"Use measures, numbers, operators and {', '.join(_FUNCTIONS)}.")
            return
        word, position = found.group(), found.end()
        depth += (word == "(") - (word == ")")
        if depth < 0:
            break
        if not (word[0].isalpha() or word[0] == "_"):
            continue
        if text[position:].lstrip().startswith("("):
            if word not in _FUNCTIONS:
                yield unknown(file, where, word, _FUNCTIONS, "function")
        elif word not in fields:
            yield unknown(file, where, word, fields, "event field")
        elif fields[word].privacy != "measure":
            yield Finding(file, where, f"{word} is {fields[word].privacy}, not a measure.", "Compute with measures only.")
    if depth:
        yield Finding(file, where, "the parentheses do not match.", "Close each one that is opened.")
    elif not text.strip():
        yield Finding(file, where, "it is empty.", "Write an expression over measures.")


def _filter(file: str, where: str, metric: RollupMetric) -> Iterator[Finding]:
    fields = event_fields()
    for name, value in metric.filter.items():
        field = fields.get(name)
        place = f"{where}.filter.{name}"
        if field is None:
            yield unknown(file, place, name, fields, "event field")
            continue
        if field.privacy == "identifier":
            problem = f"{name} is an identifier: the column would single out a viewer or session."
            yield Finding(file, place, problem, "Filter by what happened.")
        elif field.type in _NUMBERS:
            yield Finding(file, place, f"{name} is a number.", "Filter by an enum, a truth or a text.")
        allowed = field.symbols or (("true", "false") if field.type == "boolean" else ())
        if allowed and value not in allowed:
            yield Finding(file, place, f"{name} is never {value!r}.", suggestion(value, allowed))


def _twice(file: str, spec: RollupSpec) -> Iterator[Finding]:
    names = Counter([dimension.name for dimension in spec.dimensions] + [metric.name for metric in spec.metrics])
    for name in sorted(name for name, times in names.items() if times > 1):
        where = "dimensions" if all(metric.name != name for metric in spec.metrics) else "metrics"
        yield Finding(file, where, f"the column {name} is there {names[name]} times.", "Rename or remove one.")
