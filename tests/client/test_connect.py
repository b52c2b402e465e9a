"""How a Druid is reached: certificates, who asks, proxies between, packed answers."""

from __future__ import annotations

import base64
import gzip
import itertools
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

import frontrow
from frontrow import AskError, Client, Timeouts, Tls
from frontrow._http.transport import Transport
from support.clients import a_client
from support.loopback import Loopback, Reply, Request, json_reply, loopback, reply
from support.recorded import NATIVE_QUERY, TIMESERIES
from support.tunnel import tunnel

SOON = Timeouts(connect=2, read=0.2, total=0.4)


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


class Certificates:
    """An authority, a server's certificate by it, and a client's, as files."""

    def __init__(self, directory: Path) -> None:
        authority = trustme.CA()
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(self.server)
        authority.configure_trust(self.server)
        self.ca, self.chain, self.key, self.both = (
            directory / name for name in ("ca.pem", "client.pem", "client.key", "both.pem")
        )
        client = authority.issue_cert("analyst@example.org")
        authority.cert_pem.write_to_path(str(self.ca))
        client.cert_chain_pems[0].write_to_path(str(self.chain))
        client.private_key_pem.write_to_path(str(self.key))
        client.private_key_and_cert_chain_pem.write_to_path(str(self.both))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def secure(certificates: Certificates) -> Iterator[Loopback]:
    certificates.server.verify_mode = ssl.CERT_NONE
    with loopback(lambda _: json_reply([]), certificates.server) as server:
        yield server


class TestTls:
    def test_an_authority_of_ones_own(self, secure: Loopback, certificates: Certificates) -> None:
        with a_client(secure.url, tls=Tls(ca=certificates.ca), freshness=False) as client:
            for _ in range(3):
                client.timeseries("plays", last="1h")
        assert secure.connections == 1

    def test_nobody_trusts_it_otherwise(self, secure: Loopback) -> None:
        with Transport(secure.url) as transport, pytest.raises(frontrow.UnreachableError, match=r"certificate"):
            transport.request_json("GET", "/status")
        assert secure.requests == []

    def test_a_certificate_for_another_host(self, secure: Loopback, certificates: Certificates) -> None:
        url = secure.url.replace("127.0.0.1", "localhost")
        with (
            Transport(url, tls=Tls(ca=certificates.ca)) as transport,
            pytest.raises(frontrow.UnreachableError, match=r"(?i)hostname|certificate"),
        ):
            transport.request_json("GET", "/status")

    @pytest.mark.parametrize("in_one_file", [True, False])
    def test_a_client_with_a_certificate(self, secure: Loopback, certificates: Certificates, in_one_file: bool) -> None:
        certificates.server.verify_mode = ssl.CERT_REQUIRED
        tls = (
            Tls(certificates.ca, certificates.both)
            if in_one_file
            else Tls(certificates.ca, certificates.chain, certificates.key)
        )
        with Transport(secure.url, tls=tls) as transport:
            assert transport.request_json("GET", "/status") == []

    def test_a_client_without_one(self, secure: Loopback, certificates: Certificates) -> None:
        certificates.server.verify_mode = ssl.CERT_REQUIRED
        with (
            Transport(secure.url, tls=Tls(certificates.ca)) as transport,
            pytest.raises(frontrow.TransportError),
        ):
            transport.request_json("GET", "/status")

    @pytest.mark.parametrize("pieces", [(), (b"HTTP/1.1 200 OK\r\n",), (b"HTTP/1.1 200 OK\r\n\r\n[",)])
    def test_deadlines_hold(self, certificates: Certificates, pieces: tuple[bytes, ...]) -> None:
        certificates.server.verify_mode = ssl.CERT_NONE
        with (
            loopback(lambda _: Reply(pieces), certificates.server) as server,
            Transport(server.url, tls=Tls(certificates.ca), timeouts=SOON) as transport,
            pytest.raises(frontrow.TimedOutError),
        ):
            transport.request_json("GET", "/x")

    def test_a_head_that_drips_ends_at_the_deadline(self, certificates: Certificates) -> None:
        certificates.server.verify_mode = ssl.CERT_NONE
        drip = Reply(tuple(b"%c" % byte for byte in b"HTTP/1.1 200 OK\r\n" * 9), pause=0.05)
        with (
            loopback(lambda _: drip, certificates.server) as server,
            Transport(server.url, tls=Tls(certificates.ca), timeouts=SOON) as transport,
            pytest.raises(frontrow.TimedOutError, match=r"0\.2 s"),
        ):
            transport.request_json("GET", "/x")

    def test_a_server_that_speaks_no_tls(self, certificates: Certificates) -> None:
        with loopback(lambda _: json_reply(1)) as server:
            url = server.url.replace("http:", "https:")
            with (
                Transport(url, tls=Tls(certificates.ca), timeouts=SOON) as transport,
                pytest.raises(frontrow.TransportError),
            ):
                transport.request_json("GET", "/x")

    def test_files_that_are_missing_or_wrong(self, certificates: Certificates, tmp_path: Path) -> None:
        wrong = tmp_path / "wrong.pem"
        wrong.write_text("no certificate")
        for tls in (
            Tls(ca=tmp_path / "none.pem"),
            Tls(ca=wrong),
            Tls(ca=certificates.ca, certificate=wrong),
            Tls(ca=certificates.ca, certificate=certificates.chain),
            Tls(key=certificates.key),
        ):
            with pytest.raises(AskError):
                Transport("https://127.0.0.1:1", tls=tls)
        with pytest.raises(AskError, match="https"):
            Transport("http://127.0.0.1:1", tls=Tls())

    def test_a_password_is_not_shown(self) -> None:
        assert "s3cret" not in repr(Tls(certificate="x", password="s3cret"))


