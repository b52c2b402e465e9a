"""The backend confluent, where no broker is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer import BrokerUnreachableError, EventProducer, KafkaSettings
from frontrow_ingest.producer.confluent_options import translated


def test_connection_options_are_translated() -> None:
    assert translated({"security_protocol": "SASL_SSL", "sasl_plain_password": "x", "ssl_check_hostname": False}) == {
        "security.protocol": "SASL_SSL",
        "sasl.password": "x",
        "ssl.endpoint.identification.algorithm": "none",
    }


def test_options_that_librdkafka_lacks_are_named_without_their_values() -> None:
    with pytest.raises(DeliveryError, match=r"proxy_url.*kafka-python") as caught:
        translated({"proxy_url": "http://user:hunter2@proxy"})
    assert "hunter2" not in str(caught.value)


def test_settings_that_it_refuses_are_told_without_credentials() -> None:
    connection = {"security_protocol": "hunter2"}
    with pytest.raises(DeliveryError, match="does not take the settings") as caught:
        EventProducer("127.0.0.1:1", settings=KafkaSettings("confluent", connection=connection))
    assert "hunter2" not in str(caught.value)


def test_nobody_at_the_address() -> None:
    with pytest.raises(BrokerUnreachableError, match=r"within 0\.3 s"):
        EventProducer("127.0.0.1:1", settings=KafkaSettings("confluent", connect_timeout_s=0.3))


def test_the_extra_is_named_where_it_is_missing() -> None:
    code = "import sys; sys.modules['confluent_kafka'] = None\nfrom frontrow_ingest.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "produce", "-", "--backend", "confluent"],
        input="",
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 1
    assert "pip install 'frontrow[fast]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1
