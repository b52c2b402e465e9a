"""The keys of viewer pseudonyms: named epochs, from a file or the environment, changed without a restart."""

from __future__ import annotations

import os
import re
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, Self

from frontrow_ingest.contract.errors import ViewerKeyError
from frontrow_ingest.contract.pseudonym import MIN_KEY_BYTES, pseudonymize

KEY_VARIABLE = "FRONTROW_VIEWER_KEY"
FILE_VARIABLE = "FRONTROW_VIEWER_KEY_FILE"
LOOK_EVERY_S = 1.0
_EPOCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HOW = 'a key is "EPOCH:HEX", as in: python -c "import secrets; print(\'2026-q4:\' + secrets.token_hex(32))"'


class ViewerKey(NamedTuple):
    """A key and the name of the epoch it is used in."""

    epoch: str
    secret: bytes

    def __repr__(self) -> str:
        return f"ViewerKey({self.epoch!r}, <secret>)"


class KeyEpoch(NamedTuple):
    """The epoch of viewer ids that came as pseudonyms, as somebody says who knows."""

    epoch: str

    @classmethod
    def named(cls, name: str) -> Self:
        """Raises ViewerKeyError for what cannot be a name."""
        if not _EPOCH.fullmatch(name):
            raise ViewerKeyError(f"{name!r} is no name of an epoch: letters, digits, dots, dashes, like 2026-q4")
        return cls(name)


class ViewerKeys:
    """Gives the current key, and counts how many pseudonyms each epoch made.

    A file holds one key a line, ``EPOCH:HEX``, the oldest first; the last one is current, so that a key is rotated by
    adding a line. Blank lines and those that begin with ``#`` are skipped. It must be the user's (or root's), and
    readable for nobody else. It is read again within ``LOOK_EVERY_S`` of a change, or at once after ``look_again()``.
    A change that cannot be used leaves the key as it was, and ``warn`` is told why, once for each change.

    Two epochs give one viewer two pseudonyms: uniques across epochs cannot be added.
    """

    def __init__(
        self,
        read: Callable[[], list[ViewerKey]],
        *,
        mark: Callable[[], object] = lambda: None,
        warn: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``read`` gives the keys or raises ViewerKeyError; ``mark`` something that differs when they may have."""
        self._read = read
        self._mark = mark
        self._warn = warn
        self._clock = clock
        self._seen = mark()
        self._keys: dict[str, ViewerKey] = {}
        self._use(read())
        self._look_at = clock() + LOOK_EVERY_S
        self.used: Counter[str] = Counter()

    @classmethod
    def from_file(cls, path: Path, *, warn: Callable[[str], None] = lambda _: None) -> Self:
        """The keys of a file; raises ViewerKeyError if it cannot be used."""
        return cls(lambda: _read_file(path), mark=lambda: _file_mark(path), warn=warn)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """The one key in FRONTROW_VIEWER_KEY; raises ViewerKeyError if it is missing or cannot be used."""
        text = environment.get(KEY_VARIABLE, "")
        if not text:
            raise ViewerKeyError(
                f"there is no key for viewer pseudonyms: give a file with --viewer-key-file (or {FILE_VARIABLE}), or "
                f"set {KEY_VARIABLE}; {_HOW}"
            )
        keys = _parse([text], KEY_VARIABLE)
        return cls(lambda: keys)

    @property
    def epoch(self) -> str:
        """The name of the current epoch: after ``pseudonym``, that of the key which made it."""
        return self._key.epoch

    def pseudonym(self, raw: str) -> str:
        """The pseudonym of a raw viewer id, by the current key."""
        if self._clock() >= self._look_at:
            self._look()
        self.used[self._key.epoch] += 1
        return pseudonymize(raw, self._key.secret)

    def pseudonym_of(self, raw: str, epoch: str) -> str:
        """The pseudonym that a raw viewer id had in an epoch; raises ViewerKeyError if its key is not here."""
        if epoch not in self._keys:
            raise ViewerKeyError(
                f"there is no key of epoch {epoch} among {', '.join(self._keys)}: give the file that holds it"
            )
        return pseudonymize(raw, self._keys[epoch].secret)

    def look_again(self) -> None:
        """Read the keys again before the next use, changed or not; safe to call from a signal's handler."""
        self._seen = None
        self._look_at = 0.0

    def _look(self) -> None:
        self._look_at = self._clock() + LOOK_EVERY_S
        mark = self._mark()
        if mark == self._seen:
            return
        self._seen = mark
        try:
            self._use(self._read())
        except ViewerKeyError as error:
            self._warn(f"{error}; the key of epoch {self._key.epoch} stays in use")

    def _use(self, keys: list[ViewerKey]) -> None:
        self._keys = {key.epoch: key for key in keys}
        self._key = keys[-1]


def _file_mark(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return "gone"
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _read_file(path: Path) -> list[ViewerKey]:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise ViewerKeyError(f"the viewer key file {path} is no regular file")
            if found.st_uid not in (os.geteuid(), 0):
                raise ViewerKeyError(f"the viewer key file {path} belongs to another user: make it yours (chown)")
            if found.st_mode & 0o077:
                raise ViewerKeyError(f"the viewer key file {path} is open to others: chmod 600 {path}")
            text = file.read(1_048_576).decode("ascii", "replace")
    except OSError as error:
        raise ViewerKeyError(f"the viewer key file {path} cannot be read ({error.strerror})") from error
    return _parse(text.splitlines(), str(path))


def _parse(lines: Iterable[str], source: str) -> list[ViewerKey]:
    """The keys in order. No message holds what was read: it may be most of a key."""
    keys: dict[str, ViewerKey] = {}
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        where = f"{source}, line {number}"
        epoch, colon, digits = text.partition(":")
        if not colon or not _EPOCH.fullmatch(epoch):
            raise ViewerKeyError(f"{where}: there is no name of an epoch before a colon; {_HOW}")
        try:
            secret = bytes.fromhex(digits.strip())
        except ValueError:
            raise ViewerKeyError(f"{where}: the key is not hexadecimal; {_HOW}") from None
        if len(secret) < MIN_KEY_BYTES:
            raise ViewerKeyError(f"{where}: the key has {len(secret) * 8} bits and needs {MIN_KEY_BYTES * 8}; {_HOW}")
        if len(set(secret)) < MIN_KEY_BYTES // 2:
            raise ViewerKeyError(f"{where}: the key is not random; {_HOW}")
        if epoch in keys:
            raise ViewerKeyError(f"{where}: epoch {epoch} is named twice: a new key needs a new name")
        keys[epoch] = ViewerKey(epoch, secret)
    if not keys:
        raise ViewerKeyError(f"{source} holds no key; {_HOW}")
    return list(keys.values())
