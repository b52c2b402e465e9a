"""Who asks: what one was answered is not for the others."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any

from frontrow._http.port import DruidTransport
from frontrow._http.tls import Tls

_lock = threading.Lock()
_nonces: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()


def asker_of(transport: DruidTransport, tls: Tls | None) -> str:
    """A text for a user's name, a fixed token, a client certificate: the same in every process, and no credential.

    For a function that gives tokens, and a transport of one's own, it cannot be told who asks: then one for that
    object, as long as it lives.
    """
    certificate = "" if tls is None or tls.certificate is None else f" by {tls.certificate}"
    who = getattr(transport, "asker", transport)
    return (who if isinstance(who, str) else _nonce(who)) + certificate


def _nonce(of: Any) -> str:
    try:
        with _lock:
            return _nonces.setdefault(of, os.urandom(16).hex())
    except TypeError:
        return os.urandom(16).hex()
