"""The stack's settings as the environment variables of the official images; ours take the same.

``docker-compose.yml`` holds them too, written out; a test keeps the two the same.
"""

from __future__ import annotations

import json
import re

from frontrow_ingest.stack.ports import Ports
from frontrow_ingest.stack.render import properties
from frontrow_ingest.stack.settings import DEFAULT_MEMORY

# Inside of the network every container has its service's default port.
PORTS = Ports()
KAFKA_INSIDE = 19092
EXTENSIONS = ("druid-kafka-indexing-service", "druid-datasketches", "druid-avro-extensions")
# Of the local stack only: where it listens, and that its extensions lie on the classpath.
_NOT_HERE = ("druid.host", "druid.bindOnHost", "druid.extensions.loadList", "druid.startup.logging.logProperties")
_SHARED = {
    "druid.storage.storageDirectory": "/opt/shared/segments",
    "druid.indexer.logs.directory": "/opt/shared/indexing-logs",
}
_METADATA = "jdbc:derby://localhost:1527/var/druid/metadata.db;create=true"


def druid_environment(service: str, *, zookeeper: str = f"zookeeper:{PORTS.zookeeper}") -> dict[str, str]:
    """Variables of one of Druid's services for ``apache/druid``.

    Args:
        zookeeper: ``host:port`` by which the container reaches it
    """
    found = {**properties("common.properties", PORTS), **properties(f"{service}.properties", PORTS)}
    found = {name: _in_container(value) for name, value in found.items() if name not in _NOT_HERE}
    found |= {
        **_SHARED,
        # Its name in the network: an address may be another after a restart.
        "druid.host": service,
        "druid.extensions.loadList": json.dumps(EXTENSIONS, separators=(",", ":")),
        "druid.zk.service.host": zookeeper,
        "druid.metadata.storage.connector.connectURI": _METADATA,
        "druid.metadata.storage.connector.host": "localhost",
    }
    heap, direct = DEFAULT_MEMORY[service]
    memory = {"DRUID_XMX": f"{heap}m", "DRUID_XMS": "64m", "DRUID_MAXDIRECTMEMORYSIZE": f"{direct}m"}
    return {**{name.replace(".", "_"): value for name, value in found.items()}, **memory}


def kafka_environment(*, advertised: str, inside: str = "kafka") -> dict[str, str]:
    """Variables for ``apache/kafka``: one listener for containers, one for programs outside.

    Args:
        advertised: ``host:port`` by which programs outside reach it
        inside: the name by which containers reach it
    """
    found = properties("kafka.properties", PORTS)
    found |= {
        "listeners": f"INSIDE://:{KAFKA_INSIDE},OUTSIDE://:{PORTS.kafka},CONTROLLER://localhost:{PORTS.kafka_controller}",
        "advertised.listeners": f"INSIDE://{inside}:{KAFKA_INSIDE},OUTSIDE://{advertised}",
        "listener.security.protocol.map": "INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "INSIDE",
        "controller.quorum.voters": f"1@localhost:{PORTS.kafka_controller}",
        "log.dirs": "/var/lib/kafka/data",
    }
    heap, direct = DEFAULT_MEMORY["kafka"]
    variables = {f"KAFKA_{name.replace('.', '_').upper()}": value for name, value in found.items()}
    return {**variables, "KAFKA_HEAP_OPTS": f"-Xmx{heap}m -Xms64m -XX:MaxDirectMemorySize={direct}m"}


def zookeeper_environment() -> dict[str, str]:
    """Variables for ``zookeeper``."""
    return {
        "ZOO_MAX_CLIENT_CNXNS": "0",
        "ZOO_AUTOPURGE_PURGEINTERVAL": "1",
        "ZOO_ADMINSERVER_ENABLED": "false",
        "ZK_SERVER_HEAP": str(DEFAULT_MEMORY["zookeeper"][0]),
    }


def _in_container(value: str) -> str:
    """A value whose paths are those of the images."""
    return re.sub(r"\bdata/druid/", "var/druid/", value).replace("var/druid/tasks", "var/druid/task")
