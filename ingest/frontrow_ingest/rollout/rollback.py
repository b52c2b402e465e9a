"""The plan to go back to a version of a spec that ran before."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from frontrow import DruidTransport
from frontrow_ingest.druid import Supervisors
from frontrow_ingest.druid.supervisors import SpecVersion
from frontrow_ingest.errors import SupervisorError
from frontrow_ingest.rollout.changes import compare
from frontrow_ingest.rollout.planning import Plan
from frontrow_ingest.rollout.shape import Json, read_shape
from frontrow_ingest.rollout.standing import Standing, has_rows, look


def plan_rollback(transport: DruidTransport, name: str, version: str | None = None) -> Plan:
    """Plan to run an earlier version again: the one before the newest, or a named one.

    Raises:
        SupervisorError: there is no such version; names those there are
    """
    standing = look(Supervisors(transport), name)
    target = _target(standing, version)
    base = standing.running or (standing.newest.spec if standing.newest else None)
    wanted = _with_schemas_of(base, target)
    changes = [] if base is None else compare(base, wanted, has_rows=has_rows(transport, name))
    return Plan(name, wanted, standing, tuple(changes))


def _target(standing: Standing, version: str | None) -> Json:
    specs = [one for one in standing.versions if one.spec is not None]
    if version is None:
        found: SpecVersion | None = standing.previous if standing.running is not None else standing.newest
    else:
        found = next((one for one in specs if one.number == version), None)
    if found is not None and found.spec is not None:
        return found.spec
    if not specs:
        raise SupervisorError(f"Druid remembers no supervisor {standing.name!r}: frontrow specs apply makes it.")
    known = ", ".join(one.number for one in specs)
    if version is not None:
        missing, do = f"no version {version!r}", ""
    elif standing.running is not None and len(specs) > 1:
        missing, do = "no version before the one that runs but what was taken back", " Name one with --to."
    else:
        missing, do = "no version before the one that runs", ""
    raise SupervisorError(f"{standing.name!r} has {missing}; there {'is' if len(specs) == 1 else 'are'} {known}.{do}")


def _with_schemas_of(running: Json | None, target: Json) -> dict[str, Any]:
    """The earlier spec; it goes on to read what the running one can read, for producers may write it already."""
    wanted = deepcopy({key: target[key] for key in ("type", "spec", "context") if target.get(key) is not None})
    if running is None:
        return wanted
    old, new = read_shape(target).schemas, read_shape(running).schemas
    if old.items() <= new.items():
        decoder = wanted["spec"]["ioConfig"].get("inputFormat", {}).get("avroBytesDecoder")
        if decoder is not None:
            decoder["schemas"] = dict(new)
    return wanted
