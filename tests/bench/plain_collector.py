"""The straightforward collector, to compare with: Starlette, pydantic, fastavro, kafka-python, one wait per request."""

from __future__ import annotations

import asyncio
import io
import struct
import sys
from typing import Any

import fastavro
import uvicorn
from kafka import KafkaProducer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontrow_ingest.contract import ViewingEvent
from frontrow_specs import current_schema_id, event_schema

FRAME = struct.pack(">BI", 1, current_schema_id())


def plain(schema: Any) -> Any:
    """The schema without logical types, so that a time is an integer."""
    if isinstance(schema, dict):
        return {key: plain(value) for key, value in schema.items() if key != "logicalType"}
    return [plain(part) for part in schema] if isinstance(schema, list) else schema


def main(bootstrap: str, topic: str, port: int) -> None:
    """Serve until interrupted."""
    producer: Any = KafkaProducer(bootstrap_servers=bootstrap)
    schema = fastavro.parse_schema(plain(event_schema()))

    async def events(request: Request) -> Response:
        futures = []
        for each in await request.json():
            event = ViewingEvent.model_validate(each)
            out = io.BytesIO()
            out.write(FRAME)
            fastavro.schemaless_writer(out, schema, event.model_dump())
            futures.append(producer.send(topic, out.getvalue(), event.session_id.encode()))

        def wait() -> None:
            for future in futures:
                future.get(30)

        await asyncio.to_thread(wait)
        return Response(status_code=204)

    uvicorn.run(Starlette(routes=[Route("/events", events, methods=["POST"])]), port=port, log_level="error")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
