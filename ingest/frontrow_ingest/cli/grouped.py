"""A command whose many options are shown in groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click


class GroupedCommand(click.Command):
    """Shows its options under titles: ``groups`` holds, by title, the parameters' names; the others come last."""

    def __init__(self, *arguments: Any, groups: Mapping[str, Sequence[str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.groups = groups

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """See click.Command."""
        options = [each for each in self.get_params(ctx) if isinstance(each, click.Option)]
        records: dict[str | None, list[tuple[str, str]]] = {}
        for each in options:
            # Options that choose one value of a parameter share its name.
            if (record := each.get_help_record(ctx)) is not None:
                records.setdefault(each.name, []).append(record)
        groups = {title: [records.pop(name) for name in names] for title, names in self.groups.items()}
        for title, found in {**groups, "Other": list(records.values())}.items():
            with formatter.section(title):
                formatter.write_dl([record for own in found for record in own])
