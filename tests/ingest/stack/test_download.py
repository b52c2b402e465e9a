"""Downloading jars, from a repository on the loopback address that behaves badly."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from frontrow_ingest.stack.download import DownloadError, damaged, download, missing, repository, target_of
from frontrow_ingest.stack.lock import Jar

CONTENT = bytes(range(256)) * 2000


def a_jar(name: str = "thing", content: bytes = CONTENT) -> Jar:
    return Jar("druid", f"org.example:{name}:1.0", len(content), hashlib.sha256(content).hexdigest())


class Repository:
    """What the server answers: content by path, and faults by name that are used up one by one."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.faults: list[str] = []
        self.ranges: list[str | None] = []
        self.url = ""

    def offer(self, jar: Jar, content: bytes = CONTENT) -> Jar:
        self.content["/" + jar.repository_path] = content
        return jar


@pytest.fixture
def maven() -> Iterator[Repository]:
    repository = Repository()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            repository.ranges.append(asked)
            content = repository.content.get(self.path)
            if content is None:
                self.send_error(404)
                return
            fault = repository.faults.pop() if repository.faults else ""
            begin = int(asked.removeprefix("bytes=").rstrip("-")) if asked and fault != "ignores ranges" else 0
            self.send_response(503 if fault == "unavailable" else 206 if begin else 200)
            body = b"x" * len(content) if fault == "other bytes" else content
            self.send_header("Content-Length", str(len(body) - begin))
            self.end_headers()
            body = body[begin:]
            self.wfile.write(body[: len(body) // 2] if fault == "cut off" else body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    repository.url = f"http://127.0.0.1:{server.server_port}"
    yield repository
    server.shutdown()
    thread.join()
    server.server_close()


def test_all_arrive_verified_and_nothing_else_is_left(maven: Repository, tmp_path: Path) -> None:
    jars = [maven.offer(a_jar(f"thing{number}")) for number in range(12)]
    arrived: list[int] = []
    download(jars, tmp_path, base=maven.url, progress=arrived.append)
    assert not missing(jars, tmp_path)
    assert not damaged(jars, tmp_path)
    assert sum(arrived) == sum(jar.size for jar in jars)
    assert len(list(tmp_path.rglob("*.part"))) == 0


@pytest.mark.parametrize("fault", ["cut off", "other bytes", "unavailable"])
def test_a_fault_is_tried_again(maven: Repository, tmp_path: Path, fault: str) -> None:
    jar = maven.offer(a_jar())
    maven.faults = [fault]
    download([jar], tmp_path, base=maven.url)
    assert target_of(jar, tmp_path).read_bytes() == CONTENT


def test_an_interrupted_download_goes_on_where_it_stopped(maven: Repository, tmp_path: Path) -> None:
    jar = maven.offer(a_jar())
    part = target_of(jar, tmp_path).with_suffix(".jar.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[:1000])
    download([jar], tmp_path, base=maven.url)
    assert maven.ranges == ["bytes=1000-"]
    assert target_of(jar, tmp_path).read_bytes() == CONTENT


def test_a_server_that_ignores_ranges_sends_it_all(maven: Repository, tmp_path: Path) -> None:
    jar = maven.offer(a_jar())
    part = target_of(jar, tmp_path).with_suffix(".jar.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[:1000])
    maven.faults = ["ignores ranges"]
    download([jar], tmp_path, base=maven.url)
    assert target_of(jar, tmp_path).read_bytes() == CONTENT


def test_a_part_of_another_file_is_thrown_away(maven: Repository, tmp_path: Path) -> None:
    jar = maven.offer(a_jar())
    part = target_of(jar, tmp_path).with_suffix(".jar.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"?" * 1000)
    download([jar], tmp_path, base=maven.url)
    assert target_of(jar, tmp_path).read_bytes() == CONTENT


def test_other_bytes_than_the_locked_ones_never_get_in(maven: Repository, tmp_path: Path) -> None:
    jar = maven.offer(a_jar(), content=b"y" * len(CONTENT))
    with pytest.raises(DownloadError, match=r"org\.example:thing:1\.0 after 4 attempts: the bytes are not the locked"):
        download([jar], tmp_path, base=maven.url)
    assert missing([jar], tmp_path) == [jar]


def test_a_jar_that_is_not_there_is_final(maven: Repository, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"answers 404 for org\.example:thing:1\.0.*FRONTROW_MAVEN_REPOSITORY"):
        download([a_jar()], tmp_path, base=maven.url)
    assert len(maven.ranges) == 1


def test_without_a_network_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"Check the network.*goes on where this one stopped"):
        download([a_jar()], tmp_path, base="http://127.0.0.1:9")


def test_a_changed_jar_is_found(maven: Repository, tmp_path: Path) -> None:
    jar = maven.offer(a_jar())
    download([jar], tmp_path, base=maven.url)
    target_of(jar, tmp_path).write_bytes(b"z" * len(CONTENT))
    assert not missing([jar], tmp_path)
    assert damaged([jar], tmp_path) == [jar]


def test_a_mirror_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTROW_MAVEN_REPOSITORY", "http://127.0.0.1:1/maven/")
    assert repository() == "http://127.0.0.1:1/maven"
