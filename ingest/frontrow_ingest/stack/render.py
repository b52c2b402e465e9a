"""Configuration files and command lines of the stack's services, from the templates beside this module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from frontrow_ingest.stack.ports import Ports
from frontrow_ingest.stack.settings import StackSettings

TEMPLATES = Path(__file__).parent / "templates"
DRUID_SERVICES = ("coordinator", "broker", "historical", "indexer", "router")
# In the order they are started; what the others need comes first.
SERVICES = ("zookeeper", "coordinator", "broker", "indexer", "historical", "router", "kafka")

_ALL_JVMS = (
    "-XX:+UseSerialGC",
    "-Xms64m",  # grows with use; by default a 64th of the machine's memory is touched before the first collection
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "-Xshare:auto",
    "-Xlog:cds=off",
    "-Xlog:cds+dynamic=off",
    # Class archives go where they were made for: to move them means to touch and copy every page of them.
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:ArchiveRelocationMode=0",
    "-Duser.timezone=UTC",
    "-Dfile.encoding=UTF-8",
    "-Djava.net.preferIPv4Stack=true",
    "-Djava.awt.headless=true",
    "-Djava.io.tmpdir=tmp",
    "-Dlog4j.configurationFile=conf/log4j2.xml",
    "-Dlog4j2.disableJmx=true",
)
_DRUID_JVMS = (
    "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
    "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.base/jdk.internal.ref=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED",
    "-Djava.util.logging.manager=org.apache.logging.log4j.jul.LogManager",
)
# They pass things on: the second compiler would cost them more at the start than it ever gains.
_LIGHT = ("zookeeper", "coordinator", "router", "broker", "kafka")


@dataclass(frozen=True)
class Classpaths:
    """Jars of the two kinds of process."""

    druid: Sequence[Path]
    kafka: Sequence[Path]

    def of(self, service: str) -> Sequence[Path]:
        return self.kafka if service == "kafka" else self.druid


def write_configuration(settings: StackSettings) -> None:
    """Render every configuration file into ``conf`` below the stack's directory and make the directories they name."""
    for name in ("conf", "logs", "tmp", "data/kafka", "data/zookeeper", "data/druid/processing", "data/druid/tasks"):
        (settings.directory / name).mkdir(parents=True, exist_ok=True)
    ports = settings.ports.by_name()
    conf = settings.directory / "conf"
    common = _filled("common.properties", ports)
    for service in DRUID_SERVICES:
        (conf / f"{service}.properties").write_text(common + "\n" + _filled(f"{service}.properties", ports))
    for name in ("kafka.properties", "zookeeper.cfg", "log4j2.xml"):
        (conf / name).write_text(_filled(name, ports))


def _filled(name: str, ports: dict[str, int]) -> str:
    return Template((TEMPLATES / name).read_text(encoding="utf-8")).substitute(ports)


def properties(name: str, ports: Ports) -> dict[str, str]:
    """The properties that a template sets, for example ``broker.properties``."""
    lines = _filled(name, ports.by_name()).splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {key: value for key, _, value in pairs}


def jvm_flags(service: str, settings: StackSettings) -> list[str]:
    """Flags of a service's JVM, without its classpath."""
    heap, direct = settings.memory_of(service)
    return [
        f"-Xmx{heap}m",
        f"-XX:MaxDirectMemorySize={direct}m",
        *fixed_flags(service, quick=settings.short_lived),
        *((f"-Ddruid.properties.file=conf/{service}.properties",) if service in DRUID_SERVICES else ()),
    ]


def fixed_flags(service: str, *, quick: bool = False) -> list[str]:
    """Flags of a service's JVM that nobody chooses. It runs where ``tmp`` and ``conf/log4j2.xml`` are.

    Args:
        quick: without the second compiler, whatever the service does
    """
    return [
        f"-Dfrontrow.service={service}",
        *_ALL_JVMS,
        *(_DRUID_JVMS if service in DRUID_SERVICES else ()),
        *(("-XX:TieredStopAtLevel=1",) if quick or service in _LIGHT else ()),
    ]


def main_and_arguments(service: str) -> list[str]:
    """The main class of a service and what it is called with."""
    if service == "zookeeper":
        return ["org.apache.zookeeper.server.quorum.QuorumPeerMain", "conf/zookeeper.cfg"]
    if service == "kafka":
        return ["kafka.Kafka", "conf/kafka.properties"]
    return ["org.apache.druid.cli.Main", "server", service]


def write_arguments(service: str, arguments: Sequence[str], settings: StackSettings) -> Path:
    """An argument file for ``java``: two hundred jars make a long command line."""
    path = settings.directory / "conf" / f"{service}.args"
    path.write_text(argument_lines(arguments))
    return path


def argument_lines(arguments: Sequence[str]) -> str:
    """The content of an argument file for ``java``."""
    return "\n".join('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in arguments) + "\n"
