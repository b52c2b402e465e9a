"""What a stack is doing, shown on standard error: live on a terminal, line by line elsewhere."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)


class StackProgress:
    """A reporter for :class:`frontrow_ingest.stack.LocalStack`; a context manager."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._live = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._status = self._console.status("")
        self._began = time.monotonic()
        self._guard = threading.Lock()
        self._expected = self._here = 0
        self._told = 0.0
        self._task: TaskID | None = None

    def __enter__(self) -> StackProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.stop()
        self._live.stop()

    def done(self, text: str) -> None:
        self._line(text)

    def waiting(self, text: str) -> None:
        if self._console.is_terminal:
            self._end_download()
            self._status.update(f"waiting for {text}")
            self._status.start()
        else:
            self._line(f"waiting for {text}")

    def expect(self, byte_count: int) -> None:
        self._expected, self._here = byte_count, 0
        if self._console.is_terminal:
            self._status.stop()
            self._task = self._live.add_task("downloading Kafka and Druid", total=byte_count)
            self._live.start()
        else:
            self._line(f"downloading Kafka and Druid: {byte_count / 1e6:.0f} MB")

    def arrived(self, byte_count: int) -> None:
        with self._guard:
            self._here += byte_count
            if self._task is not None:
                self._live.update(self._task, completed=self._here)
            elif time.monotonic() - self._told > 5:
                self._told = time.monotonic()
                self._line(f"{self._here / 1e6:.0f} of {self._expected / 1e6:.0f} MB")

    def _end_download(self) -> None:
        if self._task is not None:
            self._live.stop()
            self._task = None

    def _line(self, text: str) -> None:
        self._console.print(f"[dim]{time.monotonic() - self._began:6.1f} s[/]  {text}", highlight=False)
