"""How Druid is reached: the options, and the client made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from frontrow import Client, Timeouts, Tls
from frontrow._asking.suppression import LEAST
from frontrow_ingest.cli.options import prefix_option, url_option
from frontrow_ingest.cli.query.gathering import gathered
from frontrow_specs import catalogue

if TYPE_CHECKING:
    from frontrow import Cache


@dataclass(frozen=True)
class Way:
    """How Druid is reached.

    Attributes:
        timeout: seconds for a question, also inside Druid; None for those of the client
        context: of each query, in Druid's names
        token_file: holds a token for bearer authorization; read anew for each request, as it may be replaced
        ca, certificate, key: of :class:`frontrow.Tls`
        prefix: before the datasources' names in Druid
        min_audience: rows of fewer viewers are hidden
        cache: a directory where parts of answers are kept for the next question, also that of another run
    """

    url: str
    timeout: float | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    token_file: Path | None = None
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    proxy: str | None = None
    prefix: str = ""
    min_audience: int = LEAST
    cache: Path | None = None

    def client(self, within_s: float | None = None) -> Client:
        """A client whose questions end after ``timeout``, or else ``within_s``, if that is shorter than its own.

        Raises:
            click.FileError: the token's file cannot be read
            MissingExtraError: a cache without what keeps it
            AskError: an address or a certificate is none
        """
        timeouts = Timeouts()
        if self.timeout is not None:
            # Druid is to say itself that the time is up, so its answer is waited for a little longer.
            timeouts = Timeouts(total=self.timeout, query=self.timeout, read=self.timeout + 5)
        elif within_s is not None:
            timeouts = Timeouts(total=min(within_s, timeouts.total), query=min(within_s, timeouts.query))
        specs = {name for metric in catalogue().metrics.values() for name in metric.datasources}
        secure = (self.ca, self.certificate, self.key) != (None, None, None)
        if self.token_file is not None:
            self._token()
        return Client(
            self.url,
            datasources={name: self.prefix + name for name in specs},
            timeouts=timeouts,
            context=self.context,
            token=None if self.token_file is None else self._token,
            tls=Tls(ca=self.ca, certificate=self.certificate, key=self.key) if secure else None,
            proxy=self.proxy,
            min_audience=self.min_audience,
            cache=None if self.cache is None else self._kept(self.cache),
        )

    def _kept(self, directory: Path) -> Cache:
        from frontrow import Cache  # loads what most commands do without

        cache = Cache(directory)
        if (context := click.get_current_context(silent=True)) is not None:
            context.call_on_close(cache.close)
        return cache

    def _token(self) -> str:
        path = self.token_file or Path()
        try:
            return path.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise click.FileError(str(path), reason) from None


def _context_of(_context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise click.BadParameter(f"{text!r} is not NAME=VALUE, like priority=-1.")
        try:
            found[name] = orjson.loads(value)
        except orjson.JSONDecodeError:
            found[name] = value
    return found


_FILE = click.Path(dir_okay=False, path_type=Path)
_TIMEOUT = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True, max=86_400),
    metavar="SECONDS",
    help="For a question, also inside Druid, which ends it then.  [default: 300, in Druid 60]",
)
_CONTEXT = click.option(
    "--context",
    multiple=True,
    callback=_context_of,
    metavar="NAME=VALUE",
    help="Of each query, in Druid's names, like priority=-1.",
)
_OTHERS = [
    _TIMEOUT,
    _CONTEXT,
    click.option(
        "--token-file",
        type=_FILE,
        envvar="FRONTROW_TOKEN_FILE",
        show_envvar=True,
        metavar="FILE",
        help="A file with the bearer token to give.",
    ),
    click.option("--ca", type=_FILE, metavar="FILE", help="Authorities to trust, instead of the system's."),
    click.option("--certificate", type=_FILE, metavar="FILE", help="The client's own certificate."),
    click.option("--key", type=_FILE, metavar="FILE", help="Its private key, unless it is in the same file."),
    click.option("--proxy", metavar="URL", help="An HTTP proxy to go through."),
]

reached = gathered(Way, "way", [url_option, *_OTHERS])
"""Decorates a function that gets ``way``."""

_MIN_AUDIENCE = click.option(
    "--min-audience",
    type=click.IntRange(min=0),
    default=LEAST,
    show_default=True,
    help="Hide rows of fewer viewers; 0 hides none.",
)
_CACHE = click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep parts of answers there, and ask only for what is missing. With --token-file for one run only.",
)
reached_by_prefix = gathered(Way, "way", [url_option, prefix_option, _MIN_AUDIENCE, _CACHE, *_OTHERS])
"""The same where the datasources are those of the specs."""
