"""What a Druid in memory remembers of supervisors: every spec, and when one was ended."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from frontrow_ingest.testing.memory.datasource import iso
from frontrow_ingest.testing.memory.replies import not_found


class History:
    """Versions of specs by supervisor, the newest first; a version is the moment of its submission."""

    def __init__(self) -> None:
        self._versions: dict[str, list[dict[str, Any]]] = {}
        self._last_ms = 0

    def add(self, name: str, spec: Mapping[str, Any]) -> None:
        """Remember a submission."""
        self._last_ms = max(time.time_ns() // 1_000_000, self._last_ms + 1)
        self._versions.setdefault(name, []).insert(0, {"spec": spec, "version": iso(self._last_ms)})

    def end(self, name: str) -> None:
        """Remember that a supervisor was ended."""
        self.add(name, {"type": "noop", "id": None, "dataSources": [name], "suspended": False, "source": "noop"})

    def of(self, name: str, where: str) -> list[dict[str, Any]]:
        """As ``GET .../history`` answers."""
        if name not in self._versions:
            raise not_found(where, f"No history for [{name}].")
        return self._versions[name]
