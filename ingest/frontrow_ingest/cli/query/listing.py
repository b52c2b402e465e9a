"""``frontrow query metrics`` and ``dimensions``: what can be asked."""

from __future__ import annotations

import click
from rich.table import Table

from frontrow_ingest.cli.tables import show_tables
from frontrow_specs import catalogue, lookup_table, lookup_table_names
from frontrow_specs.documents import metrics_markdown


@click.command()
@click.option("--markdown", is_flag=True, help="Print the catalogue as a document.")
def metrics(markdown: bool) -> None:
    """List every metric."""
    if markdown:
        click.echo(metrics_markdown(), nl=False)
        return
    table = Table("metric", "unit", "datasources", "what it says", "by the definition of")
    for metric in catalogue().metrics.values():
        said = " ".join(filter(None, (metric.description, metric.note)))
        table.add_row(metric.name, metric.unit, ", ".join(metric.datasources), said, metric.source)
    show_tables(table)


@click.command()
def dimensions() -> None:
    """List every dimension."""
    table = Table("dimension", "what it says")
    for dimension in catalogue().dimensions.values():
        table.add_row(dimension.name, dimension.description)
    for lookups in map(lookup_table, lookup_table_names()):
        for attribute in lookups.attributes:
            table.add_row(f"{lookups.name}.{attribute.name}", f"{attribute.description} From frontrow lookups load.")
    show_tables(table)
