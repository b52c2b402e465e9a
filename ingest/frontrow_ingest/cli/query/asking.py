"""From a subcommand's question to its answer, once or again and again."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from frontrow import Query
from frontrow_ingest.cli.grouped import GroupedCommand
from frontrow_ingest.cli.query.files import check_files, write_files
from frontrow_ingest.cli.query.forms import show
from frontrow_ingest.cli.query.options import GROUPS, Output, shown
from frontrow_ingest.cli.query.watch import watch
from frontrow_ingest.cli.query.way import Way, reached, reached_by_prefix


class QuestionCommand(GroupedCommand):
    """Shows the options of its own first, then the shared ones in their groups."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, groups={}, **options)
        given = [each.name for each in self.params if isinstance(each, click.Option) and each.name is not None]
        groups = {title: [name for name in names if name in given] for title, names in GROUPS.items()}
        shared = {name for names in groups.values() for name in names}
        own = [name for name in dict.fromkeys(given) if name not in shared]
        self.groups: Mapping[str, Sequence[str]] = {
            title: names for title, names in {"Question": own, **groups}.items() if names
        }


def question(name: str, *, by_specs: bool = True) -> Callable[[Callable[..., Query]], click.Command]:
    """Make a subcommand of a function that gives the question; the shared options come along.

    Args:
        by_specs: the datasources are those of the specs, which may have a prefix in Druid
    """

    def made(function: Callable[..., Query]) -> click.Command:
        @functools.wraps(function)
        def called(way: Way, output: Output, **values: Any) -> int:
            return answer(function(**values), way, output)

        asking = shown((reached_by_prefix if by_specs else reached)(called))
        return click.command(name, cls=QuestionCommand)(asking)

    return made


def answer(query: Query, way: Way, output: Output) -> int:
    """Ask and show; gives the exit status.

    Raises:
        click.UsageError: options do not go together
        click.FileError: a file cannot be written
    """
    if output.rounds is not None and output.watch is None:
        raise click.UsageError("--rounds goes with --watch.")
    if output.watch is not None and output.form == "query":
        raise click.UsageError("--show-query does not go with --watch: every round asks the same.")
    check_files(output)
    if output.watch is not None:
        with way.client(output.watch) as client:
            return watch(functools.partial(client.ask, query), output, seconds=output.watch, may_take=way.timeout)
    with way.client() as client:
        result = client.ask(query)
    for said in write_files(result, output):
        click.echo(said, err=True)
    show(result, output)
    return 0
