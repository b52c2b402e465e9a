"""What is known of the simulated titles besides their ids, as ``frontrow lookups load`` takes it."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

from frontrow_ingest.simulate import world
from frontrow_ingest.simulate.audience import LIVE_CHANNEL

_GENRES = ("drama", "crime", "comedy", "documentary", "family", "thriller")
_FIRST_LAUNCH = date(2019, 1, 7)
_COLUMNS = ["content_id", "name", "series", "genre", "length_ms", "launch_date"]


def title_entries(count: int) -> dict[str, dict[str, str]]:
    """The live channel and so many titles on demand: attributes by content id."""
    entries = {LIVE_CHANNEL: {"name": "Arena One", "genre": "sport"}}
    for rank, title in enumerate(world.titles(count).items):
        words = title.content_id.split("-")
        entries[title.content_id] = {
            "name": f"The {' '.join(word.capitalize() for word in words)}",
            "series": f"Tales of the {words[1].capitalize()}",
            "genre": _GENRES[sum(title.content_id.encode()) % len(_GENRES)],
            "length_ms": str(title.length_ms),
            "launch_date": (_FIRST_LAUNCH + timedelta(weeks=rank)).isoformat(),
        }
    return entries


def write_titles(path: Path, count: int) -> None:
    """Write :func:`title_entries` as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({"content_id": key, **values} for key, values in title_entries(count).items())
