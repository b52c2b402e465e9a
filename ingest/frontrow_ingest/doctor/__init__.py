"""Is the whole line sound? Kafka, its topics, Druid, the clocks, the disk and the keys, each with its mend."""

from __future__ import annotations

from frontrow_ingest.doctor.druid import examine_druid
from frontrow_ingest.doctor.finding import Finding
from frontrow_ingest.doctor.kafka import examine_kafka
from frontrow_ingest.doctor.machine import examine_disk, examine_keys

__all__ = ["Finding", "examine_disk", "examine_druid", "examine_kafka", "examine_keys"]
