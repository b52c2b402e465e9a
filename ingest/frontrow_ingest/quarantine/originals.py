"""Whole originals of records that hold them masked or not at all: in a refused file, or still in the topic."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson

from frontrow_ingest.contract import ViewerKeys
from frontrow_ingest.errors import QuarantineError
from frontrow_ingest.quarantine.port import Stage
from frontrow_ingest.quarantine.reading import TopicReader
from frontrow_ingest.quarantine.record import QuarantineRecord
from frontrow_ingest.quarantine.redaction import Pseudonymize, pseudonymized, redact

Place = tuple[int, int]
"""Number of the line, and its size in bytes."""


def read_refused_file(path: Path) -> Iterator[tuple[Place, bytes]]:
    """The whole originals in a refused file of ``frontrow produce``, by their place in the input.

    Raises:
        QuarantineError: it is not such a file, or cannot be read
    """
    try:
        with path.open("rb") as lines:
            for line in lines:
                entry = orjson.loads(line)
                if entry.get("whole", True):
                    text = entry.get("text")
                    original = base64.b64decode(entry["base64"]) if text is None else text.encode()
                    yield (entry["line"], len(original)), original
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise QuarantineError(
            f"{path} is no refused file of frontrow produce ({type(error).__name__}): name the one of the same run"
        ) from error


class Originals:
    """Finds originals, None where they are gone. Those out of a topic are read there again. Close it at the end.

    One that came with a raw viewer id is given with its pseudonym of that time, by ``keys``; without them, not at all.
    Raises ViewerKeyError where these lack the epoch.
    """

    def __init__(self, bootstrap: str, by_place: Mapping[Place, bytes], keys: ViewerKeys | None = None) -> None:
        self._bootstrap = bootstrap
        self._by_place = by_place
        self._keys = keys
        self._reader: TopicReader | None = None

    def __call__(self, record: QuarantineRecord) -> bytes | None:
        if record.number is None:
            return None
        if record.stage == Stage.TOPIC and record.source is not None:
            topic, _, partition = record.source.rpartition("-")
            self._reader = self._reader or TopicReader(self._bootstrap)
            return self._reader.one(topic, int(partition), record.number)
        found = self._by_place.get((record.number, record.size))
        if found is None:
            return None
        pseudonymize = self._pseudonymize(record.viewer_key_epoch)
        if not _is_of(record, found, pseudonymize):
            return None
        if record.viewer_key_epoch is None:
            return found
        return None if pseudonymize is None else pseudonymized(found, pseudonymize)

    def _pseudonymize(self, epoch: str | None) -> Pseudonymize | None:
        keys = self._keys
        return None if keys is None or epoch is None else lambda raw: keys.pseudonym_of(raw, epoch)

    def close(self) -> None:
        """Let go of Kafka."""
        if self._reader is not None:
            self._reader.close()


def _is_of(record: QuarantineRecord, original: bytes, pseudonymize: Pseudonymize | None) -> bool:
    """Whether an original is the record's own, and not that of the same place in another input."""
    if record.sha256 is not None:
        return hashlib.sha256(original).hexdigest() == record.sha256
    return redact(original, pseudonymize).original == record.original
