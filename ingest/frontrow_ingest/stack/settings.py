"""What can be chosen about a local stack."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from frontrow_ingest.errors import StackError
from frontrow_ingest.stack.ports import Ports

DIRECTORY_VARIABLE = "FRONTROW_STACK_DIR"
DEFAULT_DIRECTORY = Path(".frontrow") / "stack"

# Java heap and direct memory of each service, MiB.
DEFAULT_MEMORY: Mapping[str, tuple[int, int]] = {
    "zookeeper": (128, 32),
    "kafka": (512, 128),
    "coordinator": (512, 64),
    "broker": (768, 400),
    "historical": (512, 400),
    "indexer": (2048, 1024),
    "router": (256, 128),
}


@dataclass(frozen=True)
class StackSettings:
    """One stack: where its state lies, its ports, its memory.

    Attributes:
        directory: holds data, logs, rendered configuration and the list of processes
        ports: one for each listener, on the loopback address only
        heap_mb: Java heap by service, MiB, where it differs from the default
        class_archives: start from archives of loaded classes, kept in the cache
        short_lived: only the first, quick compiler of the JVM, in every service: a stack that ends after minutes is up
            with less work, but ingests and queries much data more slowly
    """

    directory: Path
    ports: Ports = field(default_factory=Ports)
    heap_mb: Mapping[str, int] = field(default_factory=dict)
    class_archives: bool = True
    short_lived: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "directory", self.directory.absolute())
        for service, heap in self.heap_mb.items():
            if service not in DEFAULT_MEMORY:
                raise StackError(f"no service {service!r}; there are {', '.join(DEFAULT_MEMORY)}.")
            if not 64 <= heap <= 65536:
                raise StackError(f"a heap of {heap} MiB for {service} is not between 64 and 65536.")

    def memory_of(self, service: str) -> tuple[int, int]:
        """Heap and direct memory of a service, MiB."""
        heap, direct = DEFAULT_MEMORY[service]
        return self.heap_mb.get(service, heap), direct


def cache_directory() -> Path:
    """Where jars and class archives are kept for this user: ``$XDG_CACHE_HOME/frontrow``, or ``~/.cache/frontrow``."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification: a relative path there is to be ignored.
    return (Path(home) if home.startswith("/") else Path.home() / ".cache") / "frontrow"


def stack_directory(given: Path | None = None) -> Path:
    """The state directory: the one given, else FRONTROW_STACK_DIR, else ``.frontrow/stack`` here."""
    return given or Path(os.environ.get(DIRECTORY_VARIABLE) or DEFAULT_DIRECTORY)
