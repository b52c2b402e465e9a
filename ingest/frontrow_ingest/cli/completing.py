"""What a shell is told can follow: names of the catalogue and the specs, all known without a network."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import available_timezones

import click
from click.shell_completion import CompletionItem

from frontrow_specs import catalogue, lookup_table, lookup_table_names, rollup, rollup_names

_GRANULARITIES = ("all", "10s", "1m", "5m", "15m", "1h", "1d", "1w", "1mo")


def complete_metrics(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Metrics with what they say."""
    known = catalogue().metrics.values()
    return _beginning(incomplete, ((metric.name, metric.description) for metric in known))


def complete_dimensions(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Dimensions, and attributes from lookups."""
    return _beginning(incomplete, _dimensions())


def complete_dimension_list(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Dimensions between commas."""
    before, comma, last = incomplete.rpartition(",")
    found = complete_dimensions(context, parameter, last)
    return [CompletionItem(f"{before}{comma}{item.value}", help=item.help) for item in found]


def complete_conditions(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Dimensions with a ``=``; their values are in Druid only."""
    return _beginning(incomplete, ((f"{name}=", said) for name, said in _dimensions()))


def complete_labels(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Tables of labels and their attributes."""
    tables = [lookup_table(name) for name in lookup_table_names()]
    found = [(table.name, table.attributes[0].description) for table in tables]
    return _beginning(incomplete, [*found, *_attributes()])


def complete_specs(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Rollup specs."""
    return _beginning(incomplete, ((name, rollup(name).description) for name in rollup_names()))


def complete_targets(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Rollup specs; files where there is none of that name."""
    found = complete_specs(_context, _parameter, incomplete)
    return found or [CompletionItem(incomplete, type="file")]


def complete_granularities(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Lengths of buckets that are asked for most."""
    return _beginning(incomplete, ((name, "") for name in _GRANULARITIES))


def complete_zones(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Time zones of this machine."""
    return _beginning(incomplete, ((name, "") for name in sorted(available_timezones())))


def _dimensions() -> Iterable[tuple[str, str]]:
    yield from ((dimension.name, dimension.description) for dimension in catalogue().dimensions.values())
    yield from _attributes()


def _attributes() -> Iterable[tuple[str, str]]:
    for table in map(lookup_table, lookup_table_names()):
        yield from ((f"{table.name}.{each.name}", each.description) for each in table.attributes)


def _beginning(incomplete: str, known: Iterable[tuple[str, str]]) -> list[CompletionItem[str]]:
    return [
        CompletionItem(name, help=" ".join(said.split()) or None) for name, said in known if name.startswith(incomplete)
    ]
