"""Answers of scans as Druid writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson


def scan_block(types: Mapping[str, str | None], rows: Sequence[Sequence[Any]], segment: str = "s_1") -> bytes:
    """Rows of one segment; a type is None where Druid tells none."""
    return orjson.dumps(
        {
            "segmentId": segment,
            "columns": list(types),
            "events": rows,
            "rowSignature": [{"name": name, **({"type": kind} if kind else {})} for name, kind in types.items()],
        }
    )


def scan_answer(*blocks: bytes) -> bytes:
    return b"[" + b",".join(blocks) + b"]"
