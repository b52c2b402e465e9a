"""Which backend a stack for tests takes, and what is said where it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from frontrow_ingest import testing
from frontrow_ingest.errors import StackError
from frontrow_ingest.images import Images
from frontrow_ingest.testing.stacks import choose

IMAGES = Images(kafka="frontrow/kafka:x", druid="frontrow/druid:x", zookeeper="frontrow/zookeeper:x")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def an_engine(path: Path, *, holds: str) -> None:
    """A ``docker`` that answers; ``holds`` is what it prints of every image it is asked for."""
    program = path / "docker"
    program.write_text(f"#!/bin/sh\n[ $1 != image ] || echo {holds}\n")
    program.chmod(0o755)


def test_without_docker_auto_takes_local_processes(path: Path) -> None:
    assert choose(IMAGES) == "local"


def test_containers_are_taken_where_the_images_are(path: Path) -> None:
    an_engine(path, holds="4ccb2987db01")
    assert choose(IMAGES) == "containers"


def test_images_that_would_have_to_be_pulled_are_not_preferred(path: Path) -> None:
    an_engine(path, holds="")
    assert choose(IMAGES) == "local"


def test_containers_without_docker_say_what_to_install(path: Path) -> None:
    with pytest.raises(StackError, match=r"apt install docker\.io"), testing.stack("containers"):
        pass


def test_images_are_the_official_ones_or_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KAFKA", "DRUID", "ZOOKEEPER"):
        monkeypatch.delenv(f"FRONTROW_{name}_IMAGE", raising=False)
    assert testing.default_images() == Images("apache/kafka:4.3.1", "apache/druid:33.0.0", "zookeeper:3.8.4")
    monkeypatch.setenv("FRONTROW_DRUID_IMAGE", "frontrow/druid")
    assert testing.default_images().druid == "frontrow/druid"
