"""What a machine needs to run the stack, each thing looked at and told with its mend."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil

from frontrow_ingest.errors import StackError
from frontrow_ingest.stack.cache import Cache, java_version
from frontrow_ingest.stack.local import LocalStack
from frontrow_ingest.stack.ports import check_free
from frontrow_ingest.stack.report import Silent

_MEMORY_GB = 3.0
_DISK_GB = 2.0


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what, how it is, and whether that will do."""

    what: str
    good: bool
    text: str


def examine(stack: LocalStack, cache: Cache) -> Iterator[Finding]:
    """Look at everything that a start needs. Reads each jar and replaces a damaged one."""
    yield Finding("Python", sys.version_info >= (3, 11), f"{platform.python_version()} on {platform.platform()}")
    yield _tried("Java", java_version)
    yield _tried("jars and extension", lambda: _cache_text(cache))
    free = psutil.virtual_memory().available / 1e9
    yield Finding("memory", free >= _MEMORY_GB, f"{free:.1f} GB available; the stack wants about {_MEMORY_GB:.0f}")
    for what, path in (("disk for the cache", cache.directory), ("disk for data", stack.settings.directory)):
        existing = next(parent for parent in (path, *path.parents) if parent.exists())
        disk, writable = shutil.disk_usage(existing).free / 1e9, os.access(existing, os.W_OK)
        text = f"{disk:.1f} GB free at {path}" + ("" if writable else ": not writable for you")
        yield Finding(what, writable and disk >= _DISK_GB, text)
    states = {status.service: status.state for status in stack.status()}
    dead = [service for service, state in states.items() if state == "dead"]
    if "running" in states.values() or dead:
        fix = "; frontrow stack up starts it again" if dead else ""
        yield Finding("services", not dead, (f"ended by themselves: {', '.join(dead)}" if dead else "all run") + fix)
    else:
        yield _tried("ports", lambda: _ports_text(stack))


def _tried(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except StackError as error:
        return Finding(what, False, str(error))


def _cache_text(cache: Cache) -> str:
    cache.make_ready(Silent(), verify=True)
    return f"{len(cache.jars)} jars verified in {cache.jar_directory}, extension compiled"


def _ports_text(stack: LocalStack) -> str:
    ports = stack.settings.ports.by_name()
    check_free(ports)
    return f"free: {', '.join(str(port) for port in sorted(ports.values()))}"
