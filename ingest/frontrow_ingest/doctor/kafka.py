"""Kafka: does a broker answer, and do the topics keep events for long enough, and safely enough?"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from frontrow_ingest.doctor.finding import Finding

TIMEOUT_MS = 5_000
_FOREVER = -1


@dataclass(frozen=True)
class TopicState:
    """A topic as Kafka has it. ``retention_ms`` is -1 for ever; ``cleanup`` is Kafka's ``cleanup.policy``."""

    name: str
    partitions: int
    leaderless: int
    replicas: int
    min_insync: int
    retention_ms: int
    cleanup: str = "delete"


def examine_kafka(bootstrap: str, topics: Sequence[str], *, outage_h: float) -> Iterator[Finding]:
    """Look at the broker and at topics. ``outage_h`` is how long Druid may be away without a loss."""
    from kafka.admin import KafkaAdminClient
    from kafka.errors import KafkaError

    mend = "start it (frontrow stack up), or give its address with --bootstrap"
    if (why := _unreachable(bootstrap)) is not None:
        yield Finding("broker", False, f"nobody answers at {bootstrap} ({why})", mend)
        return
    options: dict[str, Any] = {
        "bootstrap_servers": bootstrap,
        "bootstrap_timeout_ms": TIMEOUT_MS,
        "request_timeout_ms": TIMEOUT_MS,
    }
    try:
        admin: Any = KafkaAdminClient(**options)
    except (KafkaError, ValueError, OSError) as error:
        yield Finding("broker", False, f"no Kafka answers at {bootstrap} ({type(error).__name__})", mend)
        return
    try:
        brokers = admin.describe_cluster()["brokers"]
        yield Finding("broker", True, f"{len(brokers)} at {bootstrap}")
        known = set(admin.list_topics())
        for topic in topics:
            if topic not in known:
                mend = "apply the rollup specs that read it (frontrow specs apply)"
                yield Finding(f"topic {topic}", False, "does not exist", mend)
                continue
            yield from judge_topic(_state(admin, topic), brokers=len(brokers), outage_h=outage_h)
    except KafkaError as error:
        yield Finding("broker", False, f"does not tell of its topics ({type(error).__name__})", "check your rights")
    finally:
        admin.close()


def judge_topic(topic: TopicState, *, brokers: int, outage_h: float) -> Iterator[Finding]:
    """What is to be said of a topic."""
    what = f"topic {topic.name}"
    if topic.leaderless:
        mend = "look at the brokers that are down: events for these partitions wait"
        yield Finding(what, False, f"{topic.leaderless} of {topic.partitions} partitions have no leader", mend)
    else:
        yield Finding(what, True, f"{topic.partitions} partitions, {topic.replicas} replicas")
    if "compact" in topic.cleanup:
        mend = f"kafka-configs --alter --topic {topic.name} --add-config cleanup.policy=delete"
        yield Finding(f"{what}: cleanup", False, "compacted: of each session only the newest event stays", mend)
    if topic.retention_ms == _FOREVER:
        yield Finding(f"{what}: retention", True, "for ever")
    else:
        hours = topic.retention_ms / 3_600_000
        text = f"{hours:,.1f} h; an outage of {outage_h:g} h must fit"
        mend = f"kafka-configs --alter --topic {topic.name} --add-config retention.ms={round(outage_h * 3_600_000 * 2)}"
        yield Finding(f"{what}: retention", hours >= outage_h, text, mend)
    # All in-sync replicas acknowledge; how few these may be is up to the topic.
    wanted = 1 if brokers == 1 else 2
    safe = wanted <= topic.min_insync <= topic.replicas
    text = f"min.insync.replicas {topic.min_insync} of {topic.replicas}, {brokers} broker{'s' * (brokers > 1)}"
    if topic.min_insync > topic.replicas:
        mend = "lower min.insync.replicas, or add replicas: nothing can be acknowledged"
    else:
        mend = f"set min.insync.replicas={wanted}: a single copy is acknowledged, and lost with its broker"
    yield Finding(f"{what}: replicas", safe, text, mend)


def _unreachable(bootstrap: str) -> str | None:
    """Why no connection can be made to any of the addresses; None if one can."""
    why = ""
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), TIMEOUT_MS / 1000).close()
        except OSError as error:
            why = error.strerror or type(error).__name__
        except ValueError:
            why = "it is no HOST:PORT"
        else:
            return None
    return why


def _state(admin: Any, topic: str) -> TopicState:
    from kafka.admin import ConfigResource, ConfigResourceType

    (told,) = admin.describe_topics([topic])
    partitions = told["partitions"]
    resource = ConfigResource(ConfigResourceType.TOPIC, topic)
    configs = admin.describe_configs([resource], config_filter="all")["topic"][topic]
    return TopicState(
        name=topic,
        partitions=len(partitions),
        leaderless=sum(_leader(partition) < 0 for partition in partitions),
        replicas=min((len(_replicas(partition)) for partition in partitions), default=0),
        min_insync=int(configs["min.insync.replicas"]["value"]),
        retention_ms=int(configs["retention.ms"]["value"]),
        cleanup=str(configs["cleanup.policy"]["value"]),
    )


def _leader(partition: Any) -> int:
    return int(partition.get("leader_id", partition.get("leader", -1)))


def _replicas(partition: Any) -> Any:
    return partition.get("replica_nodes", partition.get("replicas", ()))
