"""Errors of the ingest side.

::

    IngestError
    ├── ContractError      an event, or bytes, that do not keep the contract
    ├── DeliveryError      Kafka did not take what it was given
    ├── QuarantineError    refused events cannot be kept, read or replayed, or are too many
    ├── StateError         what a run keeps for the next one cannot be used
    ├── SupervisorError    Druid did not take, or does not run, an ingestion spec
    │   └── RolledBackError    a spec did not ingest; what ran before it was put back, or could not be
    ├── UpkeepError        Druid does not take compaction or retention, or they would lose what is wanted
    ├── LookupsError       a lookup table cannot be read from its file, or Druid's processes do not load it
    ├── RollupError        a spec or query has what Druid's rollup in plain Python does not know
    └── StackError         the local stack cannot be made, started or stopped

A message says what happened and what to do; it never holds a viewer id or a credential.
"""

from __future__ import annotations


class IngestError(Exception):
    """Root of the ingest side's errors. ``retryable`` says whether the same call may succeed later."""

    retryable: bool = False


class ContractError(IngestError):
    """An event, or bytes, that do not keep the contract."""


class DeliveryError(IngestError):
    """Kafka did not take what it was given."""

    retryable = True


class QuarantineError(IngestError):
    """Refused events cannot be kept, read or replayed, or are too many."""


class StateError(IngestError):
    """What a run keeps for the next one cannot be read, written or relied on."""


class SupervisorError(IngestError):
    """Druid did not take, or does not run, an ingestion spec."""


class UpkeepError(IngestError):
    """Druid does not take compaction, retention or deletion, or they would lose what is wanted."""


class LookupsError(IngestError):
    """A lookup table cannot be read from its file, or Druid's processes do not load it."""


class RollupError(IngestError):
    """A spec or query has what Druid's rollup in plain Python does not know, or what is no spec or query at all."""


class StackError(IngestError):
    """The local stack cannot be made, started or stopped."""
