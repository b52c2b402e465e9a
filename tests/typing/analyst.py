"""What an analyst writes, strictly typed. Checked, not run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, assert_type

import polars
from pydruid.utils.filters import Dimension  # type: ignore[import-untyped]  # pyright: ignore

import frontrow
from frontrow import Client, Condition, Exported, Freshness, Interval, LedgerReport, Query, Result


def evening(client: Client, event: str) -> polars.DataFrame:
    start = datetime(2026, 11, 23, 19, tzinfo=UTC)
    german: Condition = frontrow.eq("country", "DE") & ~frontrow.one_of("cdn", ["aurora", None])
    result = client.timeseries(
        ["concurrent_viewers", "plays"],
        interval=(start, start + timedelta(hours=2)),
        granularity="5m",
        where=german,
        time_zone="Europe/Berlin",
    )
    assert_type(result, Result)
    assert_type(result.columns, Mapping[str, Sequence[Any]])
    assert_type(result[0], Mapping[str, Any])
    assert_type(result[:2], Sequence[Mapping[str, Any]])
    assert_type([row["plays"] for row in result], list[Any])
    assert_type(len(result), int)
    assert_type(result.interval, Interval | None)
    assert_type(result.exactness, str)
    assert_type(result.query, dict[str, Any])
    frame = client.retention(event, by="minute", last="3h").to_polars()
    assert_type(frame, polars.DataFrame)
    return frame.join(result.to_polars(), on="time", how="left")


def asked_again(client: Client, question: Query) -> list[Result]:
    """A question is a value: it is changed by copies, and each copy keeps its kind."""
    plays = frontrow.timeseries("plays").last("30m").every("5m").where(country="DE", cdn=["aurora", "boreal"])
    again = plays.where(frontrow.like("isp", "AS%")).large().with_context({"priority": -1}).every("1h")
    assert_type(again.granularity, str)
    titles = frontrow.top_n("content_id", "plays").first(5).labelled("title").during("2026-11-23/2026-11-24")
    asked: list[Query] = [question, plays, titles.of("audience"), frontrow.sql("SELECT ?", [1])]
    assert_type(titles.to_druid(), list[dict[str, Any]])
    return [client.ask(each) for each in asked]


def worst(client: Client, chart: Path) -> str:
    result = client.top_n("cdn", "rebuffer_ratio", n=5, last=timedelta(hours=1), where={"country": ["DE", "AT"]})
    result.plot("rebuffer_ratio", kind="bar", title="Worst CDNs", height=200).save(str(chart))
    return str(result[0]["cdn"])


def filtered(client: Client, chosen: Mapping[str, str], own: dict[str, Any], cdns: frozenset[str]) -> list[Result]:
    """Every form of a filter: values, several of them, conditions, Druid's JSON and what pydruid made."""
    german: dict[str, str] = {"country": "DE"}
    nested = {"type": "and", "fields": [{"type": "selector", "dimension": "country", "value": "DE"}]}
    asked = [
        frontrow.timeseries("plays", where={"country": "DE", "cdn": ["aurora", None], "position": 5, "started": True}),
        frontrow.timeseries("plays", where={"position": range(5), "cdn": cdns, "isp": (name for name in cdns)}),
        frontrow.timeseries("plays", where={"type": "not", "field": {"type": "null", "column": "cdn"}}),
        frontrow.timeseries("plays", where={"type": "in", "dimension": "cdn", "values": ["aurora", None]}),
        frontrow.timeseries("plays", where=Dimension("cdn") == "aurora"),
        *(frontrow.timeseries("plays", where=where) for where in (chosen, german, own, nested, None)),
        frontrow.timeseries("plays").where(german, cdn=cdns, position=[1, 2], started=True).where({"isp": None}),
    ]
    return [client.ask(each.last("1h")) for each in asked]


def how_new(client: Client) -> timedelta | None:
    freshness = client.freshness("audience")
    assert_type(freshness, Freshness | None)
    return None if freshness is None else freshness.age


def complete(client: Client) -> bool:
    report = client.ledger(last="1h")
    assert_type(report, LedgerReport)
    assert_type(report.completeness, float | None)
    return report.completeness is None or report.completeness > 0.999


def kept(client: Client, folder: Path) -> int:
    exported = client.export("SELECT * FROM audience WHERE country = ?", folder / "a.parquet", parameters=["DE"])
    assert_type(exported, Exported)
    return exported.rows
