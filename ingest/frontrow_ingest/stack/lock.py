"""The committed lock of the stack's jars: what is downloaded, byte for byte."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from frontrow_ingest.errors import StackError

LOCK_FILE = Path(__file__).parent / "jars.lock.json"
CLASSPATHS = ("druid", "kafka", "compiler")


@dataclass(frozen=True, order=True)
class Jar:
    """One locked file. ``coordinates`` is ``group:artifact:version[:classifier]``, as Maven names it."""

    classpath: str
    coordinates: str
    size: int
    sha256: str

    @property
    def file_name(self) -> str:
        _, artifact, version, *classifier = self.coordinates.split(":")
        return "-".join((artifact, version, *classifier)) + ".jar"

    @property
    def repository_path(self) -> str:
        """Where a Maven repository keeps it, below the repository's address."""
        group, artifact, version, *_ = self.coordinates.split(":")
        return "/".join((*group.split("."), artifact, version, self.file_name))


@lru_cache(maxsize=4)
def read_lock(path: Path = LOCK_FILE) -> tuple[Jar, ...]:
    """Every locked jar, in classpath order.

    Raises:
        StackError: the file is missing or is not a lock
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        jars = tuple(
            Jar(classpath, entry["jar"], int(entry["size"]), entry["sha256"])
            for classpath in CLASSPATHS
            for entry in content["classpaths"][classpath]
        )
    except OSError as error:
        raise StackError(f"cannot read the lock {path}: {error.strerror}. Install frontrow again.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StackError(f"{path} is not a lock of jars ({error!r}). Restore it from git.") from error
    for jar in jars:
        if len(jar.coordinates.split(":")) not in (3, 4) or ".." in jar.coordinates or "/" in jar.coordinates:
            raise StackError(f"{path} names a jar by {jar.coordinates!r}, which is not group:artifact:version.")
    return jars


def lock_identity(jars: Iterable[Jar]) -> str:
    """A short name of exactly these jars."""
    digest = hashlib.sha256()
    for jar in sorted(jars):
        digest.update(f"{jar.classpath} {jar.coordinates} {jar.sha256}\n".encode())
    return digest.hexdigest()[:12]


def write_lock(jars: Sequence[Jar], path: Path = LOCK_FILE) -> None:
    """Write the lock, one jar a line so that a change reads well, and put it in place whole."""
    lines = ["{", '  "description": "Jars of the local stack. Written by `frontrow stack lock`.",', '  "classpaths": {']
    for number, classpath in enumerate(CLASSPATHS):
        entries = [jar for jar in jars if jar.classpath == classpath]
        lines.append(f'    "{classpath}": [')
        lines += [
            "      "
            + json.dumps({"jar": jar.coordinates, "size": jar.size, "sha256": jar.sha256})
            + ("," if jar is not entries[-1] else "")
            for jar in entries
        ]
        lines.append("    ]" + ("," if number < len(CLASSPATHS) - 1 else ""))
    lines += ["  }", "}", ""]
    temporary = path.with_suffix(".new")
    temporary.write_text("\n".join(lines), encoding="utf-8")
    temporary.replace(path)
    read_lock.cache_clear()
