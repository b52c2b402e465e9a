"""Pseudonyms of viewers."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from frontrow_ingest.contract import Validator, pseudonymize
from frontrow_ingest.errors import ContractError
from support.viewing_events import an_event

KEY = bytes(range(32))


def test_it_is_the_first_half_of_the_hmac_in_base64url() -> None:
    digest = hmac.new(KEY, b"account-1", hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(pseudonymize("account-1", KEY) + "==") == digest[:16]


def test_the_contract_takes_it() -> None:
    for raw in ("account-1", "älice@example.com", "\ud800", "x" * 10_000):
        Validator().event(an_event(viewer_id=pseudonymize(raw, KEY)))


def test_it_depends_on_id_and_key() -> None:
    names = {pseudonymize(raw, key) for raw in ("a", "b") for key in (KEY, KEY[::-1])}
    assert len(names) == 4
    assert pseudonymize("a", KEY) == pseudonymize("a", KEY)


def test_an_empty_id_or_a_weak_key_is_refused() -> None:
    with pytest.raises(ContractError, match="empty"):
        pseudonymize("", KEY)
    with pytest.raises(ContractError, match="at least 16") as caught:
        pseudonymize("account-1", b"short")
    assert "account-1" not in str(caught.value)
    assert "short" not in str(caught.value)
