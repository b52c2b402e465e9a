"""A build context: which files an image is made from, its name by their content, and writing them to a directory."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_SMALL = 1 << 20


@dataclass(frozen=True)
class Context:
    """Files of a build, by their path in the context: a file of this machine, or a text."""

    files: Mapping[str, Path | str]

    def identity(self, *more: str) -> str:
        """A short name of this content. Two contexts of one name make the same image."""
        digest = hashlib.sha256()
        for target in sorted(self.files):
            digest.update(f"{target}\0".encode() + _digest(self.files[target]))
        for part in more:
            digest.update(f"{part}\0".encode())
        return digest.hexdigest()[:12]

    def write(self, directory: Path) -> None:
        """Put the files below a directory; those of this machine keep their mode and time."""
        for target, source in self.files.items():
            path = directory / PurePosixPath(target)
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(source, str):
                path.write_text(source, encoding="utf-8")
                path.chmod(0o755 if target.endswith(".sh") else 0o644)
            else:
                shutil.copy2(source, path)


def _digest(source: Path | str) -> bytes:
    if isinstance(source, str):
        return hashlib.sha256(source.encode()).digest()
    size = source.stat().st_size
    # Large ones are released jars and libraries: the name carries the version, and reading 300 MB takes its time.
    content = source.read_bytes() if size < _SMALL else f"{source.name}:{size}".encode()
    return hashlib.sha256(content).digest()
