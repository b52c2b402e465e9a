"""An evening to look back on: two live events and titles on demand, sent as fast as Kafka takes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from frontrow import Interval
from frontrow_ingest.producer import EventProducer
from frontrow_ingest.producer.beside import ledger_of
from frontrow_ingest.simulate import Simulation, Tally, Totals
from frontrow_ingest.simulate.world import HIDDEN_FAULT

PRODUCER = "evening"
_DELIVERED_WITHIN_S = 120.0


@dataclass(frozen=True)
class Half:
    """One live event and the titles played beside it."""

    event_id: str
    ended_before: timedelta
    lasted: timedelta
    audience: float


HALVES = (
    Half("semi-final", timedelta(hours=2), timedelta(hours=1), 0.7),
    Half("grand-final", timedelta(minutes=3), timedelta(hours=1), 1.0),
)
"""They share their viewers: who came to the first one is among those of the second."""


@dataclass(frozen=True)
class Evening:
    """What was sent.

    Attributes:
        interval: from the first event to the last one's end
        totals: the simulator's own count, of both halves
        fault: CDN and access network that play badly together, for whoever wants to check a hunt for them
    """

    interval: Interval
    totals: tuple[Totals, ...]
    fault: tuple[str, str] = HIDDEN_FAULT

    @property
    def events(self) -> int:
        return sum(totals.events for totals in self.totals)


def send_evening(
    bootstrap: str,
    *,
    topic: str,
    ledger_topic: str,
    viewers: int,
    seed: int = 1,
    now: datetime | None = None,
) -> Evening:
    """Send both halves, and tell the ledger.

    Args:
        viewers: of the second event and the titles beside it
        now: the moment before which it lies

    Raises:
        DeliveryError: Kafka did not take every event
    """
    now = now or datetime.now(UTC)
    totals = []
    with ledger_of(bootstrap, ledger_topic, PRODUCER) as ledger:
        producer = EventProducer(bootstrap, topic=topic, counter=None if ledger is None else ledger.counts)
        with producer:
            for half in HALVES:
                tally = Tally()
                for event in _simulation(half, viewers, seed, now).events():
                    producer.send_unchecked(event)
                    tally.add(event)
                totals.append(tally.totals())
        if ledger is not None:
            ledger.close(_DELIVERED_WITHIN_S)
    first, last = HALVES[0], HALVES[-1]
    return Evening(Interval(now - first.ended_before - first.lasted, now - last.ended_before), tuple(totals))


def _simulation(half: Half, viewers: int, seed: int, now: datetime) -> Simulation:
    start = now - half.ended_before - half.lasted
    return Simulation(
        seed=seed,
        viewers=max(1, round(viewers * half.audience)),
        start_ms=int(start.timestamp() * 1000),
        duration_s=half.lasted.total_seconds(),
        titles=40,
        event_id=half.event_id,
        end_open=True,
    )
