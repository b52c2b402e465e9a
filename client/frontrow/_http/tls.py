"""Certificates, and what says who asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from frontrow._errors import AskError

if TYPE_CHECKING:
    import ssl

TokenLike: TypeAlias = "str | Callable[[], str]"


@dataclass(frozen=True)
class Tls:
    """Certificates for an ``https`` address.

    Attributes:
        ca: file of the authorities to trust, instead of the system's
        certificate: file of the client's own certificate, for a Druid that asks for one
        key: file of its private key, unless it is in the same file
        password: of that key
    """

    ca: str | Path | None = None
    certificate: str | Path | None = None
    key: str | Path | None = None
    password: str | None = field(default=None, repr=False)

    def context(self) -> ssl.SSLContext:
        """What Python's ``ssl`` makes of them.

        Raises:
            AskError: a file is missing, or is not what it should be
        """
        if self.certificate is None and (self.key is not None or self.password is not None):
            raise AskError("a key belongs to a certificate: name that, too.")
        import ssl

        try:
            context = ssl.create_default_context(cafile=self.ca)
        except (OSError, ssl.SSLError) as error:
            raise AskError(f"the authorities cannot be read from {self.ca}: {error}.") from None
        if self.certificate is not None:
            try:
                context.load_cert_chain(self.certificate, self.key, self.password or "")
            except (OSError, ssl.SSLError) as error:
                raise AskError(f"the certificate cannot be read from {self.certificate}: {error}.") from None
        return context
