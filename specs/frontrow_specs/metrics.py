"""The metric catalogue: what can be asked, in which unit, of which datasource, and by whose definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, Literal

from frontrow_specs.errors import SpecInvalid, SpecNotFound
from frontrow_specs.files import load_yaml, near, package_file
from frontrow_specs.formula import Aggregate, Expression, aggregates, parse


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        unit: of its values, for example ``ms`` or ``share`` (0 to 1)
        formula: as written in the catalogue
        datasources: which can answer it, the preferred one first
        source: whose definition it follows
        exact: False where it comes from a sketch
        note: what a reader must know to read it right; empty if nothing
        worse: whether more of it is worse for viewers, or less; None where that is not plain
    """

    name: str
    title: str
    unit: str
    formula: str
    datasources: tuple[str, ...]
    description: str
    source: str
    exact: bool
    note: str = ""
    worse: Literal["more", "less"] | None = None

    @cached_property
    def expression(self) -> Expression:
        """The formula, parsed."""
        return parse(self.formula)

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """The distinct aggregates that the formula needs."""
        return tuple(dict.fromkeys(aggregates(self.expression)))


@dataclass(frozen=True)
class Dimension:
    """One dimension; a ``multi_value`` one counts a row once for each of its labels."""

    name: str
    title: str
    description: str
    multi_value: bool = False


@dataclass(frozen=True)
class Combined:
    """An answer that no single formula over one group of rows can give.

    Attributes:
        columns: that it is made of, by datasource
        source: whose definition it follows
    """

    name: str
    title: str
    columns: Mapping[str, tuple[str, ...]]
    description: str
    source: str


@dataclass(frozen=True)
class Catalogue:
    """Every metric, dimension and combined answer, by name."""

    metrics: Mapping[str, Metric]
    dimensions: Mapping[str, Dimension]
    combined: Mapping[str, Combined] = field(default_factory=dict)

    def metric(self, name: str) -> Metric:
        """One metric.

        Raises:
            SpecNotFound: answers with the near names
        """
        if name not in self.metrics:
            raise SpecNotFound(f"no metric {name!r}: {near(name, self.metrics)}")
        return self.metrics[name]

    def dimension(self, name: str) -> Dimension:
        """One dimension.

        Raises:
            SpecNotFound: answers with the near names
        """
        if name not in self.dimensions:
            raise SpecNotFound(f"no dimension {name!r}: {near(name, self.dimensions)}")
        return self.dimensions[name]


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The catalogue that this version of frontrow carries."""
    return read_catalogue(load_yaml(package_file("catalogue", "metrics.yaml")))


def read_catalogue(content: Any) -> Catalogue:
    """A catalogue from a file's content.

    Raises:
        SpecInvalid: an entry is missing or is not what it should be
    """
    try:
        notes = content.get("notes", {})
        metrics = {name: _metric(name, entry, notes) for name, entry in content["metrics"].items()}
        dimensions = {
            name: Dimension(name, entry["title"], entry["description"], bool(entry.get("multi_value", False)))
            for name, entry in content["dimensions"].items()
        }
        combined = {name: _combined(name, entry) for name, entry in content.get("combined", {}).items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise SpecInvalid(f"metrics.yaml: {error!r} where a metric or dimension should be.") from error
    return Catalogue(MappingProxyType(metrics), MappingProxyType(dimensions), MappingProxyType(combined))


def _combined(name: str, entry: Mapping[str, Any]) -> Combined:
    columns = {datasource: tuple(names) for datasource, names in entry["columns"].items()}
    return Combined(name, entry["title"], columns, entry["description"], entry["source"])


def _metric(name: str, entry: Mapping[str, Any], notes: Mapping[str, str]) -> Metric:
    metric = Metric(
        name=name,
        title=entry["title"],
        unit=entry["unit"],
        formula=entry["formula"],
        datasources=tuple(entry["datasources"]),
        description=entry["description"],
        source=entry["source"],
        exact=entry["exact"],
        note=notes[entry["note"]] if "note" in entry else "",
        worse=entry.get("worse"),
    )
    if metric.worse not in ("more", "less", None):
        raise SpecInvalid(f"metrics.yaml: {name} is worse the {metric.worse!r} it is; known are more and less.")
    parse(metric.formula)  # a wrong formula is to be known when the catalogue is read, not when it is asked
    return metric
