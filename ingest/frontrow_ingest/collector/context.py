"""What a player cannot say in CMCD: where it is, on which device, and who watches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

HEADER_PREFIX = "x-frontrow-"
# Fields of the contract that may come from outside of a CMCD line. ``viewer`` is viewer_id, raw or a pseudonym.
FIELDS = (
    "viewer",
    "country",
    "region",
    "device_type",
    "os",
    "app_version",
    "player",
    "isp",
    "network",
    "event_id",
    "segments",
    "stream_type",
)
DEFAULTS: Mapping[str, str] = {"country": "ZZ", "device_type": "other", "network": "unknown", "stream_type": "vod"}
_HEADERS = {HEADER_PREFIX + name.replace("_", "-"): name for name in FIELDS}
Pseudonymize = Callable[[str], str]


@dataclass(frozen=True)
class Context:
    """Where the fields that CMCD cannot say come from: the first of trusted headers, the query, and defaults.

    - ``trust_headers``: take ``X-Frontrow-Country`` and so on. Only behind a proxy that sets or removes them all.
    - ``trust_query``: take ``?country=`` and so on; players can write what they like.
    - ``defaults``: by name of the field; segments are separated by commas.
    - ``pseudonymize``: turns raw viewer ids into pseudonyms; None where clients send pseudonyms already.
    """

    trust_headers: bool = False
    trust_query: bool = False
    defaults: Mapping[str, str] = field(default_factory=dict)
    pseudonymize: Pseudonymize | None = None

    def __post_init__(self) -> None:
        if unknown := set(self.defaults) - set(FIELDS):
            raise ValueError(f"no field {', '.join(sorted(unknown))}; there are {', '.join(FIELDS)}")

    def fields(self, headers: Mapping[str, str], query: Mapping[str, str]) -> dict[str, Any]:
        """The contract's fields for a request; ``headers`` by lower-case names."""
        found: dict[str, Any] = {**DEFAULTS, **self.defaults}
        if self.trust_query:
            found.update((name, query[name]) for name in FIELDS if query.get(name))
        if self.trust_headers:
            found.update((name, _text(headers[header])) for header, name in _HEADERS.items() if headers.get(header))
        viewer = found.pop("viewer", None)
        if viewer is not None:
            found["viewer_id"] = viewer if self.pseudonymize is None else self.pseudonymize(viewer)
        if "segments" in found:
            found["segments"] = [label.strip() for label in found["segments"].split(",") if label.strip()]
        return found


def _text(value: str) -> str:
    """A header's value as UTF-8, which proxies send; frameworks decode it as Latin-1."""
    return value.encode("latin-1", "replace").decode("utf-8", "replace")
