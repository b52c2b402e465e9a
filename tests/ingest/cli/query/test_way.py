"""How ``frontrow query`` reaches Druid: tokens, certificates, proxies, deadlines."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from support.loopback import Loopback, Reply, Request, loopback
from support.query_command import INTERVAL, druid, run

TOP = ["top", "cdn", "plays", "--csv", *INTERVAL]
ANSWER = "cdn,plays\n[red]north[/],7\n,5\n"


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback(druid) as found:
        yield found


class TestToken:
    def test_is_read_anew_for_each_request(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "token"
        path.write_text("first\n")

        def replacing(request: Request) -> Reply:
            path.write_text("second\n")
            return druid(request)

        monkeypatch.setenv("FRONTROW_TOKEN_FILE", str(path))
        with loopback(replacing) as server:
            assert run(*TOP, "--url", server.url) == 0
        given = [request.headers["authorization"] for request in server.requests]
        assert given == ["Bearer first", *["Bearer second"] * (len(given) - 1)]
        assert capsys.readouterr() == (ANSWER, "")

    @pytest.mark.parametrize(
        ("content", "said"),
        [(None, "No such file"), (b"", "the token is no text"), (b"a b", "the token is no text"), (b"\xff", "no text")],
        ids=["missing", "empty", "with a blank", "no text"],
    )
    def test_that_is_none(
        self, content: bytes | None, said: str, server: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "token"
        if content is not None:
            path.write_bytes(content)
        assert run(*TOP, "--url", server.url, "--token-file", str(path)) == 1
        err = capsys.readouterr().err
        assert said in err
        assert "a b" not in err
        assert server.requests == []

    def test_beside_a_user_in_the_address(
        self, server: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "token"
        path.write_text("t")
        url = server.url.replace("//", "//user:s3cret@")
        assert run(*TOP, "--url", url, "--token-file", str(path)) == 1
        err = capsys.readouterr().err
        assert "told twice" in err
        assert "s3cret" not in err


class TestCertificates:
    def test_an_authority_and_an_own_certificate(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        own = authority.issue_cert("analyst@example.org")
        ca, chain, key = tmp_path / "ca.pem", tmp_path / "own.pem", tmp_path / "own.key"
        authority.cert_pem.write_to_path(str(ca))
        own.cert_chain_pems[0].write_to_path(str(chain))
        own.private_key_pem.write_to_path(str(key))
        with loopback(druid, context) as server:
            trusting = [*TOP, "--url", server.url, "--ca", str(ca)]
            assert run(*trusting, "--certificate", str(chain), "--key", str(key)) == 0
            assert capsys.readouterr() == (ANSWER, "")
            assert run(*trusting) == 1
            assert run(*trusting, "--key", str(key)) == 1
        assert "a key belongs to a certificate" in capsys.readouterr().err

    def test_that_cannot_be_read(self, server: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        url = server.url.replace("http:", "https:")
        assert run(*TOP, "--url", url, "--ca", str(tmp_path / "none.pem")) == 1
        assert "none.pem" in capsys.readouterr().err


def test_a_proxy(server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*TOP, "--url", "http://druid.example:8888", "--proxy", server.url) == 0
    assert {request.path for request in server.requests} == {"http://druid.example:8888/druid/v2"}
    assert capsys.readouterr() == (ANSWER, "")


@pytest.mark.parametrize("given", ["0", "-1", "soon", "90000"])
def test_a_timeout_that_is_none(given: str, server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*TOP, "--url", server.url, "--timeout", given) == 2
    assert "--timeout" in capsys.readouterr().err
    assert server.requests == []
