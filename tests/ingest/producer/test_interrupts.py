"""Signals that wait for a good moment."""

from __future__ import annotations

import os
import signal

import pytest

from frontrow_ingest.producer.interrupts import Interrupts
from frontrow_ingest.producer.run import Interrupted


def test_a_signal_outside_of_a_read_is_only_noted() -> None:
    interrupts = Interrupts()
    with interrupts.handled():
        os.kill(os.getpid(), signal.SIGTERM)
        assert interrupts.requested
        with pytest.raises(Interrupted):
            interrupts.reader(lambda _size: b"data")(1)


def test_a_signal_ends_a_read_that_waits() -> None:
    interrupts = Interrupts()
    waiting, other = os.pipe()

    def read(size: int) -> bytes:
        os.kill(os.getpid(), signal.SIGINT)
        return os.read(waiting, size)

    try:
        with interrupts.handled(), pytest.raises(Interrupted):
            interrupts.reader(read)(1)
    finally:
        os.close(waiting)
        os.close(other)
    assert interrupts.requested


def test_a_second_signal_does_not_wait() -> None:
    interrupts = Interrupts()
    with interrupts.handled():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_undisturbed_reads_pass_and_handlers_are_given_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    interrupts = Interrupts()
    with interrupts.handled():
        assert interrupts.reader(lambda size: b"x" * size)(3) == b"xxx"
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert not interrupts.requested
