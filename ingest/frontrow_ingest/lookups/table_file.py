"""Reading a lookup table's file: CSV or JSON Lines, all of it good or none of it taken."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from frontrow_ingest.lookups.errors import LookupFileError
from frontrow_specs import LookupTable
from frontrow_specs.files import near

Entries: TypeAlias = Mapping[str, Mapping[str, str]]
"""Attributes by key; what an entry does not tell is not in it."""

# Every process of Druid that answers queries holds all of it in memory, and is sent all of it at each change: 100,000
# entries took the local stack 20 s.
LARGEST_FILE = 16 << 20
MOST_ENTRIES = 100_000
LONGEST_TEXT = 500
_MOST_FINDINGS = 20


@dataclass(frozen=True)
class _Line:
    number: int
    values: Mapping[str, Any]


def read_table(path: Path, table: LookupTable) -> Entries:
    """The entries of a file: ``.csv`` with a heading, else JSON Lines.

    Raises:
        LookupFileError: it cannot be read, or an entry is not what it should be; tells of each, with its line
    """
    text = _text(path)
    lines = _csv_lines(text, table) if path.suffix.lower() == ".csv" else _json_lines(text)
    entries: dict[str, dict[str, str]] = {}
    seen: dict[str, int] = {}
    findings: list[str] = []
    for line in lines:
        found, problems = _entry(line, table, seen)
        findings += [f"line {line.number}: {problem}" for problem in problems]
        entries |= found
        if len(entries) > MOST_ENTRIES:
            findings.append(
                f"line {line.number}: more than {MOST_ENTRIES:,} entries, which Druid's lookups are not for."
            )
        if len(findings) >= _MOST_FINDINGS or len(entries) > MOST_ENTRIES:
            break
    if findings:
        more = ["There may be more."] if len(findings) >= _MOST_FINDINGS else []
        raise LookupFileError("\n".join([f"{path.name}: nothing was loaded.", *findings[:_MOST_FINDINGS], *more]))
    if not entries:
        raise LookupFileError(
            f"{path.name} has no entries: nothing was loaded. "
            f"To remove the table: frontrow lookups delete {table.name}."
        )
    return entries


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise LookupFileError(f"cannot read {path}: {error.strerror or error}.") from error
    if len(content) > LARGEST_FILE:
        raise LookupFileError(
            f"{path.name} is larger than {LARGEST_FILE >> 20} MiB, which Druid's lookups are not for."
        )
    try:
        return content.decode("utf-8-sig")  # spreadsheets put a mark before UTF-8
    except UnicodeDecodeError as error:
        raise LookupFileError(f"{path.name} is not UTF-8 at byte {error.start}: save it as UTF-8.") from error


def _csv_lines(text: str, table: LookupTable) -> Iterator[_Line]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    heading: list[str] | None = None
    try:
        for row in reader:
            if not row:
                continue
            if heading is None:
                heading = [name.strip() for name in row]
                _check_heading(heading, table)
            elif len(row) != len(heading):
                yield _Line(reader.line_num, {"": f"has {len(row)} columns, the heading has {len(heading)}."})
            else:
                yield _Line(reader.line_num, dict(zip(heading, row, strict=True)))
    except csv.Error as error:
        raise LookupFileError(f"line {reader.line_num}: not CSV ({error}); nothing was loaded.") from error


def _check_heading(heading: list[str], table: LookupTable) -> None:
    needed = (table.dimension, table.attributes[0].name)
    if missing := [name for name in needed if name not in heading]:
        raise LookupFileError(
            f"line 1: the heading lacks {' and '.join(missing)}; it has {', '.join(heading)}. Nothing was loaded."
        )
    if twice := sorted({name for name in heading if heading.count(name) > 1}):
        raise LookupFileError(f"line 1: the heading has {', '.join(twice)} twice; nothing was loaded.")


def _json_lines(text: str) -> Iterator[_Line]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield _Line(number, {"": f"not JSON ({error})."})
            continue
        yield _Line(number, values if isinstance(values, dict) else {"": "not a JSON object."})


def _entry(line: _Line, table: LookupTable, seen: dict[str, int]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The entry by its key, and everything that is wrong with it."""
    if "" in line.values:
        return {}, [str(line.values[""])]
    names = {table.dimension, *(attribute.name for attribute in table.attributes)}
    problems = [f"there is no attribute {name!r}: {near(name, names)}" for name in line.values if name not in names]
    key, problem = _value(table.dimension, "text", line.values.get(table.dimension))
    if problem:
        problems.append(problem)
    elif key is None:
        problems.append(f"has no {table.dimension}.")
    elif key in seen:
        problems.append(f"{key!r} is there already, in line {seen[key]}.")
    else:
        seen[key] = line.number
    found: dict[str, str] = {}
    for attribute in table.attributes:
        text, problem = _value(attribute.name, attribute.kind, line.values.get(attribute.name))
        if problem:
            problems.append(problem)
        elif text is not None:
            found[attribute.name] = text
        elif attribute is table.attributes[0]:
            problems.append(f"has no {attribute.name}.")
    return ({key: found} if key is not None and not problems else {}), problems


def _value(name: str, kind: str, value: Any) -> tuple[str | None, str]:
    """The text that Druid keeps, None for nothing; and what is wrong, empty if nothing is."""
    match value:
        case None:
            return None, ""
        case str():
            text = value.strip()
        case int() if not isinstance(value, bool):
            text = str(value)
        case _:
            return None, f"{name} is {value!r}: give a text or a whole number."
    if not text:
        return None, ""
    if len(text) > LONGEST_TEXT:
        return None, f"{name} has {len(text):,} characters, more than {LONGEST_TEXT}."
    if kind == "whole number" and not (text.isascii() and text.isdecimal()):
        return None, f"{name} is {text!r}: give a whole number."
    if kind == "date" and not _is_date(text):
        return None, f"{name} is {text!r}: give a day like 2026-11-24."
    return text, ""


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
