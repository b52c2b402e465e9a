"""Rollup specs: which columns a datasource keeps of the events, and the Druid supervisor that makes it so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import timedelta
from functools import lru_cache
from typing import Any

from frontrow_specs.errors import SpecInvalid, SpecNotFound
from frontrow_specs.files import load_yaml, near, package_file

GRAINS: Mapping[str, timedelta] = {
    "SECOND": timedelta(seconds=1),
    "TEN_SECOND": timedelta(seconds=10),
    "MINUTE": timedelta(minutes=1),
    "FIVE_MINUTE": timedelta(minutes=5),
    "HOUR": timedelta(hours=1),
}
"""The time that a row covers, by the name of a spec's ``queryGranularity``."""


@dataclass(frozen=True)
class RollupDimension:
    """A column to group and filter by; has the name of its event field, unless an expression makes it.

    Attributes:
        expression: a Druid expression over event fields; of a multi-value dimension it gives an array
    """

    name: str
    description: str
    multi_value: bool = False
    expression: str | None = None


@dataclass(frozen=True)
class RollupMetric:
    """A column that is aggregated at ingestion.

    Attributes:
        type: Druid's name of the aggregator
        field: the event field it reads; None for counts and expressions
        expression: a Druid expression over event fields, instead of a field
        filter: event field to the value it must have; only events that fit all are aggregated
    """

    name: str
    type: str
    description: str
    field: str | None = None
    expression: str | None = None
    filter: Mapping[str, str] = dataclass_field(default_factory=dict)


@dataclass(frozen=True)
class RollupSpec:
    """One datasource.

    Attributes:
        late_hours: Druid drops what is older when a task begins; None: nothing is too old
        early_hours: Druid drops what is further ahead of a task's end; None: nothing is too early
        keep_hours: rows are dropped when they are older; None: they are kept
    """

    name: str
    description: str
    topic: str
    query_granularity: str
    segment_granularity: str
    rollup: bool
    dimensions: tuple[RollupDimension, ...]
    metrics: tuple[RollupMetric, ...]
    late_hours: int | None = None
    early_hours: int | None = None
    keep_hours: int | None = None

    @property
    def grain(self) -> timedelta:
        """The time that one row covers."""
        return GRAINS[self.query_granularity]

    def supervisor(
        self, *, bootstrap: str, topic: str | None = None, datasource: str | None = None, task_count: int = 1
    ) -> dict[str, Any]:
        """The Druid Kafka supervisor spec, as JSON values.

        Args:
            bootstrap: Kafka's ``host:port[,host:port]`` as Druid reaches it
            topic: another topic than the spec's
            datasource: another name than the spec's, in Druid
            task_count: reading tasks; at most the topic's partitions are of use
        """
        from frontrow_specs.druid_json import supervisor_json

        return supervisor_json(
            self, bootstrap=bootstrap, topic=topic or self.topic, datasource=datasource or self.name, tasks=task_count
        )


def rollup_names() -> list[str]:
    """Names of the rollup specs that this version of frontrow carries."""
    return sorted(
        file.name.removesuffix(".yaml") for file in package_file("rollup").iterdir() if file.name.endswith(".yaml")
    )


@lru_cache(maxsize=32)
def rollup(name: str) -> RollupSpec:
    """One rollup spec.

    Raises:
        SpecNotFound: answers with the near names
    """
    names = rollup_names()
    if name not in names:
        raise SpecNotFound(f"no rollup spec {name!r}: {near(name, names)}")
    return read_rollup(load_yaml(package_file("rollup", f"{name}.yaml")))


def read_rollup(content: Any) -> RollupSpec:
    """A rollup spec from a file's content that keeps the JSON schema.

    Raises:
        SpecInvalid: an entry is missing or is not what it should be; ``frontrow specs validate`` tells more
    """
    try:
        return RollupSpec(
            name=content["name"],
            description=content["description"].strip(),
            topic=content["topic"],
            query_granularity=content["queryGranularity"],
            segment_granularity=content["segmentGranularity"],
            rollup=content["rollup"],
            dimensions=tuple(
                RollupDimension(
                    entry["name"],
                    entry["description"],
                    bool(entry.get("multiValue", False)),
                    entry.get("expression"),
                )
                for entry in content["dimensions"]
            ),
            metrics=tuple(
                RollupMetric(
                    name=entry["name"],
                    type=entry["type"],
                    description=entry["description"],
                    field=entry.get("field"),
                    expression=entry.get("expression"),
                    filter=dict(entry.get("filter", {})),
                )
                for entry in content["metrics"]
            ),
            late_hours=_hours(content.get("lateMessageRejectionPeriod")),
            early_hours=_hours(content.get("earlyMessageRejectionPeriod")),
            keep_hours=_hours(content.get("keep")),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise SpecInvalid(f"not a rollup spec: {error!r} where an entry should be.") from error


def _hours(period: str | None) -> int | None:
    """The hours of a period like P7D or P1DT12H."""
    if period is None:
        return None
    found = re.fullmatch(r"P(?=.)(?:(\d{1,5})D)?(?:T(\d{1,5})H)?", period)
    if found is None:
        raise SpecInvalid(f"{period!r} is no period of days and hours, like P7D or PT36H.")
    return int(found[1] or 0) * 24 + int(found[2] or 0)
