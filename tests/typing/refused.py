"""Wrong uses. Both checkers must refuse each line with ``# refused: CODE``, mypy with that code, and no other line."""

# ruff: noqa: ARG002, B015, B018

from __future__ import annotations

from datetime import date
from typing import Any

import frontrow


class Halfway:
    """No transport: it cannot be closed, and has no timeouts."""

    url = "halfway:"

    def request_json(self, method: str, path: str, body: Any = None, *, timeout: float | None = None) -> Any:
        return None


def asked_wrongly(client: frontrow.Client) -> None:
    client.timeseries()  # refused: call-arg
    client.timeseries("plays", "30m")  # refused: call-arg
    client.timeseries("plays", lst="30m")  # refused: call-arg
    client.timeseries("plays", last=30)  # refused: arg-type
    client.timeseries(5)  # refused: arg-type
    client.timeseries("plays", interval=(20261123, 20261124))  # refused: arg-type
    client.timeseries("plays", spec=1)  # refused: arg-type
    client.top_n("cdn")  # refused: call-arg
    client.top_n("cdn", "plays", n="10")  # refused: arg-type
    client.retention(b"arena-one")  # refused: arg-type
    client.native("timeseries")  # refused: arg-type
    client.sql("SELECT 1", context=["lane"])  # refused: arg-type
    client.export("SELECT 1")  # refused: call-arg
    client.ledger(settled_after=30)  # refused: arg-type
    client.catalogue = None  # refused: misc
    client.count("plays")  # refused: attr-defined


def filtered_wrongly(client: frontrow.Client) -> None:
    client.timeseries("plays", where="country = 'DE'")  # refused: arg-type
    client.timeseries("plays", where=["DE"])  # refused: arg-type
    client.timeseries("plays", where=("country", "DE"))  # refused: arg-type
    client.timeseries("plays", where=frontrow.eq)  # refused: arg-type
    client.timeseries("plays", where=True)  # refused: arg-type
    client.timeseries("plays", where={5: "DE"})  # refused: dict-item
    client.timeseries("plays", where={"country": date(2026, 11, 23)})  # refused: dict-item
    client.timeseries("plays", where={"country": ["DE", date(2026, 11, 23)]})  # refused: list-item
    client.timeseries("plays", where={"country": frontrow.eq("country", "DE")})  # refused: dict-item
    client.overlap({"german": "DE", "french": {"country": "FR"}})  # refused: dict-item
    frontrow.top_n("cdn", "plays", where=client)  # refused: arg-type
    frontrow.timeseries("plays").where("DE")  # refused: arg-type
    frontrow.timeseries("plays").where(country=date(2026, 11, 23))  # refused: arg-type


def made_wrongly() -> None:
    frontrow.Client("http://a", frontrow.Timeouts())  # refused: call-arg
    frontrow.Client(timeouts=20)  # refused: arg-type
    frontrow.Client(transport=Halfway())  # refused: arg-type
    frontrow.Client(auth="user:password")  # refused: arg-type
    frontrow.Client(token=1)  # refused: arg-type
    frontrow.Timeouts(writing=1)  # refused: call-arg
    frontrow.Limits(buckets="many")  # refused: arg-type
    frontrow.Timeouts().total = 1  # refused: misc
    frontrow.eq("position", 5)  # refused: arg-type
    frontrow.like("isp")  # refused: call-arg
    frontrow.not_("isp")  # refused: arg-type


async def awaited_wrongly(client: frontrow.Client, other: frontrow.AsyncClient) -> None:
    await client.timeseries("plays", last="30m")  # refused: misc
    other.timeseries("plays", last="30m").to_polars()  # refused: attr-defined
    await other.timeseries("plays", lst="30m")  # refused: call-arg
    await other.ask("plays")  # refused: arg-type
    with other:  # refused: attr-defined
        pass


def questioned_wrongly(client: frontrow.Client) -> None:
    plays = frontrow.timeseries("plays", last="30m")
    plays.to_polars()  # refused: attr-defined
    plays.granularity = "5m"  # refused: misc
    plays.first(5)  # refused: attr-defined
    plays.every(5)  # refused: arg-type
    frontrow.timeseries(metric="plays")  # refused: call-arg
    frontrow.top_n("cdn", "plays", 5)  # refused: call-arg
    frontrow.Query()  # refused: abstract
    client.ask({"queryType": "timeseries"})  # refused: arg-type
    client.ask("SELECT 1")  # refused: arg-type
    frontrow.timeserie("plays")  # refused: attr-defined


def read_wrongly(client: frontrow.Client, result: frontrow.Result) -> None:
    result.exactness = "exact"  # refused: misc
    result.columns["plays"] = []  # refused: index
    result[0]["plays"] = 1  # refused: index
    result["plays"]  # refused: call-overload
    result.interval.start  # refused: union-attr
    result.freshness.age  # refused: union-attr
    result.to_parquet("a.parquet")  # refused: attr-defined
    result.plot(kind="pie")  # refused: arg-type
    client.freshness().newest  # refused: union-attr
    client.ledger().completeness > 0.9  # refused: operator


def caught_wrongly(error: frontrow.FrontrowError) -> None:
    error.status  # refused: attr-defined
    frontrow.DruidError("no")  # refused: call-arg
