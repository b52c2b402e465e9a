"""When to stop, because nearly everything is refused."""

from __future__ import annotations

from frontrow_ingest.errors import QuarantineError

DEFAULT_IN_A_ROW = 1_000
SHARE_FROM = 1_000


class RefusalLimitError(QuarantineError):
    """Too much is refused: something is wrong with the source, not with single events."""


class RefusalLimit:
    """Stops a producer whose every event is refused, instead of rerouting a broken release into quarantine.

    Args:
        in_a_row: refused one after the other, at most; 0 for no such limit
        share: of all events, at most, from 0 to 1; judged from the ``SHARE_FROM``-th event on; 1 for no such limit
    """

    def __init__(self, in_a_row: int = DEFAULT_IN_A_ROW, share: float = 1.0) -> None:
        self._in_a_row = in_a_row
        self._share = share
        self._refused = 0
        self._row = 0
        self._last = 0

    def note_refused(self, number: int, reason: str) -> None:
        """An event was refused, the ``number``-th of all (from 1). Accepted ones need no note.

        Raises:
            RefusalLimitError: it is one too many
        """
        self._refused += 1
        self._row = self._row + 1 if number == self._last + 1 else 1
        self._last = number
        if 0 < self._in_a_row <= self._row:
            raise RefusalLimitError(
                f"{self._row:,} events in a row were refused, the last one as {reason}; stopped. Is this the right "
                "input, and the right release of what writes it? A higher limit: --max-refused"
            )
        if number >= SHARE_FROM and self._refused > self._share * number:
            raise RefusalLimitError(
                f"{self._refused:,} of {number:,} events were refused, more than {self._share:.0%}, the last one as "
                f"{reason}; stopped. Look at the refused file. A higher limit: --max-refused-share"
            )
