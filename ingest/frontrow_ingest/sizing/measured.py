"""The constants that sizes are computed from, and where each comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from frontrow_specs.files import load_yaml


@dataclass(frozen=True)
class Number:
    """A constant; ``by`` is the command that measures it."""

    value: float
    unit: str
    by: str


@dataclass(frozen=True)
class PerDatasource:
    """What differs between datasources.

    Attributes:
        task_events_per_s: that one task of Druid takes
        row_bytes: of a row in a segment, beside its sketches
    """

    task_events_per_s: float
    row_bytes: float


@dataclass(frozen=True)
class Measured:
    """Every constant."""

    machine: str
    numbers: Mapping[str, Number]
    datasources: Mapping[str, PerDatasource]
    by: str

    def __getitem__(self, name: str) -> float:
        return self.numbers[name].value


@lru_cache(maxsize=1)
def measured() -> Measured:
    """The constants that this version of frontrow carries."""
    content = load_yaml(files("frontrow_ingest.sizing").joinpath("measured.yaml"))
    return Measured(
        content["machine"],
        {name: Number(**entry) for name, entry in content["numbers"].items()},
        {name: PerDatasource(**entry) for name, entry in content["datasources"].items()},
        content["measured_by"],
    )
