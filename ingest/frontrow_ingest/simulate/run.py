"""A run of the simulator: events, when they are due, to an output, and the account of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from frontrow_ingest.errors import DeliveryError, IngestError
from frontrow_ingest.simulate.outputs import Output
from frontrow_ingest.simulate.pacing import Pacer, in_order_of_arrival
from frontrow_ingest.simulate.simulation import Simulation
from frontrow_ingest.simulate.tally import Tally, Totals

EVENTS_PER_LOOK = 2_000
FLUSH_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Summary:
    """The end of a run. ``worst_lag_s`` is how far behind its time an event was at most, 0 without pacing."""

    totals: Totals
    elapsed_s: float
    worst_lag_s: float
    interrupted: bool
    failure: IngestError | None

    @property
    def per_second(self) -> float:
        """Events per second of wall time."""
        return self.totals.events / self.elapsed_s if self.elapsed_s > 0 else 0.0


def play(
    simulation: Simulation,
    output: Output,
    *,
    speed: float,
    tally: Tally,
    should_stop: Callable[[], bool] = lambda: False,
    watch: Callable[[float], None] = lambda _lag_s: None,
) -> Summary:
    """Send the simulation's events to the output at ``speed`` (1 is real time, 0 as fast as possible) and close it.

    Stops early when ``should_stop`` says so: what was sent is kept. A failure of the output ends the run and is in the
    summary. KeyboardInterrupt ends it as well. ``tally`` counts on the way; ``watch`` is called several times a second
    with the lag in seconds. With ``late_share`` events go out in the order they are received in.
    """
    began = time.monotonic()
    by_arrival = simulation.late_share > 0
    pacer = Pacer(speed, simulation.start_ms, field="received_ts" if by_arrival else "ts")
    failure: IngestError | None = None
    interrupted = False
    flushed = began

    def idle() -> None:
        nonlocal flushed
        watch(pacer.lag_s)
        if time.monotonic() - flushed >= FLUSH_EVERY_S:
            output.flush()
            flushed = time.monotonic()

    events = simulation.events()
    add, send = tally.add, output.send
    look = EVENTS_PER_LOOK
    try:
        for event in pacer.paced(
            in_order_of_arrival(events) if by_arrival else events, idle=idle, should_stop=should_stop
        ):
            send(event)
            add(event)
            look -= 1
            if not look:
                look = EVENTS_PER_LOOK
                idle()
                if should_stop():
                    break
        interrupted = should_stop()
    except KeyboardInterrupt:
        interrupted = True
    except IngestError as error:
        failure = error
    try:
        output.close()
    except KeyboardInterrupt:
        interrupted = True
        failure = failure or DeliveryError("stopped before every event was delivered")
    except IngestError as error:
        failure = failure or error
    return Summary(tally.totals(), time.monotonic() - began, pacer.worst_lag_s, interrupted, failure)
