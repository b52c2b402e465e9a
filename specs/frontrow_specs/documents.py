"""Documents that are generated from the catalogue and the rollup specs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from frontrow_specs.metrics import catalogue
from frontrow_specs.rollups import RollupSpec, rollup, rollup_names

_GRAINS = {"TEN_SECOND": "ten seconds", "FIVE_MINUTE": "five minutes"}


def metrics_markdown() -> str:
    """``catalogue/METRICS.md``: every metric, dimension, combined answer and datasource as tables."""
    known, specs = catalogue(), [rollup(name) for name in rollup_names()]
    metrics = (
        (
            f"`{metric.name}`",
            metric.unit,
            f"`{metric.formula}`",
            ", ".join(metric.datasources),
            " ".join(filter(None, (metric.description, metric.note))),
            metric.source,
            "exact" if metric.exact else "approximate",
        )
        for metric in known.metrics.values()
    )
    combined = (
        (
            each.title,
            "; ".join(
                f"{name}: {', '.join(f'`{column}`' for column in columns)}" for name, columns in each.columns.items()
            ),
            each.description.strip(),
            each.source,
        )
        for each in known.combined.values()
    )
    dimensions = (
        (
            f"`{dimension.name}`",
            ", ".join(spec.name for spec in specs if dimension.name in {each.name for each in spec.dimensions}),
            dimension.description,
        )
        for dimension in known.dimensions.values()
    )
    datasources = ((f"`{spec.name}`", _grain(spec), spec.topic, " ".join(spec.description.split())) for spec in specs)
    parts = [
        "# Metrics",
        "",
        "Written by `frontrow query metrics --markdown` from `metrics.yaml` and the rollup specs; do not edit it. In a",
        "formula, columns are added up first and divided then; nothing divided by nothing is null. `bucket_ms` is the",
        "length of the time bucket. The first datasource that has all that is asked for answers.",
        "",
        *_table(("Metric", "Unit", "Formula", "Datasources", "What it says", "By the definition of", ""), metrics),
        "",
        "## What takes more than a formula",
        "",
        *_table(("Answer", "Columns", "What it says", "By the definition of"), combined),
        "",
        "## Dimensions",
        "",
        *_table(("Dimension", "Datasources", "What it says"), dimensions),
        "",
        "## Datasources",
        "",
        *_table(("Datasource", "Rows", "Topic", "What it answers, and what it cannot"), datasources),
    ]
    return "\n".join(parts) + "\n"


def _grain(spec: RollupSpec) -> str:
    grain = _GRAINS.get(spec.query_granularity, spec.query_granularity.lower())
    return grain if spec.keep_hours is None else f"{grain}, kept {spec.keep_hours} h"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [headings, ["---"] * len(headings), *rows]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines]
