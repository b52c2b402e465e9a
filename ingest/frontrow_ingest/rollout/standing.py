"""Where a datasource stands: what runs, whether it ingests, and what was there before. Druid is who remembers."""

from __future__ import annotations

import time
from dataclasses import dataclass

from frontrow import BadQueryError, DruidTransport, NotFoundError
from frontrow_ingest.druid import Supervisors, SupervisorStatus
from frontrow_ingest.druid.supervisors import SpecVersion
from frontrow_ingest.errors import SupervisorError
from frontrow_ingest.rollout.changes import compare
from frontrow_ingest.rollout.shape import Json


@dataclass(frozen=True)
class Standing:
    """A datasource's supervisor now, and every version of its spec, the newest first.

    Attributes:
        running: the spec that runs, with Druid's defaults; None if none runs
        status: of the supervisor that runs
    """

    name: str
    running: Json | None
    status: SupervisorStatus | None
    versions: tuple[SpecVersion, ...]

    @property
    def newest(self) -> SpecVersion | None:
        """The newest version that is a spec: the one that runs, or ran last."""
        return next((version for version in self.versions if version.spec is not None), None)

    @property
    def previous(self) -> SpecVersion | None:
        """Where a roll-back would go: the newest version that differs from the newest one and was not taken back.

        One that gave way to what had run before it was taken back: it did not ingest, or somebody thought better of it.
        """
        runs = self._runs()
        for later, one, earlier in zip(runs, runs[1:], [*runs[2:], None], strict=False):
            taken_back = earlier is not None and _same(earlier, later)
            if not _same(one, runs[0]) and not taken_back:
                return one
        return None

    def _runs(self) -> list[SpecVersion]:
        """The versions that are specs, without those that only repeat the one before."""
        found: list[SpecVersion] = []
        for version in self.versions:
            if version.spec is None:
                continue
            if found and _same(found[-1], version):
                found.pop()  # what counts is when it came
            found.append(version)
        return found

    def earlier(self, spec: Json) -> tuple[SpecVersion, SpecVersion] | None:
        """The last time that a spec like this ran and was replaced by another: its version, and the one that did."""
        following = None
        for version in self.versions:
            if following is not None and version.spec is not None and not differ(version.spec, spec):
                return version, following
            following = version if version.spec is None or differ(version.spec, spec) else None
        return None

    def words(self) -> str:
        """Where it stands, in a sentence."""
        newest = self.newest
        if self.running is None or self.status is None or newest is None:
            if newest is None:
                return "was never applied."
            ended = self.versions[0].number
            return f"no supervisor runs since {ended}: it was ended, or did not start. It ran version {newest.number}."
        if self.status.ingesting:
            return f"version {newest.number} ingests from the topic {self.status.topic}."
        before = f"; before it ran version {self.previous.number}" if self.previous else ""
        errors = f" Druid says: {'; '.join(dict.fromkeys(self.status.errors[-3:]))}." if self.status.errors else ""
        return (
            f"version {newest.number} does not ingest: it is {self.status.state} with {self.status.tasks} tasks"
            f"{before}.{errors}"
        )


def look(supervisors: Supervisors, name: str) -> Standing:
    """Where a datasource stands now. Names of no supervisor at all are good, too."""
    running = supervisors.spec(name)
    status = None
    if running is not None:
        try:
            status = supervisors.status(name)
        except SupervisorError:
            running = None  # it was ended in between
    return Standing(name, running, status, tuple(supervisors.history(name)))


def settled(supervisors: Supervisors, name: str, *, deadline_s: float = 10.0) -> Standing:
    """Where a datasource stands, once a coordinator that has only begun has made its supervisors."""
    deadline = time.monotonic() + deadline_s
    while True:
        found = look(supervisors, name)
        expected = bool(found.versions) and found.versions[0].spec is not None
        if found.running is not None or not expected or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def _same(one: SpecVersion, other: SpecVersion) -> bool:
    return one.spec is not None and other.spec is not None and not differ(one.spec, other.spec)


def differ(one: Json, other: Json) -> bool:
    """Whether two specs that Druid gave back, or one that is wanted, would do different things."""
    return bool(compare(one, other, has_rows=True))


def has_rows(transport: DruidTransport, datasource: str) -> bool:
    """Whether anything can be asked of a datasource."""
    try:
        return bool(
            transport.request_json("POST", "/druid/v2", {"queryType": "timeBoundary", "dataSource": datasource})
        )
    except (BadQueryError, NotFoundError):
        return False
