"""How much of what is refused is kept: an endpoint that anybody can post to must not fill the quarantine, nor stop."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from frontrow_ingest.quarantine import QuarantineSink, Rejected

MINUTE_S = 60.0
DEFAULT_RECORDS = 6_000
DEFAULT_BYTES = 16_777_216
LABEL_SHARE = 0.5


class BudgetedQuarantine:
    """A QuarantineSink that passes on so many refused events a minute; the others are only counted.

    A producer whose every event is refused is stopped (RefusalLimit); a collector serves many players, and one broken
    or hostile of them must not stop it for the others. So there is no error here, and clients get their answer either
    way. One kind of refusal (reason and field) takes half of the budget at most, so that a flood of one kind does not
    hide the others.

    Args:
        records, size: a minute's budget, of records and of original bytes; 0 records keeps nothing
        clock: seconds that only go forward
    """

    def __init__(
        self,
        sink: QuarantineSink,
        *,
        records: int = DEFAULT_RECORDS,
        size: int = DEFAULT_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sink = sink
        self._records = records
        self._size = size
        self._clock = clock
        self._ends_at = clock() + MINUTE_S
        self._left = records
        self._left_bytes = size
        self._by_label: Counter[str] = Counter()
        self.kept = 0
        self.left_out = 0

    def put(self, rejected: Rejected) -> None:
        """See QuarantineSink; over the budget nothing happens but a count."""
        if (now := self._clock()) >= self._ends_at:
            self._ends_at = now + MINUTE_S
            self._left, self._left_bytes = self._records, self._size
            self._by_label.clear()
        label = rejected.refusals[0].label
        size = len(rejected.original)
        over = self._left <= 0 or self._left_bytes < size
        if over or self._by_label[label] >= max(1, self._records * LABEL_SHARE):
            self.left_out += 1
            return
        self._sink.put(rejected)
        self._left -= 1
        self._left_bytes -= size
        self._by_label[label] += 1
        self.kept += 1

    def flush(self, timeout: float) -> None:
        """See QuarantineSink."""
        self._sink.flush(timeout)

    def close(self, timeout: float) -> None:
        """See QuarantineSink."""
        self._sink.close(timeout)
