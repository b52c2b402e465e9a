"""``frontrow doctor``: is the whole line sound?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click
import orjson

from frontrow_ingest.cli.options import bootstrap_option, url_option
from frontrow_ingest.doctor import Finding, examine_disk, examine_druid, examine_kafka, examine_keys


@click.command()
@url_option
@bootstrap_option
@click.option("--topic", "topics", multiple=True, help="A topic to look at.  [default: those of the rollup specs]")
@click.option(
    "--outage",
    "outage_h",
    type=click.FloatRange(min=0),
    default=24.0,
    show_default=True,
    help="Hours Druid may be away without a loss.",
)
@click.option(
    "--max-lag",
    type=click.IntRange(min=0),
    default=1_000_000,
    show_default=True,
    help="Events that a supervisor may have to read.",
)
@click.option(
    "--viewer-key-file",
    "key_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The keys of viewer pseudonyms.  [env var: FRONTROW_VIEWER_KEY_FILE]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    url: str,
    bootstrap: str,
    topics: tuple[str, ...],
    outage_h: float,
    max_lag: int,
    key_file: Path | None,
    as_json: bool,
) -> int:
    """Look at Kafka, its topics, Druid, its supervisors, the clocks, the disk and the keys.

    Says of each what is wrong and what to do. Exit status: 0 all is well; 1 something is wrong.
    """
    found = []
    for finding in _examine(url, bootstrap, topics, outage_h, max_lag, key_file):
        found.append(finding)
        if not as_json:
            mark = click.style("ok  ", fg="green") if finding.good else click.style("BAD ", fg="red", bold=True)
            click.echo(f"{mark} {finding.what}: {finding.text}")
            if not finding.good and finding.mend:
                click.echo(f"     {finding.mend}")
    if as_json:
        rows = [
            {"what": each.what, "good": each.good, "text": each.text, "mend": "" if each.good else each.mend}
            for each in found
        ]
        click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
    return 0 if all(finding.good for finding in found) else 1


def _examine(
    url: str, bootstrap: str, topics: tuple[str, ...], outage_h: float, max_lag: int, key_file: Path | None
) -> Iterator[Finding]:
    from frontrow_specs import rollup, rollup_names

    wanted = topics or tuple(dict.fromkeys(rollup(name).topic for name in rollup_names()))
    yield from examine_kafka(bootstrap, wanted, outage_h=outage_h)
    yield from examine_druid(url, max_lag=max_lag)
    yield examine_disk(Path.cwd())
    yield examine_keys(key_file, os.environ)
