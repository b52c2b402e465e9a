"""kafka-python's names for connection options, as librdkafka has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from frontrow_ingest.errors import DeliveryError

_NAMES = {
    "security_protocol": "security.protocol",
    "sasl_mechanism": "sasl.mechanism",
    "sasl_plain_username": "sasl.username",
    "sasl_plain_password": "sasl.password",
    "sasl_kerberos_service_name": "sasl.kerberos.service.name",
    "ssl_cafile": "ssl.ca.location",
    "ssl_certfile": "ssl.certificate.location",
    "ssl_keyfile": "ssl.key.location",
    "ssl_password": "ssl.key.password",
    "ssl_ciphers": "ssl.cipher.suites",
    "client_id": "client.id",
    "reconnect_backoff_ms": "reconnect.backoff.ms",
    "reconnect_backoff_max_ms": "reconnect.backoff.max.ms",
    "metadata_max_age_ms": "metadata.max.age.ms",
}


def translated(connection: Mapping[str, Any]) -> dict[str, Any]:
    """The same options for librdkafka. Raises DeliveryError, without values, for those that it does not have."""
    options = {_NAMES[name]: value for name, value in connection.items() if name in _NAMES}
    unknown = sorted(set(connection) - set(_NAMES) - {"ssl_check_hostname"})
    if unknown:
        raise DeliveryError(
            f"the backend confluent has no connection option {', '.join(unknown)}: "
            "leave it out, or use the backend kafka-python"
        )
    if "ssl_check_hostname" in connection:
        options["ssl.endpoint.identification.algorithm"] = "https" if connection["ssl_check_hostname"] else "none"
    return options
