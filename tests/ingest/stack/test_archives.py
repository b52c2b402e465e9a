"""Archives of loaded classes: made at a first end, and really used at the next start."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from frontrow_ingest.stack import StackSettings
from frontrow_ingest.stack.archives import Archives
from frontrow_ingest.stack.cache import Cache, java
from frontrow_ingest.stack.render import Classpaths, jvm_flags, write_configuration
from frontrow_ingest.stack.report import Silent
from frontrow_ingest.stack.settings import cache_directory

# A command of each classpath that ends by itself, and a class that it loads from there.
SHORT = {
    "router": (["org.apache.druid.cli.Main", "version"], "org.apache.druid.cli.Main"),
    "kafka": (["kafka.Kafka", "--version"], "kafka.Kafka"),
}


@pytest.fixture(scope="module")
def classpaths() -> Classpaths:
    return Cache.at(cache_directory()).make_ready(Silent())


@pytest.mark.parametrize("service", SHORT)
def test_the_second_start_takes_its_classes_from_the_archive(
    classpaths: Classpaths, tmp_path: Path, service: str
) -> None:
    settings = StackSettings(tmp_path / "state")
    write_configuration(settings)
    archives, flags, jars = Archives(tmp_path / "cache"), jvm_flags(service, settings), classpaths.of(service)
    arguments, loaded = SHORT[service]

    def run() -> str:
        command = [str(java()), *flags, *archives.flags(service, flags, jars, settings.directory)]
        # All jars of a service in their order: one that the archive does not expect there, and it is refused whole.
        command += ["-Xlog:class+load:stdout", "-cp", ":".join(map(str, jars)), *arguments]
        done = subprocess.run(command, cwd=settings.directory, capture_output=True, text=True, timeout=600, check=False)
        (line,) = (line for line in done.stdout.splitlines() if f" {loaded} source:" in line)
        return line

    assert run().endswith(".jar")
    assert archives.keep(service, flags, jars, settings.directory)
    assert run().endswith("shared objects file (top)")


def test_nothing_is_kept_of_a_service_that_was_killed(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    archives = Archives(tmp_path / "cache")
    assert not archives.keep("kafka", [], [], tmp_path)
    (tmp_path / "tmp" / "kafka.jsa").write_bytes(b"cut off")
    assert not archives.keep("kafka", [], [], tmp_path)
    assert not (tmp_path / "cache").exists()
