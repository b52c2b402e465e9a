"""Which specs a command is about, and which supervisors they become; shared by plan, apply, rollback and reset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from frontrow_specs import RollupSpec, rollup, rollup_names
from frontrow_specs.avro_schemas import EVENTS
from frontrow_specs.files import load_yaml
from frontrow_specs.rollups import read_rollup
from frontrow_specs.validate import check

_Command = TypeVar("_Command", bound=Callable[..., Any])

topic_option = click.option(
    "--topic", help="Read events from another topic; without NAMES, only specs of events are meant."
)
sample_option = click.option(
    "--sample",
    default=200,
    show_default=True,
    type=click.IntRange(0, 5_000),
    metavar="N",
    help="Let Druid's sampler try the last N records of the topic; 0 does not ask it.",
)


@dataclass(frozen=True)
class Target:
    """A spec, and the supervisor made of it."""

    spec: RollupSpec
    supervisor: dict[str, Any]

    @property
    def name(self) -> str:
        """Of the datasource and the supervisor."""
        return str(self.supervisor["spec"]["dataSchema"]["dataSource"])

    @property
    def topic(self) -> str:
        """The Kafka topic that is read."""
        return str(self.supervisor["spec"]["ioConfig"]["topic"])


def targets(
    wanted: tuple[str, ...],
    *,
    bootstrap: str,
    topic: str | None,
    prefix: str,
    max_late: float | None,
    max_early: float | None,
) -> list[Target]:
    """Specs by name or file, checked, and their supervisors.

    Args:
        bootstrap: Kafka as Druid reaches it

    Raises:
        SpecInvalid: one breaks a rule; its message has every finding
        SpecNotFound: there is none of a name
    """
    from frontrow_ingest.producer import TimeWindow  # needs the contract, which looking at specs does not

    window = TimeWindow(max_late, max_early)
    found = []
    for name in wanted or tuple(rollup_names()):
        spec = _spec(name)
        if not wanted and topic is not None and spec.topic != EVENTS:
            continue
        spec = window.applied(spec) if spec.topic == EVENTS else spec
        found.append(Target(spec, spec.supervisor(bootstrap=bootstrap, topic=topic, datasource=prefix + spec.name)))
    return found


def _spec(name: str) -> RollupSpec:
    path = Path(name)
    is_file = path.suffix in (".yaml", ".yml") or len(path.parts) > 1
    spec = None if is_file else rollup(name)
    check(name)
    return spec or read_rollup(load_yaml(path))
