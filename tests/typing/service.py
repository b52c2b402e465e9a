"""What an asynchronous service writes. Checked, not run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, assert_type

import frontrow


async def viewers(client: frontrow.Client, titles: list[str]) -> Mapping[str, frontrow.Result]:
    async def one(title: str) -> frontrow.Result:
        return await asyncio.to_thread(
            client.timeseries, "concurrent_viewers", last="10m", where={"content_id": title}
        )  # fmt: skip

    answers = await asyncio.gather(*(one(title) for title in titles))
    assert_type(answers, list[frontrow.Result])
    return dict(zip(titles, answers, strict=True))


async def native(client: frontrow.Client, query: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(await asyncio.to_thread(client.native, query, context={"lane": "service"}))
