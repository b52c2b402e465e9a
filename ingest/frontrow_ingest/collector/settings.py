"""How the collector behaves."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class CollectorSettings:
    """Settings of the collector.

    - ``max_body_bytes``, ``max_events``: a request with more is refused (413).
    - ``max_waiting``: events that may wait for Kafka; more are turned away (429, or 503 while Kafka is away).
    - ``ack_timeout_s``: how long a request waits for Kafka before it is answered 503.
    - ``token``: what clients must give as a bearer token; None for no authentication.
    - ``silent_after_s``: a session without events for so long is ended (``end_reason`` timeout).
    - ``max_session_s``: a session older than this is told to stop (410); None for no limit.
    - ``max_sessions``: sessions that are followed; beyond it the one silent for longest is forgotten.
    - ``retry_after_s``: what clients are told to wait with 429 and 503.
    - ``origins``: web origins whose pages may post (CORS).
    """

    max_body_bytes: int = 1_048_576
    max_events: int = 5_000
    max_waiting: int = 20_000
    ack_timeout_s: float = 5.0
    token: str | None = field(default=None, repr=False)
    silent_after_s: float = 120.0
    max_session_s: float | None = None
    max_sessions: int = 100_000
    retry_after_s: int = 2
    origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("max_body_bytes", "max_events", "max_waiting", "max_sessions", "retry_after_s"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in ("ack_timeout_s", "silent_after_s", "max_session_s"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"{name} must be more than 0 seconds, not {value}")
        if self.token == "":
            raise ValueError("token must not be empty: anybody would have it")
