"""Clients for tests whose subject is not what an answer hides, nor how complete it is."""

from __future__ import annotations

from typing import Any

from frontrow import Client

BARE: dict[str, Any] = {"min_audience": 0, "completeness": False}
"""Options that show the few viewers that a test has, and ask nothing but the question and its freshness."""


def a_client(url: str | None = None, **options: Any) -> Client:
    """A client with these options unless told otherwise."""
    return Client(url, **{**BARE, **options})
