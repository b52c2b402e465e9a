"""A collector with a state that is killed at random points while players post: ``python killed_collector.py OPTIONS``.

The collector is a fork of this process, on a socket of this process, over a topic in a file. Players repeat whatever
was not answered 204, some with two requests at once. First they play, then they are silent and the collector ends their
sessions; it is killed in both. What was planned and how often it was killed is printed as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from frontrow_ingest.collector import CollectorSettings, Context, Delivery, app, collector_app
from frontrow_ingest.collector.followed_store import FollowedStore
from frontrow_ingest.collector.journal import RequestJournal
from frontrow_ingest.collector.server import serve
from frontrow_ingest.collector.state import CollectorState
from frontrow_ingest.contract import decode
from frontrow_ingest.metrics import Metrics
from frontrow_ingest.seen import SeenStore
from support.cmcd_lines import a_report, numbers
from support.dying import Point, at_point
from support.file_topic import FileLog, FileSink, records
from support.viewing_events import an_event

SESSIONS = 8
STEPS = 30
KILLS = 4
LIMIT_S = 400.0
POINTS: tuple[Point, ...] = (
    (FileSink, "send_encoded", 200),
    (FileSink, "flush", 40),
    (FileLog, "bounds", 8),
    (SeenStore, "write", 6),
    (FollowedStore, "write", 6),
    (RequestJournal, "_append", 60),
    (RequestJournal, "next_part", 6),
    (RequestJournal, "forget_before", 6),
)
Request = tuple[str, bytes]


def collect(listener: socket.socket, directory: Path, silent_after_s: float, chance: random.Random) -> None:
    """Serve until killed, or told to stop."""
    app.SNAPSHOT_EVERY_S, app.SWEEP_S = chance.uniform(0.0, 0.1), 0.02
    topic = directory / "topic"
    state = CollectorState(directory / "state", lambda: FileLog(topic))
    delivery = Delivery(lambda: FileSink(topic, chance), max_waiting=1_000, seen=state.window, keeper=state)
    made = collector_app(
        delivery,
        settings=CollectorSettings(silent_after_s=silent_after_s, ack_timeout_s=chance.choice((0.002, 2.0))),
        context=Context(defaults={"viewer": an_event()["viewer_id"]}),
        state=state,
    )
    delivery.start()
    serve(made, listener, metrics=Metrics(), drain_s=1, started=lambda: None)
    delivery.close(5)
    state.close()


def plan(chance: random.Random, name: str) -> tuple[list[list[Request]], dict[str, Any]]:
    """A session's requests, those that may be under way at once in one list, and what has to come of them."""
    in_cmcd = chance.random() < 0.6
    ends_itself = chance.random() < 0.5
    steps: list[list[Request]] = []
    numbered: list[Request] = []
    at_ms = dropped = 0
    for seq in range(STEPS):
        last = ends_itself and seq == STEPS - 1
        if in_cmcd:
            dropped += chance.randrange(4)
            kind = ("ps", "e") if last else ("t", "p")
            line = a_report(seq, at_ms, *kind, sid=name, dfa=dropped, br=numbers(1_000))
            request = ("application/cmcd", line.encode())
        else:
            end = {"kind": "end", "end_reason": "viewer"} if last else {}
            sent = [an_event(session_id=name, seq=seq, **end)]
            if seq and chance.random() < 0.2:
                sent.append(an_event(session_id=name, seq=chance.randrange(seq)))
            request = ("application/json", json.dumps(sent).encode())
        numbered.append(request)
        at_ms += 0 if seq == STEPS - 1 else chance.randrange(5_000)
    while numbered:
        take = 2 if 2 < len(numbered) < STEPS and chance.random() < 0.3 else 1
        steps.append(numbered[:take])
        del numbered[:take]
    wanted = {"play_ms": at_ms, "dropped_frames": dropped, "bits": at_ms * 1_000} if in_cmcd else {}
    return steps, wanted


async def post(port: int, request: Request) -> None:
    """Send a request until it is answered 204."""
    kind, body = request
    head = f"POST /events HTTP/1.1\r\nhost: x\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"
    while True:
        writer = None
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head.encode() + b"connection: close\r\n\r\n" + body)
            status = (await reader.readline()).split(b" ")[1:2]
            if status == [b"204"]:
                return
            assert status in ([], [b"503"], [b"429"]), status
        except OSError:
            pass
        finally:
            if writer is not None:
                writer.close()
        await asyncio.sleep(0.005)


async def play(port: int, steps: Sequence[Sequence[Request]]) -> None:
    for together in steps:
        await asyncio.gather(*(post(port, request) for request in together))


class Runs:
    """The collector's runs for one seed."""

    def __init__(self, directory: Path, chance: random.Random) -> None:
        self._directory = directory
        self._chance = chance
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.kills = 0

    async def until(self, is_so: Callable[[], bool], kills: int, silent_after_s: float) -> None:
        """Run the collector, killed some times, until something is so and the kills were made."""
        deadline = time.monotonic() + LIMIT_S
        left = kills
        while not is_so():
            child = self._fork(silent_after_s, to_be_killed=left > 0)
            kill_at = time.monotonic() + self._chance.uniform(0.0, 0.4) if left > 0 else deadline
            over = False
            while not over and time.monotonic() < kill_at and not is_so():
                over = os.waitpid(child, os.WNOHANG)[0] != 0
                await asyncio.sleep(0.01)
            assert time.monotonic() < deadline, f"took more than {LIMIT_S} s"
            if not over:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            self.kills += 1
            left -= 1

    def _fork(self, silent_after_s: float, *, to_be_killed: bool) -> int:
        seed = self._chance.random()
        child = os.fork()
        if child:
            return child
        try:
            logging.disable(logging.WARNING)
            chance = random.Random(seed)
            if to_be_killed and chance.random() < 0.6:
                at_point(POINTS, chance, within_s=0.01)
            collect(self._listener, self._directory, silent_after_s, chance)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
        finally:
            os._exit(98)

    def close(self) -> None:
        self._listener.close()


async def one_seed(seed: int, directory: Path) -> dict[str, Any]:
    chance = random.Random(seed)
    directory.mkdir()
    plans = {f"s{seed}-{number}": plan(chance, f"s{seed}-{number}") for number in range(SESSIONS)}
    runs = Runs(directory, chance)
    players = asyncio.gather(*(play(runs.port, steps) for steps, _ in plans.values()))
    await runs.until(players.done, KILLS, 3_600.0)
    await players
    playing_kills = runs.kills
    topic = directory / "topic"
    await runs.until(lambda: ended(topic) >= SESSIONS, 2, 0.03)
    # What is wrong by one too many needs time to show.
    quiet_at = time.monotonic() + 0.3
    await runs.until(lambda: time.monotonic() > quiet_at, 0, 0.03)
    runs.close()
    return {
        "kills": playing_kills,
        "kills_in_silence": runs.kills - playing_kills,
        "wanted": {name: wanted for name, (_, wanted) in plans.items()},
    }


def ended(topic: Path) -> int:
    """How many sessions have an end."""
    events = (decode(value) for _, value in records(topic))
    return len({event["session_id"] for event in events if event["kind"] == "end"})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", required=True, type=Path)
    parser.add_argument("seeds", nargs="+", type=int)
    options = parser.parse_args()
    found = {seed: asyncio.run(one_seed(seed, options.directory / str(seed))) for seed in options.seeds}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
