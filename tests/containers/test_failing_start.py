"""A stack that cannot start says why, with the log, and leaves nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from frontrow_ingest import testing
from frontrow_ingest.errors import StackError
from frontrow_ingest.images import Images
from frontrow_ingest.testing.containers import ContainerFailed, DruidContainer
from support.engine import Leftovers

pytestmark = [pytest.mark.containers, pytest.mark.timeout(600)]


def test_a_container_that_ends(images: Images) -> None:
    before = Leftovers.now()
    # ZooKeeper's image knows no service of Druid's.
    with (
        pytest.raises(ContainerFailed, match="ended while it started") as caught,
        testing.stack("containers", images=replace(images, kafka=images.druid)),
    ):
        pass
    assert "kafka ended" in str(caught.value)
    assert "is no service of this image" in str(caught.value), "the end of its log tells why"
    Leftovers.now().assert_none_since(before)


def test_a_deadline(images: Images) -> None:
    before = Leftovers.now()
    with (
        pytest.raises(ContainerFailed, match=r"deadline came while still waiting for .+\n--- the end of the log of"),
        testing.stack("containers", images=images, deadline_s=0),
    ):
        pass
    Leftovers.now().assert_none_since(before)


def test_an_image_that_nobody_has(images: Images) -> None:
    before = Leftovers.now()
    with (
        pytest.raises(StackError, match="a container cannot be started"),
        testing.stack("containers", images=replace(images, zookeeper="frontrow/never-built:1")),
    ):
        pass
    Leftovers.now().assert_none_since(before)


def test_one_service_alone(images: Images) -> None:
    before = Leftovers.now()
    container = DruidContainer("router", images.druid, settings={"druid.plaintextPort": "no number"})
    with pytest.raises(ContainerFailed, match="no number"), container:
        pass
    Leftovers.now().assert_none_since(before)