class TestWhoAsks:
    def test_a_user(self) -> None:
        with loopback(lambda _: json_reply([])) as server, a_client(server.url, auth=("me", "s3:cret")) as client:
            client.freshness()
        assert server.requests[0].headers["authorization"] == basic("me:s3:cret")

    def test_a_token(self) -> None:
        with loopback(lambda _: json_reply([])) as server, a_client(server.url, token="abc.def") as client:
            client.freshness()
        assert server.requests[0].headers["authorization"] == "Bearer abc.def"

    def test_a_token_that_changes(self) -> None:
        numbers = itertools.count()
        with (
            loopback(lambda _: json_reply([])) as server,
            a_client(server.url, token=lambda: f"token-{next(numbers)}") as client,
        ):
            client.freshness()
            client.freshness()
        assert [request.headers["authorization"] for request in server.requests] == ["Bearer token-0", "Bearer token-1"]

    def test_a_query_is_ended_by_who_asked_it(self) -> None:
        with (
            loopback(lambda request: Reply(()) if request.method == "POST" else json_reply({})) as server,
            Transport(server.url, token="abc", timeouts=SOON) as transport,
            pytest.raises(frontrow.TimedOutError),
        ):
            transport.request_json("POST", "/druid/v2", NATIVE_QUERY)
        assert [(request.method, request.headers["authorization"]) for request in server.requests] == [
            ("POST", "Bearer abc"),
            ("DELETE", "Bearer abc"),
        ]

    @pytest.mark.parametrize("token", ["", "s3cret\r\nX: y", "s3cret s3cret", "s3crét", None, 5])
    def test_a_token_that_is_none_is_told_without_it(self, token: Any) -> None:
        with Client("http://127.0.0.1:1", token=lambda: token) as client, pytest.raises(AskError) as caught:
            client.freshness()
        assert "s3cr" not in str(caught.value)

    def test_a_token_that_cannot_be_had(self) -> None:
        def token() -> str:
            raise LookupError("no token today")

        with loopback(lambda _: json_reply([])) as server, a_client(server.url, token=token) as client:
            with pytest.raises(LookupError):
                client.freshness()
            assert server.requests == []

    @pytest.mark.parametrize(
        "how", [{"auth": ("a", "b"), "token": "c"}, {"auth": ("a:b", "c")}, {"transport": 1, "token": "c"}]
    )
    def test_told_twice_or_wrong(self, how: dict[str, Any]) -> None:
        with pytest.raises(AskError):
            Client(**how)
        with pytest.raises(AskError, match="twice"):
            Client("http://a:b@127.0.0.1:1", token="c")


