"""docker-compose.yml: as written, with the images that are built here, and the demonstration on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from frontrow_ingest.images import Images
from frontrow_ingest.stack import free_ports
from support.engine import Leftovers

pytestmark = [pytest.mark.containers, pytest.mark.timeout(700)]
ROOT = Path(__file__).parents[2]


class Compose:
    """One project of its own, on free ports."""

    def __init__(self, images: Images) -> None:
        ports = free_ports().by_name()
        self.ports = {name: ports[name] for name in ("kafka", "coordinator", "broker", "indexer", "router")}
        self.environment = {
            **os.environ,
            "COMPOSE_PROJECT_NAME": f"frontrow{uuid.uuid4().hex[:8]}",
            "FRONTROW_KAFKA_IMAGE": images.kafka,
            "FRONTROW_DRUID_IMAGE": images.druid,
            "FRONTROW_ZOOKEEPER_IMAGE": images.zookeeper,
            **{f"FRONTROW_{name.upper()}_PORT": str(number) for name, number in self.ports.items()},
        }

    def run(self, *words: str) -> str:
        done = subprocess.run(
            [*_command(), *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(words)}:\n{done.stdout}{done.stderr}"
        return done.stdout


def _command() -> list[str]:
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if plugin.returncode == 0:
        return ["docker", "compose"]
    message = "there is neither docker-compose nor `docker compose` (on Debian: apt install docker-compose)"
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@pytest.fixture
def compose(images: Images) -> Iterator[Compose]:
    before = Leftovers.now()
    compose = Compose(images)
    try:
        yield compose
    finally:
        compose.run("down", "--volumes", "--timeout", "20")
    Leftovers.now().assert_none_since(before, ports=[*compose.ports.values()])


def test_the_demonstration_on_compose(compose: Compose) -> None:
    compose.run("up", "--detach")
    try:
        done = subprocess.run(
            [
                *(sys.executable, "-c", "from frontrow_ingest.cli import main; main()", "demo", "--seconds", "5"),
                *("--viewers", "300", "--url", f"http://127.0.0.1:{compose.ports['router']}"),
                *("--bootstrap", f"127.0.0.1:{compose.ports['kafka']}", "--druid-bootstrap", "kafka:19092"),
            ],
            capture_output=True,
            text=True,
            timeout=250,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "every event is accounted for" in done.stdout
        _assert_limited_and_on_loopback(compose)
    except BaseException:
        print(compose.run("logs", "--no-color", "--tail", "40"))
        raise


def _assert_limited_and_on_loopback(compose: Compose) -> None:
    containers = compose.run("ps", "--quiet").split()
    assert len(containers) == 7
    shown = "{{.HostConfig.Memory}} {{range .HostConfig.PortBindings}}{{range .}}{{.HostIp}} {{end}}{{end}}"
    told = subprocess.run(
        ["docker", "inspect", "--format", shown, *containers], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for line in filter(None, told):
        memory, *addresses = line.split()
        assert int(memory) > 0
        assert set(addresses) <= {"127.0.0.1"}
