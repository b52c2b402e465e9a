"""The demonstration: a simulated live event through the real line, watched while it happens, then counted twice."""

from __future__ import annotations

from frontrow_ingest.demo.account import Account, Comparison
from frontrow_ingest.demo.evening import Evening, send_evening
from frontrow_ingest.demo.feed import Feed
from frontrow_ingest.demo.names import name_titles
from frontrow_ingest.demo.watch import Snapshot, Watcher

__all__ = ["Account", "Comparison", "Evening", "Feed", "Snapshot", "Watcher", "name_titles", "send_evening"]
