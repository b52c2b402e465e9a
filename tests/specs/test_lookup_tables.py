"""Lookup tables: which there are, and what a name like ``title.genre`` means."""

from __future__ import annotations

from typing import Any

import pytest

from frontrow_specs import SpecInvalid, SpecNotFound, catalogue
from frontrow_specs.lookup_tables import labelled, lookup_table, lookup_table_names, read_lookup_table


@pytest.mark.parametrize("name", lookup_table_names())
def test_every_table_is_of_a_dimension(name: str) -> None:
    table = lookup_table(name)
    assert table.name == name
    assert table.dimension in catalogue().dimensions
    assert name not in catalogue().dimensions  # a name means one thing
    assert len(set(table.lookups)) == len(table.attributes)


def test_a_name_is_the_label_or_an_attribute() -> None:
    name, genre = labelled("title"), labelled("title.genre")
    assert name is not None
    assert genre is not None
    assert (name.lookup, genre.lookup) == ("frontrow.title.name", "frontrow.title.genre")
    assert labelled("country") is None
    assert labelled("country.name") is None


def test_wrong_names_are_answered_with_near_ones() -> None:
    with pytest.raises(SpecNotFound, match=r"title has no attribute 'gendre': did you mean genre"):
        labelled("title.gendre")
    with pytest.raises(SpecNotFound, match="no lookup table 'tilte': did you mean title"):
        lookup_table("tilte")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([], "not a lookup table"),
        ({"name": "x", "description": "x", "dimension": "y", "attributes": []}, "x has no attributes"),
        (
            {
                "name": "x",
                "description": "x",
                "dimension": "y",
                "attributes": [{"name": "a", "kind": "colour", "description": "b"}],
            },
            "x.a: the kind is one of text, whole number, date",
        ),
    ],
)
def test_a_table_that_is_none(content: Any, said: str) -> None:
    with pytest.raises(SpecInvalid, match=said):
        read_lookup_table(content)
