"""Viewer ids on the wire are keyed pseudonyms; the raw id stays in the process that knows it."""

from __future__ import annotations

import base64
import hashlib
import hmac

from frontrow_ingest.errors import ContractError

MIN_KEY_BYTES = 16
PSEUDONYM_BYTES = 16


def pseudonymize(raw: str, key: bytes) -> str:
    """Return the pseudonym of a raw viewer id: HMAC-SHA-256, truncated to 128 bits, base64url (22 characters).

    The same id and key give the same pseudonym, so that viewers can be counted; without the key it cannot be
    recomputed from a list of known ids. Raises ContractError for an empty id or a key below 128 bits.
    """
    if not raw:
        raise ContractError("a viewer id is empty: give the raw id that the pseudonym stands for")
    if len(key) < MIN_KEY_BYTES:
        raise ContractError(
            f"the pseudonym key has {len(key)} bytes: use at least {MIN_KEY_BYTES} random ones, "
            'for example from: python -c "import secrets; print(secrets.token_hex(32))"'
        )
    digest = hmac.digest(key, raw.encode("utf-8", "surrogatepass"), hashlib.sha256)[:PSEUDONYM_BYTES]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
