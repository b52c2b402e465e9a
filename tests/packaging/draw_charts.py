"""Draw the charts of the documentation anew: ``make charts``.

A seeded audience goes through a Druid in memory, so the pictures change only when the charts do. Another folder may be
named, and ``--png`` draws that instead of SVG.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from frontrow import Client, Freshness, Result
from frontrow_ingest.simulate import Simulation
from frontrow_ingest.testing import MemoryDruid

FOLDER = Path(__file__).parents[2] / "client" / "docs" / "charts"
START = datetime(2026, 11, 23, 19, tzinfo=UTC)
LENGTH = timedelta(minutes=90)
VIEWERS = 160


def audience() -> Client:
    """An evening that goes on: its last events are a few seconds old."""
    simulation = Simulation(
        seed=11,
        viewers=VIEWERS,
        start_ms=int(START.timestamp() * 1000),
        duration_s=int(LENGTH.total_seconds()),
    )
    events = list(simulation.events())
    druid = MemoryDruid()
    for spec in ("audience", "quality", "retention"):
        druid.apply(spec)
    druid.send("events", events)
    # So small an audience would be hidden.
    return Client(transport=druid, key_epochs=False, min_audience=0, completeness=False)


def answers(client: Client) -> Iterator[tuple[str, Result]]:
    """Each answer that is drawn, with the name of its picture."""
    evening = (START, START + LENGTH - timedelta(seconds=20))
    now = Freshness(START + LENGTH - timedelta(seconds=24), timedelta(seconds=4))

    def so_far(result: Result) -> Result:
        return replace(result, freshness=now)

    zone = {"time_zone": "Europe/Berlin"}
    yield "timeseries", so_far(client.timeseries("concurrent_viewers", interval=evening, **zone))
    yield "units", so_far(
        client.timeseries(
            ["startup_time_p50", "startup_time_p95", "rebuffer_ratio", "plays"],
            interval=evening, granularity="5m", **zone,
        )
    )  # fmt: skip
    yield "bounds", so_far(_with_bounds(client.timeseries("active_sessions", interval=evening, **zone), 0.033))
    yield "top", so_far(client.top_n("content_id", ["viewer_hours", "plays"], n=8, interval=evening))
    title = client.top_n("content_id", "position_sessions", n=1, interval=evening, where={"position_is": "percent"})
    yield "retention", so_far(client.retention(title[0]["content_id"], interval=evening))
    yield "heat-map", so_far(client.breakdown(["cdn", "isp"], "rebuffer_ratio", interval=evening))
    yield "impact", so_far(client.impact("rebuffer_ratio", ["cdn", "isp"], pairs=True, n=8, interval=evening))
    yield "distribution", so_far(client.distribution(interval=evening))
    yield "distributions", so_far(client.distribution(by="cdn", interval=evening))


def _with_bounds(result: Result, error: float) -> Result:
    (metric,) = (name for name in result.columns if name != "time")
    values = result.columns[metric]
    sides = {
        f"{metric}{side}": [None if value is None else value * (1 + by) for value in values]
        for side, by in (("_low", -error), ("_high", error))
    }
    types = {**result.types, **dict.fromkeys(sides, "number")}
    return replace(result, columns={**result.columns, **sides}, types=types)  # type: ignore[arg-type]


def draw(folder: Path, suffix: str) -> list[Path]:
    """Writes every picture; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, result in answers(audience()):
        if not len(result):
            raise SystemExit(f"{name} has no rows to draw")
        path = folder / f"{name}{suffix}"
        result.plot().save(str(path), **({"scale_factor": 2} if suffix == ".png" else {}))
        paths.append(path)
    return paths


if __name__ == "__main__":
    folders = [Path(argument) for argument in sys.argv[1:] if argument != "--png"]
    for drawn in draw(folders[0] if folders else FOLDER, ".png" if "--png" in sys.argv else ".svg"):
        print(drawn)
