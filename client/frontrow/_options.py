"""How a client is made: the options that every client takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from frontrow._asking.suppression import LEAST, check_least
from frontrow._errors import AskError
from frontrow._http.port import DruidTransport, Timeouts
from frontrow._http.retry import Retries
from frontrow._http.tls import Tls, TokenLike
from frontrow._limits import Limits
from frontrow._runner import checked_context
from frontrow._session import Session
from frontrow_specs import Catalogue, catalogue

if TYPE_CHECKING:
    from frontrow._cache import Cache

DEFAULT_URL = "http://127.0.0.1:8888"


class Options:
    """What every client is made with."""

    def __init__(
        self,
        url: str | None = None,
        *,
        transport: DruidTransport | None = None,
        timeouts: Timeouts | None = None,
        datasources: Mapping[str, str] | None = None,
        freshness: bool = True,
        key_epochs: bool = True,
        min_audience: int = LEAST,
        completeness: bool = True,
        auth: tuple[str, str] | None = None,
        token: TokenLike | None = None,
        tls: Tls | None = None,
        proxy: str | None = None,
        retries: Retries | int | None = None,
        limits: Limits | None = None,
        context: Mapping[str, Any] | None = None,
        cache: Cache | None = None,
    ) -> None:
        """
        Args:
            url: of Druid's Router or Broker, ``http://127.0.0.1:8888`` unless given; may hold ``user:password@``, which
                is in no message
            transport: instead of HTTP to an address, for example a double in a test. It stays open when the client
                closes: who made it may share it
            timeouts: seconds to connect, to read, and for a query inside Druid
            datasources: name in Druid of a spec's datasource where it differs, ``{"audience": "audience_test"}``
            freshness: ask with each question how new the newest event is, by a small query before it
            key_epochs: refuse distinct viewers across two viewer keys, which would count a viewer twice; by a small
                query of the ledger before each such question
            min_audience: rows of fewer viewers than this are hidden, see :attr:`Result.suppressed_rows`; 0 hides
                nothing. SQL and native queries are answered as Druid answers
            completeness: ask with each question how much of what producers sent in its interval is counted, by two
                small queries before it, once in two seconds for an interval
            auth: user and password
            token: instead, for bearer authorization; or a function that gives one, asked for each request, by any
                thread
            tls: certificates for an ``https`` address
            proxy: address of an HTTP proxy to go through; may hold ``user:password@``
            retries: how often a query is asked again that found no capacity or no connection: a number, or
                :class:`Retries`; 0 for never
            limits: what a question may cost
            context: of each query, in Druid's names: ``{"lane": "reports", "priority": -1}``
            cache: keep parts of answers there, so that only what is missing is asked; see :class:`Cache`. The newest
                event is asked for with what is missing, also with ``freshness=False``

        Raises:
            AskError: an option makes no sense
        """
        if transport is not None and (url, timeouts, auth, token, tls, proxy, retries) != (None,) * 7:
            raise AskError("a transport has its own address and ways: give either it, or url, timeouts and the like.")
        self._made_here = transport is None
        limits = limits or Limits()
        if transport is None:
            from frontrow._http.transport import Transport  # the first client waits for HTTP, not the import

            transport = Transport(
                DEFAULT_URL if url is None else url,
                timeouts=timeouts,
                auth=auth,
                token=token,
                tls=tls,
                proxy=proxy,
                retries=Retries() if retries is None else Retries(retries) if isinstance(retries, int) else retries,
                answer_bytes=limits.answer_bytes,
            )
        self._transport = transport
        self._session = Session(
            transport,
            datasources=dict(datasources or {}),
            limits=limits,
            context=checked_context(context),
            with_freshness=freshness,
            with_key_epochs=key_epochs,
            with_completeness=completeness,
            least=check_least(min_audience),
            cache=cache,
            asker="" if cache is None else _asker(cache, transport, tls),
        )

    def __repr__(self) -> str:
        return f"frontrow.{type(self).__name__}({self._transport.url!r})"

    @property
    def catalogue(self) -> Catalogue:
        """Every metric and dimension there is."""
        return catalogue()

    def _close(self) -> None:
        if self._made_here:
            self._transport.close()


def _asker(cache: object, transport: DruidTransport, tls: Tls | None) -> str:
    """Who asks, for the cache, whose modules wait for the first client that has one."""
    from frontrow._cache import Cache
    from frontrow._cache.askers import asker_of

    if not isinstance(cache, Cache):
        raise AskError(f"{cache!r} is not a cache: make one by frontrow.Cache().")
    return asker_of(transport, tls)
