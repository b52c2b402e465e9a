"""Going on where a run stopped, however it stopped: every event of the input is stored once.

A checkpoint says: the input is read up to here, everything before is acknowledged and in the store of seen events, and
the topic ended there. It is one transaction of the store. What a killed run sent after its last checkpoint is in the
topic behind that end; the next run reads it back before it sends anything.
"""

from __future__ import annotations

from frontrow_ingest.resume.errors import InputChangedError, TopicChangedError, TopicUnreadableError
from frontrow_ingest.resume.input_file import InputFile
from frontrow_ingest.resume.journal import Journal
from frontrow_ingest.resume.log import StoredRecord, TopicLog
from frontrow_ingest.resume.reconcile import Reconciled, reconcile

__all__ = [
    "InputChangedError",
    "InputFile",
    "Journal",
    "Reconciled",
    "StoredRecord",
    "TopicChangedError",
    "TopicLog",
    "TopicUnreadableError",
    "reconcile",
]
