"""``frontrow specs preview``: what a rollup spec would make of events, before Druid sees it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson
from rich.table import Table

from frontrow_ingest.cli.completing import complete_targets
from frontrow_ingest.cli.options import bootstrap_option
from frontrow_ingest.cli.tables import show_tables
from frontrow_specs import RollupSpec, rollup, rollup_names
from frontrow_specs.files import load_yaml
from frontrow_specs.rollups import GRAINS, read_rollup
from frontrow_specs.validate import check

if TYPE_CHECKING:
    from frontrow_ingest.preview import Preview, Sample

_MIB = 1 << 20
_SHOWN_COLUMNS = 8


@click.command("preview")
@click.argument("target", metavar="NAME|FILE", shell_complete=complete_targets)
@click.option(
    "--sample",
    "file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="JSON Lines, as for frontrow produce.",
)
@click.option("--topic", is_flag=False, flag_value="", help="The newest events of a topic; without a name the spec's.")
@click.option("--last", default=100_000, show_default=True, type=click.IntRange(1), help="How many of each partition.")
@bootstrap_option
@click.option("--segment-granularity", type=click.Choice(["HOUR", "DAY"]), help="Try another than the spec's.")
@click.option("--query-granularity", type=click.Choice([*GRAINS]), help="Try another.")
@click.option(
    "--max-memory", default=1024, show_default=True, type=click.IntRange(1), help="About how many MiB rows may take."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    target: str,
    file: Path | None,
    topic: str | None,
    last: int,
    bootstrap: str,
    segment_granularity: str | None,
    query_granularity: str | None,
    max_memory: int,
    as_json: bool,
) -> None:
    """Roll events up in plain Python, as one task of Druid would, and tell what it costs and what it answers.

    Rows before and after; for each dimension how many rows there would be without it; bytes, with sketches, by column;
    the metrics of the catalogue that the spec can and cannot answer. Every further task that reads the topic keeps
    rows of its own. Lines that are no events are counted. Exits 1 if the spec breaks a rule.
    """
    if (file is None) == (topic is None):
        raise click.UsageError("give one of: --sample, --topic")
    spec = _spec(target)
    spec = replace(
        spec,
        segment_granularity=segment_granularity or spec.segment_granularity,
        query_granularity=query_granularity or spec.query_granularity,
    )
    from frontrow_ingest.preview import Sample, preview

    if file is not None:
        sample = Sample.of_file(file, spec.topic)
    else:
        sample = Sample.of_topic(bootstrap, topic or spec.topic, spec.topic, last)
    made = preview(spec, sample, memory_bytes=max_memory * _MIB)
    if as_json:
        from frontrow_ingest.preview.report import as_json as json_of

        click.echo(orjson.dumps(json_of(made, sample), option=orjson.OPT_INDENT_2).decode())
    else:
        _show(made, sample)


def _spec(target: str) -> RollupSpec:
    """A spec of the package by name, or a file's, checked."""
    if target in rollup_names():
        check(target)
        return rollup(target)
    if not Path(target).suffix and not Path(target).exists():
        return rollup(target)  # answers with the near names
    check(Path(target))
    return read_rollup(load_yaml(Path(target)))


def _show(made: Preview, sample: Sample) -> None:
    from frontrow_ingest.preview.report import summary

    for line in summary(made, sample):
        click.echo(line)
    if made.count.rows:
        show_tables(_dimensions(made), _columns(made))
    able = [each.metric for each in made.answers if not each.lacks]
    click.echo(f"answers {len(able)} metrics: {', '.join(able) or 'none'}")
    lacks: dict[str, list[str]] = {}
    for each in made.answers:
        if each.lacks:
            lacks.setdefault(each.lacks, []).append(each.metric)
    for why, metrics in lacks.items():
        click.echo(f"cannot answer {', '.join(metrics)}: {why}")


def _dimensions(made: Preview) -> Table:
    table = Table("dimension", title="each dimension left out", title_justify="left")
    for heading in ("values", "null", "rows without", "events a row", "rows by it"):
        table.add_column(heading, justify="right")
    count = made.count
    for cost in sorted(made.dimensions, key=lambda cost: cost.rows_without):
        numbers = (f"{cost.values:,}", f"{cost.null_share:.1%}", f"{cost.rows_without:,}")
        ratios = (f"{count.events / cost.rows_without:.2f}", f"x {count.rows / cost.rows_without:.2f}")
        table.add_row(cost.name, *numbers, *ratios)
    return table


def _columns(made: Preview) -> Table:
    table = Table("column", title="largest columns", title_justify="left")
    for heading in ("bytes a row", "of all"):
        table.add_column(heading, justify="right")
    largest = sorted(made.columns.items(), key=lambda item: -item[1])
    for name, size in largest[:_SHOWN_COLUMNS]:
        table.add_row(name, f"{size / made.count.rows:,.1f}", f"{size / made.bytes:.0%}")
    rest = sum(size for _, size in largest[_SHOWN_COLUMNS:])
    if rest:
        table.add_row("the others", f"{rest / made.count.rows:,.1f}", f"{rest / made.bytes:.0%}")
    return table
