"""How a Druid is reached: its address, who asks, a proxy between."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote

import urllib3
from urllib3.util import Url, parse_url

from frontrow._errors import AskError
from frontrow._http.deadline import POOLS, secure
from frontrow._http.tls import Tls, TokenLike


@dataclass(frozen=True)
class Address:
    """Where the Druid is. ``base`` has scheme, host and port; ``path`` comes before each path, perhaps empty.

    Never a credential: ``auth`` is apart.
    """

    base: str
    path: str
    auth: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return self.base + self.path

    @property
    def is_secure(self) -> bool:
        return self.base.startswith("https:")

    @property
    def is_here(self) -> bool:
        """It is this machine, by its loopback address."""
        host = (parse_url(self.base).host or "").strip("[]")
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


def address_of(url: str) -> Address:
    """
    Raises:
        AskError: it is no address. What is wrong is told without it: it may hold a password
    """
    parsed = _parsed(url, "the address")
    base = parsed._replace(auth=None, path=None, query=None, fragment=None).url
    return Address(base, (parsed.path or "").rstrip("/"), parsed.auth)


class Credentials:
    """Who asks: ``Authorization`` by a user's password, or by a token that is asked for anew with each request.

    Raises:
        AskError: more than one of the three is given, or something that fits in no header
    """

    def __init__(self, in_address: str | None, auth: tuple[str, str] | None, token: TokenLike | None) -> None:
        if sum(given is not None for given in (in_address, auth, token)) > 1:
            raise AskError("who asks is told twice: give one of auth, token and user:password@ in the address.")
        self._token: TokenLike | None = token
        self._basic: str | None = None
        self._user = ""
        if auth is not None:
            user, password = auth
            if ":" in user:
                raise AskError("a user's name has no colon.")
            self._basic, self._user = _basic(f"{user}:{password}"), user
        elif in_address is not None:
            self._basic, self._user = _basic(unquote(in_address)), unquote(in_address).partition(":")[0]

    @property
    def asker(self) -> str | Callable[[], str]:
        """Who asks, without a secret: the user's name or a digest of the token; the function that gives tokens."""
        if callable(self._token):
            return self._token
        # A token is too random to be guessed from its digest.
        return f"user {self._user}" if self._token is None else f"token {sha256(self._token.encode()).hexdigest()}"

    def headers(self) -> dict[str, str]:
        """
        Raises:
            AskError: the token is none
        """
        if self._basic is not None:
            return {"Authorization": self._basic}
        if self._token is None:
            return {}
        token = self._token if isinstance(self._token, str) else self._token()
        # The token itself is in no message.
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable() or " " in token:
            raise AskError("the token is no text of printable characters without blanks.")
        return {"Authorization": f"Bearer {token}"}


class Way:
    """Makes pools of kept connections to one address.

    Attributes:
        prefix: what is to be put before each path in a request on them

    Raises:
        AskError: certificates for an address without TLS, or a wrong proxy
    """

    def __init__(self, address: Address, *, tls: Tls | None = None, proxy: str | None = None) -> None:
        if tls is not None and not address.is_secure:
            raise AskError("certificates are for an address that begins with https://.")
        self.address = address
        self._options: dict[str, Any] = {"block": False, "retries": False}
        if address.is_secure:
            self._options["ssl_context"] = secure((tls or Tls()).context())
        self._proxy: str | None = None
        if proxy is not None:
            through = _parsed(proxy, "the proxy's address")
            self._proxy = through._replace(auth=None).url
            self._options["proxy_headers"] = (
                {"Proxy-Authorization": _basic(unquote(through.auth))} if through.auth else {}
            )
        # A proxy is told the whole address, unless it only passes an encrypted connection on.
        self.prefix = str(address) if proxy is not None and not address.is_secure else address.path

    def pool(self, connections: int) -> urllib3.HTTPConnectionPool:
        """A pool that keeps at most so many."""
        if self._proxy is None:
            manager = urllib3.PoolManager(maxsize=connections, **self._options)
        else:
            manager = urllib3.ProxyManager(self._proxy, maxsize=connections, **self._options)
        manager.pool_classes_by_scheme = POOLS
        return manager.connection_from_url(self.address.base)


def _parsed(url: str, what: str) -> Url:
    try:
        parsed = parse_url(url)
    except urllib3.exceptions.LocationParseError:
        raise AskError(f"{what} is none: write it like http://127.0.0.1:8888.") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise AskError(f"{what} must begin with http:// or https:// and name a host.")
    return parsed


def _basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"
