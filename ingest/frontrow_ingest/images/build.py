"""Building the images, each from its context and only where its content is new."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from frontrow_ingest.images.context import Context
from frontrow_ingest.images.docker import ImageError, docker, engine_problem, has_image
from frontrow_ingest.images.machine import runtime_files
from frontrow_ingest.stack.cache import Cache, java_version
from frontrow_ingest.stack.ports import Ports
from frontrow_ingest.stack.render import DRUID_SERVICES, Classpaths, argument_lines, fixed_flags, properties
from frontrow_ingest.stack.report import Reporter, Silent
from frontrow_ingest.stack.settings import cache_directory

HERE = Path(__file__).parent
_BUILD_LIMIT_S = 600.0
# Kafka by itself, for whoever runs the image without telling it its listeners.
_KAFKA_ALONE = {
    "listeners": "PLAINTEXT://:9092,CONTROLLER://127.0.0.1:9093",
    "advertised.listeners": "PLAINTEXT://localhost:9092",
}


@dataclass(frozen=True)
class Images:
    """Names of the three images that a stack of containers runs."""

    kafka: str
    druid: str
    zookeeper: str


def build_images(*, report: Reporter | None = None, cache: Path | None = None) -> Images:
    """Build what the engine does not hold yet; the tags of it are named by the content, ``latest`` follows them.

    Raises:
        ImageError: Docker, busybox or something else is missing on this machine, or a build failed
        StackError: a jar cannot be had
    """
    report = report or Silent()
    if (problem := engine_problem()) is not None:
        raise ImageError(problem)
    runtime = runtime_files()
    classpaths = Cache.at(cache or cache_directory()).make_ready(report)
    base = _build("base", _base_context(runtime), "", report)
    kafka = _build("kafka", _kafka_context(classpaths), base, report)
    druid = _build("druid", _druid_context(classpaths), base, report)
    return Images(kafka, druid, _build("zookeeper", Context(_own("zookeeper")), druid, report))


def image_size(tag: str) -> int:
    """Bytes of an image with all of its layers, those that it shares with others too."""
    return int(docker(["image", "inspect", "--format", "{{.Size}}", tag]))


def _build(name: str, context: Context, base: str, report: Reporter) -> str:
    tag = f"frontrow/{name}:{context.identity(base)}"
    if not has_image(tag):
        report.waiting(f"the image {tag} to be built")
        with tempfile.TemporaryDirectory(prefix="frontrow-image-") as directory:
            context.write(Path(directory))
            arguments = ["--build-arg", f"BASE={base}"] if base else []
            docker(["build", "--quiet", "--tag", tag, *arguments, directory], limit_s=_BUILD_LIMIT_S)
        report.done(f"built {tag}: {image_size(tag) / 1e6:.0f} MB")
    docker(["tag", tag, f"frontrow/{name}:latest"])
    return tag


def _base_context(runtime: dict[str, Path | str]) -> Context:
    files = {f"root/{target}": source for target, source in runtime.items()}
    files |= {f"root/etc/{name}": _text("base", name) for name in ("passwd", "group", "nsswitch.conf")}
    # Not read by anyone: the JRE's libraries keep their names from version to version, and this does not.
    return Context({**files, "root/opt/java/version": java_version(), "Dockerfile": _text("base", "Dockerfile")})


def _kafka_context(classpaths: Classpaths) -> Context:
    jars = classpaths.kafka
    defaults = {**properties("kafka.properties", Ports()), **_KAFKA_ALONE}
    del defaults["log.dirs"]
    conf = {
        "conf/kafka.properties": "".join(f"{key}={value}\n" for key, value in defaults.items()),
        "conf/kafka.args": _arguments("kafka", jars),
        "conf/log4j2.xml": _text("console.log4j2.xml"),
    }
    return Context({**{f"lib/{jar.name}": jar for jar in jars}, **conf, **_own("kafka")})


def _druid_context(classpaths: Classpaths) -> Context:
    *jars, extension = classpaths.druid
    files: dict[str, Path | str] = {f"lib/{jar.name}": jar for jar in jars}
    files[f"extension/{extension.name}"] = extension
    for service in (*DRUID_SERVICES, "zookeeper"):
        files[f"conf/{service}.args"] = _arguments(service, classpaths.druid)
    return Context({**files, "conf/log4j2.xml": _text("console.log4j2.xml"), **_own("druid")})


def _arguments(service: str, jars: Sequence[Path]) -> str:
    return argument_lines([*fixed_flags(service), "-cp", ":".join(f"lib/{jar.name}" for jar in jars)])


def _own(name: str) -> dict[str, Path | str]:
    """The Dockerfile and the scripts of an image."""
    return {file: _text(name, file) for file in ("Dockerfile", "start.sh", "healthy.sh")}


def _text(*path: str) -> str:
    return HERE.joinpath(*path).read_text(encoding="utf-8")