class TestProxy:
    def test_is_asked_for_the_whole_address(self) -> None:
        with loopback(lambda _: json_reply([])) as proxy:
            address = proxy.url.replace("//", "//in:s3cret@")
            with Client("http://druid.invalid:8888/at", proxy=address, auth=("me", "x"), freshness=False) as client:
                client.timeseries("plays", last="1h")
                client.timeseries("plays", last="1h")
        request = proxy.requests[0]
        assert request.path == "http://druid.invalid:8888/at/druid/v2"
        assert request.headers["host"] == "druid.invalid:8888"
        assert request.headers["proxy-authorization"] == basic("in:s3cret")
        assert request.headers["authorization"] == basic("me:x")
        assert proxy.connections == 1

    def test_passes_encrypted_connections_on(self, secure: Loopback, certificates: Certificates) -> None:
        asked: list[Request] = []
        with tunnel(asked) as proxy:
            address = proxy.replace("//", "//in:s3cret@")
            with Transport(secure.url, proxy=address, token="abc", tls=Tls(certificates.ca)) as transport:
                assert transport.request_json("GET", "/status") == []
                assert transport.request_json("GET", "/status") == []
        assert [(request.method, request.path) for request in asked] == [
            ("CONNECT", secure.url.removeprefix("https://"))
        ]
        assert asked[0].headers["proxy-authorization"] == basic("in:s3cret")
        # The token is for the Druid alone.
        assert "authorization" not in asked[0].headers
        assert secure.requests[0].headers["authorization"] == "Bearer abc"
        assert "proxy-authorization" not in secure.requests[0].headers

    def test_that_refuses(self, secure: Loopback, certificates: Certificates) -> None:
        with (
            tunnel([], status=407) as proxy,
            Transport(secure.url, proxy=proxy, tls=Tls(certificates.ca)) as transport,
            pytest.raises(frontrow.UnreachableError, match="proxy"),
        ):
            transport.request_json("GET", "/status")

    def test_that_is_not_there(self) -> None:
        with (
            Transport("http://druid.invalid:8888", proxy="http://in:s3cret@127.0.0.1:1") as transport,
            pytest.raises(frontrow.UnreachableError, match="proxy") as caught,
        ):
            transport.request_json("GET", "/status")
        assert "s3cret" not in str(caught.value)

    @pytest.mark.parametrize("address", ["me:s3cret@host", "socks5://me:s3cret@host", "http://me:s3cret@[::1"])
    def test_whose_address_is_none(self, address: str) -> None:
        with pytest.raises(AskError, match="proxy") as caught:
            Client(proxy=address)
        assert "s3cret" not in str(caught.value)


class TestGzip:
    @staticmethod
    def respond(request: Request) -> Reply:
        if request.headers.get("accept-encoding") != "gzip":
            return reply(TIMESERIES)
        body = gzip.compress(TIMESERIES)
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
        return Reply((head.encode() + body,))

    def test_answers_may_come_packed(self) -> None:
        with loopback(self.respond) as server, Transport(server.url, gzip=True) as transport:
            assert len(transport.request_json("POST", "/druid/v2", NATIVE_QUERY)) == 3
        assert server.requests[0].headers["accept-encoding"] == "gzip"

    def test_not_from_this_machine_unless_told(self) -> None:
        with loopback(self.respond) as server, Transport(server.url) as transport:
            assert len(transport.request_json("POST", "/druid/v2", NATIVE_QUERY)) == 3
        assert server.requests[0].headers["accept-encoding"] == "identity"

    def test_from_elsewhere(self) -> None:
        with loopback(self.respond) as proxy, Transport("http://druid.invalid", proxy=proxy.url) as transport:
            assert len(transport.request_json("POST", "/druid/v2", NATIVE_QUERY)) == 3
        assert proxy.requests[0].headers["accept-encoding"] == "gzip"

    def test_a_refusal_may_be_packed_too(self) -> None:
        body = gzip.compress(b'{"error": "x", "errorMessage": "not that"}')
        head = f"HTTP/1.1 400 No\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
        with (
            loopback(lambda _: Reply((head.encode() + body,))) as server,
            Transport(server.url, gzip=True) as transport,
            pytest.raises(frontrow.BadQueryError, match="not that"),
        ):
            transport.request_json("POST", "/druid/v2", NATIVE_QUERY)


def test_many_threads_share_a_client() -> None:
    failed: list[BaseException] = []

    def ask() -> None:
        try:
            for _ in range(20):
                assert client.freshness() is None
        except BaseException as error:
            failed.append(error)

    with loopback(lambda _: json_reply([])) as server, a_client(server.url) as client:
        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []
    assert len(server.requests) == 160
    assert server.connections <= 16
