"""Locked jars from a Maven repository into the cache: in parallel, resumable, verified, put in place whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event
from typing import Protocol

import urllib3

from frontrow_ingest.errors import StackError
from frontrow_ingest.stack.lock import Jar

REPOSITORY_VARIABLE = "FRONTROW_MAVEN_REPOSITORY"
_CHUNK = 1 << 16
_WORKERS = 8
_ATTEMPTS = 4
_TIMEOUT = urllib3.Timeout(connect=15, read=60)


class DownloadError(StackError):
    """A jar could not be had, or is not the one that was locked."""

    retryable = True


class _Damaged(Exception):
    """The bytes that came are not those that were locked."""


class Progress(Protocol):
    """Told of every byte that arrives; called from several threads. Bytes thrown away come as a negative number."""

    def __call__(self, byte_count: int, /) -> None: ...


def repository() -> str:
    """Address of the Maven repository: FRONTROW_MAVEN_REPOSITORY, or Maven Central as the ``jgo`` package names it."""
    given = os.environ.get(REPOSITORY_VARIABLE)
    if given:
        return given.rstrip("/")
    from jgo.constants import MAVEN_CENTRAL_URL

    return str(MAVEN_CENTRAL_URL).rstrip("/")


def missing(jars: Sequence[Jar], directory: Path) -> list[Jar]:
    """Jars that are not in ``directory``, or not with their locked size. Looks, does not read."""
    return [jar for jar in jars if _size(target_of(jar, directory)) != jar.size]


def damaged(jars: Sequence[Jar], directory: Path) -> list[Jar]:
    """Jars in ``directory`` whose bytes are not the locked ones. Reads every byte."""
    present = [jar for jar in jars if target_of(jar, directory).is_file()]
    return [jar for jar in present if _sha256(target_of(jar, directory)) != jar.sha256]


def target_of(jar: Jar, directory: Path) -> Path:
    return directory / jar.classpath / jar.file_name


def download(jars: Sequence[Jar], directory: Path, *, base: str, progress: Progress = lambda _: None) -> None:
    """Fetch ``jars`` into ``directory``; what an interrupted run left as ``.part`` is gone on from.

    Only one process at a time may do this for one directory.

    Raises:
        DownloadError: the repository cannot be reached, lacks a jar, or sent other bytes than the locked ones
    """
    stop = Event()
    with (
        urllib3.PoolManager(num_pools=2, maxsize=_WORKERS, timeout=_TIMEOUT, retries=False) as http,
        ThreadPoolExecutor(_WORKERS, thread_name_prefix="download") as pool,
    ):
        # Large first: the last jar to arrive should not be the largest.
        ordered = sorted(jars, key=lambda jar: -jar.size)
        pending = [pool.submit(_fetch, http, base, jar, target_of(jar, directory), progress, stop) for jar in ordered]
        try:
            done, _ = wait(pending, return_when=FIRST_EXCEPTION)
        finally:
            stop.set()  # also on Ctrl-C: the threads leave at their next chunk, their parts stay
            for future in pending:
                future.cancel()
        for future in done:
            future.result()


def _fetch(http: urllib3.PoolManager, base: str, jar: Jar, target: Path, progress: Progress, stop: Event) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".jar.part")
    problem = ""
    for attempt in range(_ATTEMPTS):
        if stop.wait(0.5 * attempt):
            return
        try:
            _transfer(http, f"{base}/{jar.repository_path}", jar, part, progress, stop)
            if stop.is_set() and _size(part) != jar.size:
                return
            _verify(part, jar)
        except _Damaged as error:
            problem = str(error)
            progress(-(_size(part) or 0))
            part.unlink(missing_ok=True)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            problem = f"{type(error).__name__}: {error}"
        else:
            part.replace(target)
            return
    raise DownloadError(
        f"cannot download {jar.coordinates} after {_ATTEMPTS} attempts: {problem}. "
        f"Check the network, or name a mirror in {REPOSITORY_VARIABLE}; the next run goes on where this one stopped."
    )


def _transfer(http: urllib3.PoolManager, url: str, jar: Jar, part: Path, progress: Progress, stop: Event) -> None:
    have = _size(part) or 0
    if have > jar.size:
        raise _Damaged(f"a part of {have} bytes for a jar of {jar.size}")
    if have == jar.size:
        progress(have)
        return
    headers = {"Range": f"bytes={have}-"} if have else {}
    response = http.request("GET", url, headers=headers, preload_content=False)
    try:
        if response.status in (401, 403, 404, 410):
            raise DownloadError(
                f"the repository answers {response.status} for {jar.coordinates}: it does not have this jar. "
                f"Name another repository in {REPOSITORY_VARIABLE}."
            )
        if response.status not in (200, 206):
            raise urllib3.exceptions.HTTPError(f"status {response.status}")
        resumed = response.status == 206
        progress(have if resumed else 0)
        _save(response, part, "ab" if resumed else "wb", have if resumed else 0, jar.size, progress, stop)
    finally:
        response.close()


def _save(
    response: urllib3.BaseHTTPResponse, part: Path, mode: str, have: int, size: int, progress: Progress, stop: Event
) -> None:
    with part.open(mode) as file:
        for chunk in response.stream(_CHUNK):
            have += len(chunk)
            if have > size:
                raise _Damaged(f"more than the locked {size} bytes")
            file.write(chunk)
            progress(len(chunk))
            if stop.is_set():
                return


def _verify(part: Path, jar: Jar) -> None:
    size = _size(part)
    if size != jar.size:
        raise OSError(f"{size} of {jar.size} bytes arrived")
    if _sha256(part) != jar.sha256:
        raise _Damaged("the bytes are not the locked ones (SHA-256 differs)")


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
