"""What an asynchronous service writes. Checked, not run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, assert_type

import frontrow
from frontrow import AsyncClient, Query, Result


async def viewers(url: str, titles: list[str]) -> Mapping[str, Result]:
    async with AsyncClient(url, timeouts=frontrow.Timeouts(total=5), limits=frontrow.Limits(buckets=100)) as client:
        assert_type(client, AsyncClient)
        asked = [client.timeseries("concurrent_viewers", last="10m", where={"content_id": title}) for title in titles]
        answers = await asyncio.gather(*asked)
        assert_type(answers, list[Result])
        return dict(zip(titles, answers, strict=True))


async def together(client: AsyncClient, question: Query) -> None:
    async with asyncio.timeout(2), asyncio.TaskGroup() as group:
        now = group.create_task(client.ask(question))
        top = group.create_task(client.top_n("cdn", ["plays", "rebuffer_ratio"], last="1h"))
    assert_type(now.result(), Result)
    assert_type(top.result(), Result)
    assert_type(await client.freshness(), frontrow.Freshness | None)
    assert_type(await client.ledger(last="1h"), frontrow.LedgerReport)
    assert_type(await client.retention("arena-one"), Result)
    assert_type(await client.sql("SELECT ?", [1]), Result)


async def native(client: AsyncClient, query: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(await client.native(query, context={"lane": "service"}))
