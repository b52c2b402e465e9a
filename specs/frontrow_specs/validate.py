"""Checking rollup specs and the catalogue before Druid sees them: every finding with file, field and fix."""

from __future__ import annotations

from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from frontrow_specs import catalogue_rules, rollup_rules
from frontrow_specs.errors import SpecInvalid
from frontrow_specs.files import load_json, load_yaml, near, package_file
from frontrow_specs.findings import Finding, by_json_schema
from frontrow_specs.formula import parse
from frontrow_specs.metrics import catalogue, read_catalogue
from frontrow_specs.rollups import RollupSpec, read_rollup, rollup, rollup_names

__all__ = ["Finding", "check", "checked_rollup", "validate", "validate_catalogue"]


def validate(target: str | Path) -> list[Finding]:
    """Every rule that a rollup spec breaks; none is a good spec.

    Args:
        target: the name of a spec that the package carries, or a path to a YAML file
    """
    return _read(target)[1]


def check(target: str | Path) -> None:
    """Refuse a rollup spec that breaks a rule.

    Raises:
        SpecInvalid: its message, and its ``findings``, have every one
    """
    checked_rollup(target)


def checked_rollup(target: str | Path) -> RollupSpec:
    """A rollup spec that breaks no rule.

    Args:
        target: as for :func:`validate`

    Raises:
        SpecInvalid: its message, and its ``findings``, have every one
    """
    spec, found = _read(target)
    if spec is None or found:
        raise SpecInvalid("\n".join(str(finding) for finding in found), found)
    return spec


def validate_catalogue(path: Path | None = None) -> list[Finding]:
    """Every rule that a metric catalogue breaks with the rollup specs that the package carries.

    Args:
        path: a YAML file; the package's own catalogue by default
    """
    source: Traversable = path or package_file("catalogue", "metrics.yaml")
    file = str(path) if path else source.name
    try:
        content = load_yaml(source)
    except SpecInvalid as error:
        return [Finding(file, "(file)", str(error), "Mend the file.")]
    if content is None:
        return [Finding(file, "(file)", "it is empty.", "Write metrics and dimensions.")]
    found = by_json_schema(file, content, load_json(package_file("catalogue", "catalogue.schema.json")))
    found = found or _formulas(file, content)
    if found:
        return found
    specs = {name: rollup(name) for name in rollup_names()}
    return list(catalogue_rules.broken_rules(file, read_catalogue(content), specs))


def _read(target: str | Path) -> tuple[RollupSpec | None, list[Finding]]:
    carried = isinstance(target, str) and target in rollup_names()
    source: Traversable = package_file("rollup", f"{target}.yaml") if carried else Path(target)
    file = source.name if carried else str(target)
    if not carried and not source.is_file():
        found = Finding(
            file, "(file)", "there is no such rollup spec or file.", f"Of the specs, {near(str(target), rollup_names())}"
        )
        return None, [found]
    try:
        content = load_yaml(source)
    except SpecInvalid as error:
        return None, [Finding(file, "(file)", str(error), "Mend the file.")]
    if content is None:
        fix = "Write a rollup spec; frontrow specs show audience tells what one has."
        return None, [Finding(file, "(file)", "it is empty.", fix)]
    broken = by_json_schema(file, content, load_json(package_file("rollup", "rollup.schema.json")))
    if broken:
        return None, broken
    spec = read_rollup(content)
    broken += rollup_rules.broken_rules(file, spec)
    broken += catalogue_rules.missing_for(file, spec, catalogue())
    if carried and spec.name != target:
        broken.append(Finding(file, "name", f"{spec.name} is in a file named for {target}.", "Make them agree."))
    return spec, broken


def _formulas(file: str, content: Any) -> list[Finding]:
    found = []
    notes = content.get("notes", {})
    for name, entry in content["metrics"].items():
        try:
            parse(entry["formula"])
        except SpecInvalid as error:
            found.append(Finding(file, f"metrics.{name}.formula", str(error), "See frontrow_specs/formula.py."))
        if "note" in entry and entry["note"] not in notes:
            problem = f"there is no note {entry['note']!r}."
            found.append(Finding(file, f"metrics.{name}.note", problem, f"Of the notes, {near(entry['note'], notes)}"))
    return found
