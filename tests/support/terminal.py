"""A command as a person runs it: on a terminal of some size, with keys that are pressed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


class Terminal:
    """What a process on a terminal has written so far, as text with its control sequences."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self._master = master
        self._data = b""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def text(self) -> str:
        return self._data.decode(errors="replace")

    def press(self, keys: str) -> None:
        """Ctrl-C is ``"\\x03"``."""
        os.write(self._master, keys.encode())

    def until(self, text: str, seconds: float = 120) -> None:
        """Wait until it has written this."""
        deadline = time.monotonic() + seconds
        while text not in self.text:
            assert time.monotonic() < deadline, (
                f"waited {seconds:g} s for {text!r}; the last of it: {self.text[-2000:]!r}"
            )
            time.sleep(0.02)

    def ended(self, seconds: float = 120) -> int:
        """Wait for its end; gives its exit status."""
        code = self.process.wait(seconds)
        self._reader.join(seconds)
        return code

    def _read(self) -> None:
        # The terminal's end has an error, not an end of file.
        with contextlib.suppress(OSError):
            while data := os.read(self._master, 65_536):
                self._data += data


@contextmanager
def terminal(
    command: Sequence[str | Path], *, columns: int = 80, lines: int = 24, env: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """Run a command on a terminal of its own; what still runs at the end of the block is killed."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    known = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**known, "TERM": "xterm-256color", **(env or {})},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    found = Terminal(process, master)
    try:
        yield found
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        found._reader.join(10)
        os.close(master)
