"""The compose file says what the container classes say, and both what the local stack says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from frontrow_ingest.stack.render import DRUID_SERVICES, properties
from frontrow_ingest.testing.environment import (
    PORTS,
    druid_environment,
    kafka_environment,
    zookeeper_environment,
)

COMPOSE: dict[str, Any] = yaml.safe_load((Path(__file__).parents[3] / "docker-compose.yml").read_text())
# Chosen by whoever runs the compose file.
VARIABLE = {
    "druid_metadata_storage_type",
    "druid_metadata_storage_connector_connectURI",
    "druid_metadata_storage_connector_user",
    "druid_metadata_storage_connector_password",
    "METADATA_PASSWORD",
    "druid_extensions_loadList",
}
MEBIBYTES = {"m": 1, "g": 1024}


def default_of(value: str) -> str:
    """What ``${NAME:-default}`` is without the variable."""
    return value.partition(":-")[2].removesuffix("}") if value.startswith("${") else value


@pytest.mark.parametrize("service", DRUID_SERVICES)
def test_compose_and_containers_agree_on_druid(service: str) -> None:
    composed = COMPOSE["services"][service]["environment"]
    expected = druid_environment(service)
    assert {name: value for name, value in composed.items() if name not in VARIABLE} == {
        name: value for name, value in expected.items() if name not in VARIABLE
    }
    for name in VARIABLE & set(expected):
        assert default_of(composed[name]) == expected[name]


def test_compose_and_containers_agree_on_kafka_and_zookeeper() -> None:
    advertised = "127.0.0.1:${FRONTROW_KAFKA_PORT:-9092}"
    assert COMPOSE["services"]["kafka"]["environment"] == kafka_environment(advertised=advertised)
    assert COMPOSE["services"]["zookeeper"]["environment"] == zookeeper_environment()


@pytest.mark.parametrize("service", DRUID_SERVICES)
def test_containers_differ_from_the_local_stack_in_places_and_names_only(service: str) -> None:
    local = {**properties("common.properties", PORTS), **properties(f"{service}.properties", PORTS)}
    found = druid_environment(service)
    differing = {name for name, value in local.items() if found.get(name.replace(".", "_")) != value}
    places = {"druid.zk.service.host", "druid.storage.storageDirectory", "druid.indexer.logs.directory"}
    metadata = {f"druid.metadata.storage.connector.{name}" for name in ("connectURI", "host")}
    paths = {"druid.processing.tmpDir", "druid.segmentCache.locations", "druid.indexer.task.baseTaskDir"}
    not_here = {"druid.host", "druid.bindOnHost", "druid.extensions.loadList", "druid.startup.logging.logProperties"}
    assert differing <= places | metadata | paths | not_here


@pytest.mark.parametrize("service", DRUID_SERVICES)
def test_a_containers_limit_has_room_for_its_jvm(service: str) -> None:
    composed = COMPOSE["services"][service]
    limit = composed["mem_limit"]
    heap, direct = (
        int(composed["environment"][name].removesuffix("m")) for name in ("DRUID_XMX", "DRUID_MAXDIRECTMEMORYSIZE")
    )
    assert int(limit[:-1]) * MEBIBYTES[limit[-1]] >= heap + direct + 256


def test_only_the_loopback_address_is_published() -> None:
    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_start_is_gated_by_health() -> None:
    for service in COMPOSE["services"].values():
        assert service["healthcheck"]["test"]
        assert all(gate == {"condition": "service_healthy"} for gate in service.get("depends_on", {}).values())


def test_images_are_the_official_ones_by_default() -> None:
    found = {default_of(service["image"]) for service in COMPOSE["services"].values()}
    assert found == {"apache/druid:33.0.0", "apache/kafka:4.3.1", "zookeeper:3.8.4"}
