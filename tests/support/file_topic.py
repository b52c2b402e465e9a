"""A topic in a file: the double of Kafka that outlives the process that fills it, however that ends."""

from __future__ import annotations

import os
import queue
import random
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from frontrow_ingest.producer import KafkaSettings
from frontrow_ingest.producer.bounded import BoundedSink
from frontrow_ingest.producer.in_flight import InFlight
from frontrow_ingest.producer.memory import MemoryAnswer
from frontrow_ingest.resume import StoredRecord

_HEAD = struct.Struct(">HI")


class _Answer(MemoryAnswer):
    def __init__(self) -> None:
        super().__init__()
        self._settled = threading.Event()

    def settle(self, error: BaseException | None = None) -> None:
        super().settle(error)
        self._settled.set()

    def get(self, timeout: float | None = None) -> object:
        return self._settled.wait(timeout)


class FileSink(BoundedSink[InFlight]):
    """A RecordSink whose records are stored a little later, by another thread, and answered a little after that."""

    def __init__(self, path: Path, chance: random.Random) -> None:
        super().__init__("file", path.name, KafkaSettings(), InFlight())
        self._file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self._chance = chance
        self._handed: queue.Queue[tuple[bytes, bytes, _Answer] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._store, daemon=True)
        self._thread.start()

    def _hand_in(self, key: bytes, value: bytes) -> None:
        answer = _Answer()
        self._handed.put((key, value, answer))
        self._in_flight.add(answer, key, value)

    def _let_go(self) -> None:
        self._handed.put(None)
        self._thread.join(5)
        os.close(self._file)

    def _store(self) -> None:
        while (record := self._handed.get()) is not None:
            key, value, answer = record
            if self._chance.random() < 0.05:
                time.sleep(self._chance.uniform(0, 0.003))
            os.write(self._file, _HEAD.pack(len(key), len(value)) + key + value)
            if self._chance.random() < 0.05:
                time.sleep(self._chance.uniform(0, 0.003))
            answer.settle()


def records(path: Path) -> list[tuple[bytes, bytes]]:
    """Every record of the topic."""
    data = path.read_bytes() if path.exists() else b""
    found, at = [], 0
    while at + _HEAD.size <= len(data):
        key, value = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        found.append((data[at : at + key], data[at + key : at + key + value]))
        at += key + value
    return found


class FileLog:
    """A TopicLog of it, with one partition."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def topic(self) -> str:
        return self._path.name

    def identity(self) -> str | None:
        return "file"

    def bounds(self) -> dict[int, tuple[int, int]]:
        return {0: (0, len(records(self._path)))}

    def read(self, starts: Mapping[int, int], ends: Mapping[int, int]) -> Iterator[StoredRecord]:
        for offset, (_, value) in enumerate(records(self._path)[: ends[0]]):
            if offset >= starts[0]:
                yield StoredRecord(0, offset, value)

    def close(self) -> None: ...
