"""Runs of ``frontrow produce FILE --resume`` that are killed at random points: ``python killed_runs.py OPTIONS``.

A run is a fork of this process, which has everything imported and no threads, so that it starts at once. For each seed
a small file is sent: by some runs that are killed with SIGKILL, each by a plan drawn from the seed, then by one that is
left alone. What happened is printed as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from frontrow_ingest.cli import main, produce
from frontrow_ingest.producer import kafka_producer
from frontrow_ingest.resume import journal, kafka_log
from frontrow_ingest.seen import SeenStore
from support.dying import Point, at_point
from support.viewing_events import a_line

LINES = 1_500
SESSIONS = 12
RUN_LIMIT_S = 300.0
POINTS: dict[str, Point] = {
    "sending": (kafka_producer.KafkaSink, "send_encoded", LINES),
    "flushing": (kafka_producer.KafkaSink, "flush", 12),
    "reading back": (kafka_log.KafkaLog, "bounds", 8),
    "remembering": (SeenStore, "write", 12),
}
BY_TIME = "at some time"


def write_input(path: Path, seed: int) -> set[tuple[str, int]]:
    """A file with events in order within a session, some of them repeated, some lines refused. Returns the events."""
    chance = random.Random(seed)
    following = [0] * SESSIONS
    lines, events = [], set[tuple[str, int]]()
    for _ in range(LINES):
        session = chance.randrange(SESSIONS)
        name = f"{path.stem}-{session}"
        what = chance.random()
        if what < 0.03:
            lines.append(b"refused")
            continue
        if what < 0.1 and following[session]:
            seq = chance.randrange(following[session])
        else:
            seq = following[session]
            following[session] += 1
        events.add((name, seq))
        lines.append(a_line(session_id=name, seq=seq))
    path.write_bytes(b"\n".join(lines) + b"\n")
    return events


def slow_input(pause_s: float) -> None:
    """Give the file in small pieces, so that there is a middle to be killed in."""
    original = produce.InputFile.reader

    def reader(file: produce.InputFile, read: Callable[[int], bytes]) -> Callable[[int], bytes]:
        def piece(_size: int) -> bytes:
            time.sleep(pause_s)
            return read(8_192)

        return original(file, piece)

    produce.InputFile.reader = reader  # type: ignore[method-assign]


def run_once(arguments: list[str], said: Path, chance: random.Random | None, where: str = "") -> bool:
    """One run, killed where it is said, as drawn from ``chance``, or left alone. Returns whether it ended by itself."""
    by_time = where == BY_TIME
    kill_at = time.monotonic() + (chance.uniform(0.0, 0.5) if chance is not None and by_time else RUN_LIMIT_S)
    child = os.fork()
    if child == 0:
        code = 99
        try:
            out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(out, 1)
            os.dup2(out, 2)
            journal.Journal.__init__.__kwdefaults__["every_s"] = 0.0  # every 64 lines
            if chance is not None:
                slow_input(chance.choice((0.0, 0.002)))
                if not by_time:
                    at_point((POINTS[where],), chance, within_s=0.02)
            main(arguments)
        except SystemExit as error:
            code = int(error.code or 0)
        finally:
            sys.stdout.flush()
            os._exit(code)
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            break
        if time.monotonic() >= kill_at:
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            break
        time.sleep(0.002)
    if os.WIFSIGNALED(status):
        assert chance is not None, f"the last run took more than {RUN_LIMIT_S} s"
        return False
    code = os.WEXITSTATUS(status)
    assert code in (0, produce.EXIT_REFUSED), f"exit status {code}: {said.read_text()}"
    return True


def main_of_runs() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--directory", required=True, type=Path)
    parser.add_argument("seeds", nargs="+", type=int)
    options = parser.parse_args()
    report: dict[str, Any] = {"kills": [], "runs": 0, "learnt": 0, "resumed_inside": 0, "events": []}
    for seed in options.seeds:
        path = options.directory / f"in-{seed}.jsonl"
        report["events"] += sorted(write_input(path, seed))
        arguments = ["produce", str(path), "--resume", "--bootstrap", options.bootstrap, "--topic", options.topic]
        said = path.with_suffix(".said")
        chance = random.Random(seed)
        for attempt in range(chance.randint(1, 3)):
            # The places take turns, so that few seeds have been everywhere.
            where = BY_TIME if chance.random() < 0.4 else tuple(POINTS)[(seed // 2 + attempt) % len(POINTS)]
            report["runs"] += 1
            if not run_once([*arguments, "--no-progress"], said, chance, where):
                report["kills"].append(where)
        run_once([*arguments, "--json", "--no-progress"], said, None)
        text = said.read_text()
        last = json.loads(text[text.index("{") :])
        report["runs"] += 1
        report["learnt"] += last["read_back"]["learnt"]
        report["resumed_inside"] += 0 < last["read"] < LINES
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main_of_runs()
