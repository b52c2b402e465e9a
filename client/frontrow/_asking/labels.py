"""Labels: names and other attributes of a dimension's values, from Druid's lookups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from frontrow._errors import AskError
from frontrow_specs import Labelled, SpecNotFound, labelled, lookup_table, lookup_table_names
from frontrow_specs.files import near

if TYPE_CHECKING:
    from frontrow._asking.timeseries import Run

# All of time: a lookup has no times, but a query must name some.
_ALWAYS = "0000/3000"


def label_names() -> list[str]:
    """Every label: a table's name for the first of its attributes, and each attribute."""
    tables = [lookup_table(name) for name in lookup_table_names()]
    attributes = [f"{table.name}.{attribute.name}" for table in tables for attribute in table.attributes]
    return [*(table.name for table in tables), *attributes]


def derived(name: str) -> Labelled | None:
    """What a name like ``title.genre`` is derived from; None where it is a dimension's own.

    Raises:
        AskError: the table has no such attribute; the message has the near ones
    """
    try:
        found = labelled(name)
    except SpecNotFound as error:
        raise AskError(str(error)) from error
    if found is not None and "." not in name:
        raise AskError(
            f"{name!r} is a table of labels, not a dimension: group by {found.table.dimension} with label={name!r}, "
            f"or name an attribute, like {name}.{found.attribute.name}."
        )
    return found


def virtual_columns(names: Iterable[str]) -> tuple[Mapping[str, Any], ...]:
    """Druid's JSON of the columns that must be derived for these dimensions."""
    found = {name: attribute for name in names if (attribute := derived(name)) is not None}
    return tuple(
        {
            "type": "expression",
            "name": name,
            "expression": f"lookup(\"{attribute.table.dimension}\",'{attribute.lookup}')",
            "outputType": "STRING",
        }
        for name, attribute in found.items()
    )


def check_label(label: str, dimension: str) -> Labelled:
    """What a label means.

    Raises:
        AskError: there is no such label, or it is not one of this dimension
    """
    try:
        found = labelled(label) if isinstance(label, str) else None
    except SpecNotFound as error:
        raise AskError(str(error)) from error
    if found is None:
        raise AskError(f"no label {label!r}: {near(str(label), label_names())}")
    if found.table.dimension != dimension:
        raise AskError(f"{label} is a label of {found.table.dimension}, not of {dimension}.")
    return found


def ask_labels(label: Labelled, values: list[Any], run: Run) -> tuple[list[Any], str]:
    """The label of each value, a value itself where it has none; and what is to be said of these."""
    wanted = [value for value in dict.fromkeys(values) if value is not None]
    if not wanted:
        return values, ""
    answer = run(
        {
            "queryType": "scan",
            "dataSource": {"type": "lookup", "lookup": label.lookup},
            "intervals": [_ALWAYS],
            "columns": ["k", "v"],
            "filter": {"type": "in", "dimension": "k", "values": wanted},
            "resultFormat": "compactedList",
        }
    )
    known = {key: text for part in answer for key, text in part["events"]}
    missing = sum(value not in known for value in wanted)
    said = ""
    if missing:
        what = label.attribute.name.replace("_", " ")
        said = f"{missing} of {len(wanted)} have no {what} and show their {label.table.dimension}"
    if not known:
        # Druid answers the same where the table was never loaded.
        said += ": frontrow lookups load FILE"
    return [known.get(value, value) for value in values], said
