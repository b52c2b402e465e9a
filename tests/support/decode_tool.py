"""Decodes messages with the Druid extension itself, in one Java process for many jobs."""

from __future__ import annotations

import io
import json
import struct
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import fastavro

from support.extension_jars import Toolchain

SOURCE = Path(__file__).parents[1] / "ingest" / "extension" / "java"

# What Druid's own JVM flags open, as far as decoding needs it.
JVM_FLAGS = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "--add-opens=java.base/java.lang=ALL-UNNAMED")


def encode(schema: dict[str, Any], value: dict[str, Any]) -> bytes:
    """The Avro body of one record, by fastavro."""
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(schema), value)
    return buffer.getvalue()


def framed(schema_id: int, body: bytes) -> bytes:
    """A message as it lies in Kafka."""
    return b"\x01" + struct.pack(">i", schema_id) + body


def record(*fields: dict[str, Any], name: str = "Event") -> dict[str, Any]:
    """A record schema with a ``ts`` before the given fields."""
    return {"type": "record", "name": name, "fields": [{"name": "ts", "type": "long"}, *fields]}


def inline(schemas: dict[int, dict[str, Any]], **properties: Any) -> dict[str, Any]:
    """The inputFormat of messages of several schemas."""
    named = {str(schema_id): schema for schema_id, schema in schemas.items()}
    return {
        "type": "avro_stream",
        "avroBytesDecoder": {"type": "multiple_schemas_inline", "schemas": named},
        **properties,
    }


class RefusedError(Exception):
    """Druid would not take the inputFormat."""


class DecodeTool:
    """A running DecodeTool.java. Close it, or use it as a context manager."""

    def __init__(self, tools: Toolchain, extension: Path, classes: Path) -> None:
        compiled = subprocess.run(
            [
                str(tools.java),
                "-cp",
                str(tools.compiler),
                "org.eclipse.jdt.internal.compiler.batch.Main",
                *("-source", "17", "-target", "17", "-proc:none", "-encoding", "UTF-8"),
                *("-cp", ":".join(str(jar) for jar in (*tools.classpath, extension))),
                *("-d", str(classes), str(SOURCE)),
            ],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert compiled.returncode == 0, compiled.stdout + compiled.stderr
        path = ":".join(str(jar) for jar in (*tools.classpath, extension, classes))
        self.process = subprocess.Popen(
            [str(tools.java), *JVM_FLAGS, "-cp", path, "DecodeTool"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> DecodeTool:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()

    def run(
        self,
        input_format: dict[str, Any],
        messages: Iterable[bytes],
        *,
        read: Sequence[str] = (),
        columns: Sequence[str] | None = None,
        timestamp: dict[str, Any] | None = None,
        dimensions: dict[str, Any] | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Send one job and answer ``{"results": [...], "again": inputFormat}``.

        ``read`` are the columns to get of each row; ``columns`` is Druid's column filter, everything when None;
        ``sample`` runs the sampler's path; ``reference`` (writer, reader, header) adds what Avro's own reader sees;
        ``dribble`` gives the bytes one at a time.

        Raises:
            RefusedError: the inputFormat is not accepted
        """
        job = {
            "format": input_format,
            "messages": [message.hex() for message in messages],
            "read": list(read),
            "columns": None if columns is None else list(columns),
            "timestamp": timestamp or {"column": "ts", "format": "millis"},
            "dimensions": dimensions or {"dimensions": []},
            **more,
        }
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the decoder's process has ended"
        answer: dict[str, Any] = json.loads(line)
        if "refused" in answer:
            raise RefusedError(answer["refused"])
        return answer

    def values(self, input_format: dict[str, Any], message: bytes, *read: str, **more: Any) -> dict[str, Any]:
        """The columns of one good message."""
        result = self.run(input_format, [message], read=read, **more)["results"][0]
        assert "error" not in result, result["error"]
        values: dict[str, Any] = result["values"]
        return values

    def error(self, input_format: dict[str, Any], message: bytes, **more: Any) -> str:
        """What is said about one bad message; fails if it is taken for a good one."""
        result = self.run(input_format, [message], **more)["results"][0]
        assert "error" in result, f"accepted: {result}"
        error: str = result["error"]
        return error
