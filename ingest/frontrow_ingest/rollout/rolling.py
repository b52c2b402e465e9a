"""Applying a plan with a seat belt: submit, watch until it ingests, else put back what ran before."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from frontrow import DruidError, NotFoundError, ServerError, TransportError
from frontrow_ingest.druid import Supervisors, SupervisorStatus
from frontrow_ingest.errors import SupervisorError
from frontrow_ingest.rollout.planning import Plan, Verdict
from frontrow_ingest.rollout.shape import Json
from frontrow_ingest.rollout.standing import Standing, differ, look

_POLL_S = 0.2
_STARTING_S = 30.0
_FAILED = ("UNHEALTHY", "UNABLE_TO_CONNECT_TO_STREAM", "LOST_CONTACT_WITH_STREAM")
_Answer = TypeVar("_Answer")
Say = Callable[[str], None]


class Did(Enum):
    """What a rollout has done."""

    NOTHING = "left as it is"
    CREATED = "started"
    RECREATED = "started again"
    CHANGED = "changed"
    WATCHED = "submitted before"


@dataclass(frozen=True)
class Outcome:
    """A rollout that went well.

    Attributes:
        version: Druid's name of the spec that runs
        previous: that of the one before, where it was another
    """

    name: str
    did: Did
    version: str
    previous: str | None
    status: SupervisorStatus

    def __str__(self) -> str:
        before = f", before it {self.previous}" if self.did is Did.CHANGED and self.previous else ""
        tasks = f"{self.status.tasks} task{'' if self.status.tasks == 1 else 's'}"
        return f"{self.name}: {self.did.value}; version {self.version}{before}; {tasks} of {self.status.topic} ingest"


class RolledBackError(SupervisorError):
    """A spec did not ingest. ``restored`` is the version that was put back and ingests again; None if there is none."""

    def __init__(self, message: str, *, restored: str | None) -> None:
        super().__init__(message)
        self.restored = restored


class Rollout:
    """One datasource's way from a plan to a spec that ingests."""

    def __init__(
        self,
        supervisors: Supervisors,
        plan: Plan,
        *,
        ends: Callable[[], Mapping[int, int]],
        deadline_s: float,
        say: Say = lambda _: None,
    ) -> None:
        """
        Args:
            ends: where the topic's partitions end now
            deadline_s: until the spec must ingest; as long again for the one that is put back
        """
        self._supervisors = supervisors
        self._plan = plan
        self._ends = ends
        self._deadline_s = deadline_s
        self._say = say
        self._before: Standing = plan.standing
        self._behind = 0

    def submit(self) -> None:
        """Submit what is wanted, unless it runs already.

        Raises:
            SupervisorError: Druid does not accept it; what ran before runs
            TransportError: Druid does not answer in time
        """
        if self._plan.verdict in (Verdict.NOTHING, Verdict.UNFINISHED):
            return
        self._ends()  # a Kafka that does not answer is known before anything is changed
        deadline = time.monotonic() + self._deadline_s
        self._await_published(deadline)
        try:
            self._submit(self._plan.wanted, deadline)
        except (SupervisorError, DruidError) as error:
            if isinstance(error, TransportError) and (error.retryable or isinstance(error, NotFoundError)):
                raise
            raise SupervisorError(f"{error}{self._revive()}") from error

    def watch(self) -> Outcome:
        """Wait until it ingests; else put back the version before.

        Raises:
            RolledBackError: it did not ingest in time; says what runs now
            TransportError: Druid does not answer in time
        """
        name, plan = self._plan.name, self._plan
        self._behind = sum(self._ends().values())
        try:
            status = self._await_reading(plan.wanted, time.monotonic() + self._deadline_s)
        except SupervisorError as error:
            raise self._put_back(str(error)) from error
        now = patiently(lambda: look(self._supervisors, name), time.monotonic() + self._deadline_s)
        newest, previous = now.newest, now.previous
        return Outcome(
            name, self._did(), newest.number if newest else "?", previous.number if previous else None, status
        )

    def _did(self) -> Did:
        if self._plan.verdict is Verdict.CREATE:
            return Did.RECREATED if self._plan.standing.newest else Did.CREATED
        known = {Verdict.NOTHING: Did.NOTHING, Verdict.UNFINISHED: Did.WATCHED}
        return known.get(self._plan.verdict, Did.CHANGED)

    def _submit(self, spec: Json, deadline: float) -> None:
        """Submit a spec, also while Druid's coordinator is away: what was heard of it is not submitted twice."""
        name = self._plan.name
        failed_until = time.monotonic() + _STARTING_S
        while True:
            try:
                self._supervisors.replace(spec)
                return
            except TransportError as error:
                # A coordinator that has only begun answers 500, as one does that cannot make the supervisor.
                failed = isinstance(error, ServerError) and not error.retryable
                if not _passes(error) or time.monotonic() > (min(failed_until, deadline) if failed else deadline):
                    raise
                self._say(f"{name}: Druid's coordinator does not answer; it is awaited")
                running = patiently(lambda: self._supervisors.spec(name), deadline)
                if running is not None and not differ(running, spec):
                    return
                if failed and running is None and patiently(self._was_ended, deadline):
                    raise
            time.sleep(_POLL_S)

    def _await_published(self, deadline: float) -> None:
        """Wait until no task of an earlier roll-over publishes.

        While a datasource has published nothing yet, Druid takes what a later task publishes before an earlier one, and
        then refuses the earlier one: its records would be lost.

        Raises:
            SupervisorError: some still do at the deadline
        """
        name = self._plan.name
        while patiently(lambda: self._supervisors.spec(name), deadline) is not None:
            count = patiently(lambda: self._supervisors.publishing(name), deadline)
            if not count:
                return
            if time.monotonic() > deadline:
                raise SupervisorError(
                    f"{count} tasks of {name!r} still publish what they read before an earlier change, and could "
                    "lose it by another one. Nothing was submitted; try again later."
                )
            time.sleep(_POLL_S)

    def _was_ended(self) -> bool:
        """Whether Druid ended the supervisor since it was planned: that is the newest that it remembers."""
        newest = next(iter(self._supervisors.history(self._plan.name)), None)
        known = next(iter(self._plan.standing.versions), None)
        return newest is not None and newest.spec is None and newest != known

    def _await_reading(self, spec: Json, deadline: float) -> SupervisorStatus:
        """Wait until the tasks of a spec have read on, or have nothing left to read.

        Raises:
            SupervisorError: it fails, is gone, or does not come so far in time
        """
        name = self._plan.name
        began: int | None = None
        state = "not seen"
        while True:
            try:
                running = self._supervisors.spec(name)
                if running is None:
                    # A coordinator that has only begun has not made its supervisors yet.
                    if self._was_ended():
                        raise SupervisorError(f"the supervisor {name!r} is gone: Druid ended it without a word")
                    state = "no supervisor yet"
                else:
                    status, progress = self._supervisors.status(name), self._supervisors.progress(name)
                    state = f"{status.state} with {progress.answering} of {progress.tasks} tasks answering"
                    if status.state.startswith(_FAILED) or _cannot_begin(status):
                        raise SupervisorError(f"it is {status.state}{_errors(status)}")
                    if differ(running, spec):
                        raise SupervisorError("another spec was submitted meanwhile, by somebody else")
                    if status.ingesting and progress.answering == progress.tasks:
                        began = progress.position if began is None else began
                        reads = progress.position > began or progress.position >= self._behind
                        if reads and (progress.processed or not progress.unparseable):
                            return status
                        if progress.unparseable and not progress.processed:
                            state += f"; all of {progress.unparseable} records were unparseable"
            except TransportError as error:
                if not _passes(error):
                    raise
                state = "Druid's coordinator does not answer"
            if time.monotonic() > deadline:
                raise SupervisorError(f"it does not ingest after {self._deadline_s:.0f} s: {state}")
            self._say(f"{name}: {state}")
            time.sleep(_POLL_S)

    def _put_back(self, why: str) -> RolledBackError:
        """Submit the version before again, and wait until it ingests; the error that tells all of it."""
        name = self._plan.name
        deadline = time.monotonic() + self._deadline_s
        now = patiently(lambda: look(self._supervisors, name), deadline)
        if now.running is not None and differ(now.running, self._plan.wanted):
            return RolledBackError(f"{name}: {why}. Nothing was put back.", restored=None)
        before = self._before_this(now)
        if before is None:
            return RolledBackError(
                f"{name}: {why}. There is no version before it to put back; it was left as it is. "
                "Look at: frontrow specs status.",
                restored=None,
            )
        number, spec = before
        self._say(f"{name}: {why}; version {number} is put back")
        try:
            self._submit(spec, deadline)
            self._await_reading(spec, deadline)
        except SupervisorError as error:
            return RolledBackError(
                f"{name}: {why}. Version {number} was put back, and does not ingest either: {error}. "
                "Look at: frontrow specs plan, frontrow stack logs coordinator.",
                restored=None,
            )
        return RolledBackError(
            f"{name}: {why}. Version {number} was put back, and ingests again; no record is lost.", restored=number
        )

    def _before_this(self, now: Standing) -> tuple[str, Json] | None:
        """The newest version that is not what was wanted."""
        for version in now.versions:
            if version.spec is not None and differ(version.spec, self._plan.wanted):
                return version.number, version.spec
        return None

    def _revive(self) -> str:
        """After a refusal: Druid may have ended what ran before it looked at the new spec."""
        name, before = self._plan.name, self._before.running
        running = patiently(lambda: self._supervisors.spec(name), time.monotonic() + self._deadline_s)
        if before is None or (running is not None and not differ(running, before)):
            return "" if before is None else " What ran before runs on."
        deadline = time.monotonic() + self._deadline_s
        self._submit(before, deadline)
        self._await_reading(before, deadline)
        return " Druid had ended what ran before; it was started again and ingests."


def patiently(ask: Callable[[], _Answer], deadline: float) -> _Answer:
    """Ask until there is an answer, while Druid's coordinator may be away.

    Raises:
        TransportError: there is none in time
    """
    while True:
        try:
            return ask()
        except TransportError as error:
            if not _passes(error) or time.monotonic() > deadline:
                raise
        time.sleep(_POLL_S)


def _passes(error: TransportError) -> bool:
    """Whether an error is one of a coordinator that is away, and comes back."""
    return error.retryable or isinstance(error, NotFoundError | ServerError)


def _cannot_begin(status: SupervisorStatus) -> bool:
    """Whether it tried several times to begin and could not, for example for want of Kafka's address."""
    return status.state == "PENDING" and len(status.errors) >= 3


def _errors(status: SupervisorStatus) -> str:
    return f": {'; '.join(dict.fromkeys(status.errors[-3:]))}" if status.errors else ""
