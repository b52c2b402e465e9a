"""Where the tests of the Druid extension find a JRE, the compiler and Druid's jars: in the stack's own cache."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from frontrow_ingest.stack.cache import Cache, java
from frontrow_ingest.stack.download import DownloadError, target_of
from frontrow_ingest.stack.report import Silent
from frontrow_ingest.stack.settings import cache_directory


@dataclass(frozen=True)
class Toolchain:
    """What ``build_extension`` needs."""

    java: Path
    compiler: Path
    classpath: tuple[Path, ...]


@cache
def toolchain() -> Toolchain:
    """The stack's jars, downloaded if need be; skips the test where they cannot be had."""
    stack = Cache.at(cache_directory())
    try:
        stack.make_ready(Silent())
    except DownloadError as error:
        if os.environ.get("CI"):
            raise  # there a skip would hide that nothing was tested
        pytest.skip(f"the stack's jars are not here: {error}")
    of = {
        name: [target_of(jar, stack.jar_directory) for jar in stack.jars if jar.classpath == name]
        for name in ("druid", "compiler")
    }
    (compiler,) = of["compiler"]
    return Toolchain(java(), compiler, tuple(of["druid"]))
