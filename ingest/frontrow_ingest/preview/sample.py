"""Events to look at: the lines of a file, or the newest of a topic; what is none is counted with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from fastavro.validation import validate

from frontrow_ingest.contract import EventRefusedError, Refusal, Validator, WireError
from frontrow_ingest.contract.codec import topic_reader
from frontrow_ingest.errors import IngestError
from frontrow_ingest.producer.lines import read_lines
from frontrow_ingest.quarantine.reading import read_topic
from frontrow_specs import topic_schema
from frontrow_specs.avro_schemas import EVENTS

Event = Mapping[str, Any]


class Sample:
    """Iterate over it once; ``refused`` then counts what was no event, by reason."""

    def __init__(self, name: str, read: Callable[[Counter[str]], Iterator[Event]]) -> None:
        self.name = name
        self.refused: Counter[str] = Counter()
        self._read = read

    def __iter__(self) -> Iterator[Event]:
        return self._read(self.refused)

    @classmethod
    def of_file(cls, path: Path, topic: str) -> Sample:
        """The lines of a file, checked as ``frontrow produce`` would check them.

        Args:
            topic: whose schema they have; of another topic than events they are checked by the schema alone
        """
        return cls(path.name, lambda refused: _lines(path, topic, refused))

    @classmethod
    def of_topic(cls, bootstrap: str, topic: str, schema_of: str, last: int) -> Sample:
        """The newest messages of each partition.

        Args:
            schema_of: the topic of the registry whose schemas they have
        """
        return cls(f"topic {topic}", lambda refused: _messages(bootstrap, topic, schema_of, last, refused))


def _lines(path: Path, topic: str, refused: Counter[str]) -> Iterator[Event]:
    check = _event if topic == EVENTS else _RecordLines(topic)
    try:
        with path.open("rb") as file:
            for line in read_lines(file.read):
                if not line.data.strip():
                    continue
                try:
                    yield check(line.data if line.whole else b"")
                except EventRefusedError as error:
                    refused[error.refusals[0].label if line.whole else "too_large"] += 1
    except OSError as error:
        raise IngestError(f"{path} cannot be read: {error.strerror or error}") from error


_validator = Validator()


def _event(line: bytes) -> Event:
    return _validator.line(line).__dict__


class _RecordLines:
    """Checks lines of a topic that has no model of its own by its Avro schema."""

    def __init__(self, topic: str) -> None:
        self._fields: list[dict[str, Any]] = topic_schema(topic)["fields"]
        self._defaults = {field["name"]: field["default"] for field in self._fields if "default" in field}

    def __call__(self, line: bytes) -> Event:
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise EventRefusedError([Refusal("", "not_json", "is not JSON")]) from error
        if not isinstance(found, dict):
            raise EventRefusedError([Refusal("", "not_an_object", "must be a JSON object")])
        record = {**self._defaults, **found}
        for field in self._fields:
            name = field["name"]
            if name not in record:
                raise EventRefusedError([Refusal(name, "missing", "is required")])
            if not validate(record[name], field["type"], raise_errors=False):
                raise EventRefusedError([Refusal(name, "wrong_type", "is not of the schema's type")])
        return record


def _messages(bootstrap: str, topic: str, schema_of: str, last: int, refused: Counter[str]) -> Iterator[Event]:
    read = topic_reader(schema_of)
    for message in read_topic(bootstrap, topic, last=last):
        if message.value is None:
            refused["no value"] += 1
            continue
        try:
            yield read(message.value)
        except WireError as error:
            refused[type(error).__name__.removesuffix("Error")] += 1
