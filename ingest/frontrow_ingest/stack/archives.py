"""Archives of loaded classes (JVM class data sharing): they make a second start of the stack faster.

Made by the JVM itself when a service ends for the first time, and put into the cache when they are whole. An archive
fits exactly one JRE, classpath and set of flags, and is named by them. The JVM checks it and goes on without it when it
does not fit, so that a damaged archive costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from frontrow_ingest.stack.cache import java

_BASE_LIMIT_S = 120.0
_SMALLEST = 1 << 20


@dataclass(frozen=True)
class Archives:
    """Class archives of one cache, for stacks in any directory."""

    directory: Path

    def flags(self, service: str, jvm_flags: Sequence[str], classpath: Sequence[Path], state: Path) -> list[str]:
        """JVM flags that use the archive of a service, or make it at the service's end where there is none yet."""
        base = self._base()
        if base is None:
            return []
        kept = self._kept(service, jvm_flags, classpath)
        if kept.is_file():
            return [f"-XX:SharedArchiveFile={base}:{kept}"]
        return [f"-XX:SharedArchiveFile={base}", f"-XX:ArchiveClassesAtExit={self._new(service, state)}"]

    def keep(self, service: str, jvm_flags: Sequence[str], classpath: Sequence[Path], state: Path) -> bool:
        """Move the archive that a service wrote at its end into the cache. Returns whether there was one."""
        new = self._new(service, state)
        if not new.is_file() or new.stat().st_size < _SMALLEST:
            new.unlink(missing_ok=True)
            return False
        kept = self._kept(service, jvm_flags, classpath)
        with contextlib.suppress(OSError):  # another file system, or a full disk: the next start is slower, no more
            kept.parent.mkdir(parents=True, exist_ok=True)
            new.chmod(0o444)
            staged = kept.with_suffix(f".{new.stat().st_ino}.new")
            staged.write_bytes(new.read_bytes())
            staged.replace(kept)
        new.unlink(missing_ok=True)
        return True

    def _new(self, service: str, state: Path) -> Path:
        return state / "tmp" / f"{service}.jsa"

    def _kept(self, service: str, jvm_flags: Sequence[str], classpath: Sequence[Path]) -> Path:
        digest = hashlib.sha256(str(java()).encode())
        for part in (*jvm_flags, *classpath):
            digest.update(f"{part}\n".encode())
        return self.directory / "classes" / f"{service}-{digest.hexdigest()[:16]}.jsa"

    def _base(self) -> Path | None:
        """The archive of the JRE's own classes, which the packaged JRE comes without."""
        identity = hashlib.sha256(f"{java()} {java().stat().st_mtime_ns}".encode()).hexdigest()[:16]
        base = self.directory / "classes" / f"jre-{identity}.jsa"
        if base.is_file():
            return base
        try:
            base.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(base.parent / ".base.lock", timeout=_BASE_LIMIT_S):
                if not base.is_file():
                    new = base.with_suffix(".new")
                    command = [str(java()), "-Xshare:dump", "-XX:+UseSerialGC", f"-XX:SharedArchiveFile={new}"]
                    subprocess.run(command, capture_output=True, timeout=_BASE_LIMIT_S, check=True)
                    new.replace(base)
        except (OSError, subprocess.SubprocessError, Timeout):
            return None
        return base
