"""frontrow's extension of Druid, which reads Avro messages: its Java sources, and how they become a jar.

It registers the input format ``avro_stream`` with the decoders ``multiple_schemas_inline`` (byte 0x01, four bytes of
schema id, the record) and ``schema_inline`` (the record alone), with the JSON of Druid's own druid-avro-extensions, so
that a supervisor spec runs on either. ``flattenSpec`` (root, path and one-node tree fields), ``binaryAsString`` and
``extractUnionsByType`` mean the same; ``jq``, ``schema_repo`` and ``schema_registry`` are refused with the spec. Use
one of the two extensions in a Druid, never both.

What it does beyond druid-avro-extensions 33:

- Every message is read as the newest schema (the highest id) by Avro's rules of resolution; there, a field that the
  writer did not know is missing. Schemas that no message could satisfy are refused when the spec is submitted.
- A message counts only when all of it is one record: trailing bytes, strings that are not UTF-8, unknown enum symbols,
  lengths and counts beyond the message, records nested deeper than 128 are parse errors (``unparseable`` in the task's
  statistics). Whether a message counts never depends on the columns that a spec reads, so that two datasources of one
  topic agree. What is said about a bad message names the field and never a value.
- It reads the wanted columns straight from the bytes.

A Kafka record without a value (a tombstone) never reaches a format: Druid passes over it and counts it as
``thrownAway``.
"""

from __future__ import annotations

from .build import ExtensionBuildError, build_extension

__all__ = ["ExtensionBuildError", "build_extension"]
