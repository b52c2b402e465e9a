"""Lookup tables: what is known of a dimension's values besides the values, kept in Druid's lookups."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias, get_args

from frontrow_specs.errors import SpecInvalid, SpecNotFound
from frontrow_specs.files import load_yaml, near, package_file

Kind: TypeAlias = Literal["text", "whole number", "date"]


@dataclass(frozen=True)
class LookupAttribute:
    """One thing that is known of a value.

    Attributes:
        kind: what its texts must be; Druid keeps texts only
    """

    name: str
    kind: Kind
    description: str


@dataclass(frozen=True)
class LookupTable:
    """A dimension's values and their attributes.

    Attributes:
        dimension: whose values are the keys
        attributes: the first one is the label, which every entry has
    """

    name: str
    description: str
    dimension: str
    attributes: tuple[LookupAttribute, ...]

    def attribute(self, name: str) -> LookupAttribute:
        """One attribute.

        Raises:
            SpecNotFound: answers with the near names
        """
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute
        names = [attribute.name for attribute in self.attributes]
        raise SpecNotFound(f"{self.name} has no attribute {name!r}: {near(name, names)}")

    def lookup(self, attribute: str) -> str:
        """The name in Druid of an attribute's lookup."""
        return f"frontrow.{self.name}.{self.attribute(attribute).name}"

    @property
    def lookups(self) -> tuple[str, ...]:
        """The names in Druid of all its lookups, in the order of the attributes."""
        return tuple(self.lookup(attribute.name) for attribute in self.attributes)


@dataclass(frozen=True)
class Labelled:
    """An attribute of a table, as it is asked for: ``title`` is its label, ``title.genre`` one of the others."""

    table: LookupTable
    attribute: LookupAttribute

    @property
    def lookup(self) -> str:
        """The name of the lookup in Druid."""
        return self.table.lookup(self.attribute.name)


def lookup_table_names() -> list[str]:
    """Names of the lookup tables."""
    return sorted(
        file.name.removesuffix(".yaml") for file in package_file("lookups").iterdir() if file.name.endswith(".yaml")
    )


@lru_cache(maxsize=8)
def lookup_table(name: str) -> LookupTable:
    """One lookup table.

    Raises:
        SpecNotFound: answers with the near names
    """
    names = lookup_table_names()
    if name not in names:
        raise SpecNotFound(f"no lookup table {name!r}: {near(name, names)}")
    return read_lookup_table(load_yaml(package_file("lookups", f"{name}.yaml")))


def labelled(name: str) -> Labelled | None:
    """What ``title`` or ``title.genre`` means; None where the part before the dot is no table.

    Raises:
        SpecNotFound: the table has no such attribute
    """
    table_name, dot, attribute = name.partition(".")
    if table_name not in lookup_table_names():
        return None
    table = lookup_table(table_name)
    return Labelled(table, table.attribute(attribute) if dot else table.attributes[0])


def read_lookup_table(content: Any) -> LookupTable:
    """A lookup table from a file's content.

    Raises:
        SpecInvalid: an entry is missing or is not what it should be
    """
    try:
        attributes = tuple(
            LookupAttribute(entry["name"], entry["kind"], entry["description"]) for entry in content["attributes"]
        )
        table = LookupTable(content["name"], content["description"], content["dimension"], attributes)
    except (KeyError, TypeError) as error:
        raise SpecInvalid(f"not a lookup table: {error!r} where an entry should be.") from error
    for attribute in attributes:
        if attribute.kind not in get_args(Kind):
            raise SpecInvalid(f"{table.name}.{attribute.name}: the kind is one of {', '.join(get_args(Kind))}.")
    if not attributes:
        raise SpecInvalid(f"{table.name} has no attributes: the first one is the label.")
    return table
