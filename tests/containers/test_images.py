"""The images: small, without root, healthy by their own word, and they end when asked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import pytest

from frontrow_ingest.images import Images, build_images, image_size

pytestmark = [pytest.mark.containers, pytest.mark.timeout(600)]
Docker = Callable[..., str]


@pytest.fixture
def zookeeper(images: Images, ask_docker: Docker) -> Iterator[str]:
    container = ask_docker("run", "--detach", "--health-interval", "1s", images.zookeeper)
    yield container
    ask_docker("rm", "--force", "--volumes", container)


def test_an_image_becomes_healthy_and_ends_cleanly(zookeeper: str, ask_docker: Docker) -> None:
    deadline = time.monotonic() + 120
    while (health := ask_docker("inspect", "--format", "{{.State.Health.Status}}", zookeeper)) != "healthy":
        assert time.monotonic() < deadline, f"it is {health}: {ask_docker('logs', zookeeper)}"
        time.sleep(0.2)
    assert ask_docker("exec", zookeeper, "id", "-u") == "1000"
    assert ask_docker("exec", zookeeper, "cat", "/proc/1/comm") == "java"
    ask_docker("stop", "--time", "25", zookeeper)
    # 143: it ended at the signal. 137 would be: killed.
    assert ask_docker("inspect", "--format", "{{.State.ExitCode}}", zookeeper) == "143"


def test_built_once(images: Images) -> None:
    assert build_images() == images


def test_layers_are_shared_and_small(images: Images, ask_docker: Docker) -> None:
    layers = {
        tag: json.loads(ask_docker("image", "inspect", "--format", "{{json .RootFS.Layers}}", tag))
        for tag in (images.kafka, images.druid, images.zookeeper)
    }
    assert layers[images.kafka][:2] == layers[images.druid][:2]
    assert layers[images.zookeeper][: len(layers[images.druid])] == layers[images.druid]
    sizes = {tag.partition(":")[0]: image_size(tag) / 1e6 for tag in layers}
    print("  ".join(f"{name} {size:.0f} MB" for name, size in sizes.items()))
    assert sizes["frontrow/kafka"] < 200
    assert sizes["frontrow/druid"] < 400


def test_an_unknown_service_is_told(images: Images, ask_docker: Docker) -> None:
    container = ask_docker("run", "--detach", images.druid, "middleManager")
    try:
        assert ask_docker("wait", container) == "2"
    finally:
        ask_docker("rm", "--force", "--volumes", container)
